"""One POST to a receiver: at an address that was checked, within one deadline, without proxies and redirects."""

import ssl
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpcore2

from service.events.addresses import PORTS, AddressError, Target, resolve

SECONDS = 10.0  # for all of it: finding, connecting, sending, being answered
MOST_ANSWER_BYTES = 4096  # of what a receiver says; nobody reads it
GONE = 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt: the receiver's status, or what went wrong before there was one."""

    status: int | None
    fault: str | None  # None: it arrived


def post(target: Target, *, headers: Mapping[str, str], body: bytes, seconds: float = SECONDS) -> Outcome:
    """Send; whatever goes wrong on the way is an outcome, not an error."""
    url = httpcore2.URL(
        scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
    )
    told = {"host": _host_header(target), "content-length": str(len(body)), "connection": "close", **headers}
    context = ssl.create_default_context() if target.scheme == "https" else None
    try:
        with (
            httpcore2.ConnectionPool(ssl_context=context, network_backend=_Pinned(target, seconds)) as pool,
            pool.stream("POST", url, headers=list(told.items()), content=body) as answer,
        ):
            _read_a_little(answer)
            return Outcome(answer.status, _fault_of(answer.status))
    except AddressError as error:
        return Outcome(None, error.code)
    except httpcore2.TimeoutException:
        return Outcome(None, "timeout")
    except (httpcore2.NetworkError, httpcore2.ProtocolError):
        return Outcome(None, "connection")


def _fault_of(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if status == GONE:
        return "gone"
    return "redirect" if 300 <= status < 400 else "status"


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == PORTS[target.scheme] else f"{host}:{target.port}"


def _read_a_little(answer: httpcore2.Response) -> None:
    """Let the receiver finish speaking; its status counts whatever it says and however it ends."""
    count = 0
    with suppress(httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError):
        for chunk in answer.iter_stream():
            count += len(chunk)
            if count > MOST_ANSWER_BYTES:
                return


class _Deadline:
    """One moment by which all is over."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left; raises when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left


class _Pinned(httpcore2.NetworkBackend):
    """Connects to addresses that were checked when they were found: a name that means another one next is no way in."""

    def __init__(self, target: Target, seconds: float) -> None:
        self._target = target
        self._deadline = _Deadline(seconds)
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers."""
        *others, last = resolve(self._target)
        for address in others:
            with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return self._connect(address, share=1 + len(others))
        return self._connect(last)

    def _connect(self, address: str, share: int = 1) -> httpcore2.NetworkStream:
        stream = self._plain.connect_tcp(address, self._target.port, self._deadline.left() / share)
        return _Timed(stream, self._deadline)


class _Timed(httpcore2.NetworkStream):
    """A stream whose every step must end by the same deadline: a receiver that drips bytes holds nobody up."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read."""
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write."""
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        """Close."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """Go on in secret; the certificate must be of the host's name, whatever the address."""
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left())
        except httpcore2.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLError):
                raise AddressError("tls") from error
            raise
        return _Timed(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """What the library asks of a stream."""
        return self._stream.get_extra_info(info)
