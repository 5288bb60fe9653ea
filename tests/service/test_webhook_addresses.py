"""Whom the service may call: no address of the own network in any spelling, no detour, no stranger's certificate."""

import ipaddress
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from service.events.addresses import AddressError, Target, may_be_called, read_target, resolve
from service.events.sending import Outcome, post
from service.settings import Settings
from tests.service.receiver import Receiver, listening

HEADERS = {"content-type": "application/cloudevents+json"}
BODY = b'{"specversion": "1.0"}'


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server of this machine."""
    with listening() as receiver:
        yield receiver


def allowing(hosts: str | None = None, internal: str | None = None) -> Settings:
    """Settings of an operator who names these hosts."""
    return Settings(webhook_hosts=hosts, webhook_internal_hosts=internal)


def refusal(url: str, settings: Settings) -> str:
    """Code of the refusal of an address."""
    with pytest.raises(AddressError) as caught:
        read_target(url, settings)
    return caught.value.code


def send(url: str, settings: Settings, seconds: float = 10.0) -> Outcome:
    """Send to an address."""
    return post(read_target(url, settings), headers=HEADERS, body=BODY, seconds=seconds)


def test_an_address_by_hand() -> None:
    operator = allowing("Journal.example, other.example:8443", "sis.local:8080")
    assert read_target("https://journal.example/hook?a=1", operator) == Target(
        "https", "journal.example", 443, "/hook?a=1", False
    )
    assert read_target("https://other.example:8443", operator).path == "/"
    assert read_target("http://sis.local:8080/x", operator).is_internal
    assert read_target("https://journal.example./x", operator).host == "journal.example"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://stranger.example/", "host_not_allowed"),
        ("https://journal.example.evil.example/", "host_not_allowed"),
        ("https://journal.example:22/", "host_not_allowed"),  # a port that was not named
        ("https://sis.local/", "host_not_allowed"),
        ("http://journal.example/", "https_only"),
        ("ftp://journal.example/", "not_an_address"),
        ("//journal.example/", "not_an_address"),
        ("https:///hook", "not_an_address"),
        ("https://journal.example@stranger.example/", "not_an_address"),
        ("https://user:word@journal.example/", "not_an_address"),
        ("https://journal.example\\@stranger.example/", "not_an_address"),
        ("https://journal.example#@stranger.example/", "not_an_address"),
        ("https://journal.example/a b", "not_an_address"),
        ("https://journal.example/\r\nHost: stranger", "not_an_address"),
        ("https://журнал.example/", "not_an_address"),
        ("https://journal%2eexample/", "not_an_address"),
        ("https://journal.example:port/", "not_an_address"),
        ("https://journal.example/" + "a" * 500, "not_an_address"),
    ],
)
def test_addresses_that_are_refused(url: str, code: str) -> None:
    assert refusal(url, allowing("journal.example", "sis.local:8080")) == code


SPELLINGS = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "0x0",
    "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "192.0.2.1", "224.0.0.1",
    "255.255.255.255", "240.0.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fc00::1]", "[fd00::1]", "[ff02::1]",
    "[2001:db8::1]", str(ipaddress.IPv4Address(0)),
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_an_inner_address_is_called(host: str) -> None:
    # the operator has named it, but among hosts of the outer world
    assert refusal(f"https://{host}/", allowing(host)) == "address_refused"


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_addresses_of_the_outer_world_are_called(address: str) -> None:
    assert may_be_called(ipaddress.ip_address(address), is_internal=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "::1", "fd00::5"])
def test_an_internal_host_may_have_an_address_of_the_own_network(address: str) -> None:
    assert may_be_called(ipaddress.ip_address(address), is_internal=True)
    assert not may_be_called(ipaddress.ip_address(address), is_internal=False)


@pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.1", "224.0.0.1", "fe80::1", "::", "ff02::1"])
def test_not_even_an_internal_host_has_an_address_of_a_link_or_of_many(address: str) -> None:
    assert not may_be_called(ipaddress.ip_address(address), is_internal=True)


def found_by(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have every name mean these addresses; the list of names that were asked for."""
    asked = []

    def answer(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def test_a_name_that_means_an_inner_address_is_not_called(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    port, settings = receiver.port, allowing(f"journal.example:{receiver.port}")
    for addresses in (["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"]):
        found_by(monkeypatch, *addresses)
        assert send(f"https://journal.example:{port}/", settings) == Outcome(None, "address_refused")
    assert receiver.received == []


def test_a_name_is_asked_for_once_and_what_was_looked_at_is_called(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    real, asked = socket.getaddrinfo, []

    def rebinding(host: str, *rest: object, **more: object) -> object:
        if host != "sis.local":
            return real(host, *rest, **more)  # the address itself, which is no name
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "127.0.0.2", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    settings = allowing(internal=f"sis.local:{receiver.port}")
    assert send(f"http://sis.local:{receiver.port}/", settings) == Outcome(204, None)
    assert asked == ["sis.local"]
    assert receiver.received[0].headers["host"] == f"sis.local:{receiver.port}"


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(AddressError, match="unresolved"):
        resolve(read_target("https://journal.example/", allowing("journal.example")))


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    settings = allowing(internal=receiver.host)
    receiver.answers = [(307, {"Location": receiver.url}), (302, {"Location": "http://169.254.169.254/"})]
    assert send(receiver.url, settings) == Outcome(307, "redirect")
    assert send(receiver.url, settings) == Outcome(302, "redirect")
    assert len(receiver.received) == 2


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert send(receiver.url, allowing(internal=receiver.host)) == Outcome(204, None)
    assert (receiver.received[0].path, receiver.received[0].body) == ("/orientir?of=sch01", BODY)


def test_nobody_listens(receiver: Receiver) -> None:
    with closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{nobody.getsockname()[1]}"
        assert send(f"http://{host}/", allowing(internal=host)) == Outcome(None, "connection")


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([b"HTTP/1.1 200 OK\r\n"] + [b"x: y\r\n"] * 1000, Outcome(None, "timeout")),  # drips headers for ever
        ([b"HTTP/1.1 200 OK\r\n\r\n"] + [b"x"] * 1000, Outcome(200, None)),  # has taken it, and goes on talking
        ([b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000_000], Outcome(200, None)),
        ([b"nonsense\r\n\r\n"], Outcome(None, "connection")),
        ([b""], Outcome(None, "timeout")),
    ],
    ids=["drips headers", "drips a body", "says much", "nonsense", "silence"],
)
def test_a_strange_receiver_holds_nobody_up(said: list[bytes], outcome: Outcome) -> None:
    over = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def speak() -> None:
            connection, _ = server.accept()
            with closing(connection):
                connection.recv(65536)
                try:
                    for part in said:
                        connection.sendall(part)
                        if over.wait(0.02):
                            return
                    over.wait(10)
                except OSError:
                    return  # the other has hung up

        thread = threading.Thread(target=speak)
        thread.start()
        host = f"127.0.0.1:{server.getsockname()[1]}"
        started = time.monotonic()
        assert send(f"http://{host}/", allowing(internal=host), seconds=0.5) == outcome
        assert time.monotonic() - started < 5
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of sis.local, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=sis.local", "-addext", "subjectAltName=DNS:sis.local",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


def test_a_certificate_must_be_of_the_name_and_of_somebody_known(
    monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *rest, **more: real("127.0.0.1", *rest, **more))
    with listening(tls) as receiver:
        settings = allowing(internal=f"sis.local:{receiver.port}, other.local:{receiver.port}")
        at = f"https://sis.local:{receiver.port}/"
        assert send(at, settings) == Outcome(None, "tls")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
        assert send(at, settings) == Outcome(204, None)
        assert send(f"https://other.local:{receiver.port}/", settings) == Outcome(None, "tls")
        assert len(receiver.received) == 1
