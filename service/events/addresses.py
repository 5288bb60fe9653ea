"""Whom the service may call: hosts that the operator names, and only at addresses that are really somebody else's."""

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from service.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PORTS = {"https": 443, "http": 80}
MAX_URL = 500
WRITTEN = re.compile(r"https?://[!-~]+")  # visible ASCII; other names are written in punycode
HOST_NAME = re.compile(r"[a-z0-9.-]+")
PUBLIC_V6 = ipaddress.ip_network("2000::/3")
INTERNAL = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::1/128")
)


class AddressError(ValueError):
    """An address that must not be called; the code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes."""

    scheme: str
    host: str
    port: int
    path: str  # with the query
    is_internal: bool  # may be reached by http, at an address of the own network


def read_target(url: str, settings: Settings) -> Target:
    """Take an address apart; AddressError unless the operator allows its host."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise AddressError("not_an_address") from error
    is_written = WRITTEN.fullmatch(url) is not None and len(url) <= MAX_URL
    literal = find_literal(host)
    if not is_written or {"#", "\\"} & set(url) or "@" in parts.netloc:
        raise AddressError("not_an_address")
    if HOST_NAME.fullmatch(host) is None and literal is None:
        raise AddressError("not_an_address")
    number = port if port is not None else PORTS[parts.scheme]
    is_internal = _is_listed(settings.webhook_internal_hosts, host, number, parts.scheme)
    if not is_internal and not _is_listed(settings.webhook_hosts, host, number, parts.scheme):
        raise AddressError("host_not_allowed")
    if parts.scheme != "https" and not is_internal:
        raise AddressError("https_only")
    if literal is not None and not may_be_called(literal, is_internal=is_internal):
        raise AddressError("address_refused")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, number, path, is_internal)


def _is_listed(listed: str | None, host: str, port: int, scheme: str) -> bool:
    """Whether a list names the host; without a port it means the scheme's own."""
    for entry in (listed or "").split(","):
        try:
            parts = urlsplit(f"//{entry.strip()}")
            named, named_port = (parts.hostname or "").rstrip("."), parts.port or PORTS[scheme]
        except ValueError:
            continue
        if named == host and named_port == port:
            return True
    return False


def find_literal(host: str) -> Address | None:
    """The address that a host spells out, in any way a resolver would take it for one.

    >>> str(find_literal("127.1")), str(find_literal("2130706433")), str(find_literal("0x7f.0.0.1"))
    ('127.0.0.1', '127.0.0.1', '127.0.0.1')
    >>> find_literal("school.example") is None
    True
    """
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def may_be_called(address: Address, *, is_internal: bool) -> bool:
    """Whether an address is a public one, or, of an internal host, one of the own network.

    >>> may_be_called(ipaddress.ip_address("::ffff:10.0.0.1"), is_internal=False)
    False
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return may_be_called(address.ipv4_mapped, is_internal=is_internal)
        carries_v4 = address.sixtofour is not None or address.teredo is not None
        is_public = address in PUBLIC_V6 and address.is_global and not carries_v4
    else:
        is_public = address.is_global and not address.is_multicast and not address.is_reserved
    return is_public or (is_internal and any(address in network for network in INTERNAL))


def resolve(target: Target) -> list[str]:
    """Addresses of a host, asked for once: what is connected to is what was looked at. One bad one spoils all."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressError("unresolved") from error
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    for text in addresses:
        if not may_be_called(ipaddress.ip_address(text.partition("%")[0]), is_internal=target.is_internal):
            raise AddressError("address_refused")
    return addresses
