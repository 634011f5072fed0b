"""Where results may be downloaded from. The addresses come from outside, so nothing is trusted.

A dotted name ("fal.media") permits itself and its subdomains over https on port 443, at public
addresses only. A name with a port ("files:9000"), an address ("127.0.0.1") or a name without a
dot ("minio") is the operator's own server: exactly it is permitted, over http too, wherever it is.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import httpx

Resolver = Callable[[str, int], Sequence[str]]
_Server = tuple[str, int | None]

_ENTRY = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[1-9][0-9]{0,4}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}

# Global to `ipaddress`, yet each can carry a private IPv4 address or lead inside.
_TUNNELS = tuple(
    ipaddress.ip_network(block)
    for block in (
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # local NAT64
        "2002::/16",  # 6to4
        "2001::/32",  # Teredo
        "fec0::/10",  # site-local
        "::/96",  # IPv4-compatible
    )
)


class DisallowedError(Exception):
    """The address is not one we fetch from; the words name the host at most."""


@dataclass(frozen=True, slots=True)
class Destination:
    url: httpx.URL
    is_own: bool  # the operator's own server: any address will do


class AllowedHosts:
    """Raises ValueError for an entry that is neither "host" nor "host:port"."""

    def __init__(self, entries: Iterable[str]) -> None:
        parsed = {_parse_entry(entry) for entry in entries}
        self._own = set(filter(_is_own_server, parsed))
        self._public = [host for host, _ in parsed - self._own]

    def judge(self, url: str | httpx.URL) -> Destination:
        """Say whether the address may be asked for at all. Raises DisallowedError."""
        target = _parse_url(url)
        host = _canonical(target.raw_host.decode())
        port = target.port or _DEFAULT_PORTS[target.scheme]
        if {(host, port), (host, target.port)} & self._own:
            return Destination(target, is_own=True)
        if target.scheme != "https" or port != _DEFAULT_PORTS["https"]:
            raise DisallowedError("results come over https on port 443 only")
        if not self._is_known(host):
            raise DisallowedError(f"{host[:80]!r} is not a host that results come from")
        return Destination(target, is_own=False)

    def _is_known(self, host: str) -> bool:
        return any(host == name or host.endswith(f".{name}") for name in self._public)


def guarded(resolver: Resolver, destination: Destination) -> Resolver:
    """The resolver, refusing a name as soon as one of its addresses leads inside."""

    def resolve_publicly(host: str, port: int) -> Sequence[str]:
        addresses = resolver(host, port)
        if not all(map(is_public, addresses)):
            raise DisallowedError(f"{host!r} leads to a private address")
        return addresses

    return resolver if destination.is_own else resolve_publicly


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of the host. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("the host's name is malformed") from error
    return tuple(dict.fromkeys(str(info[4][0]) for info in found))


def is_public(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    tunnelled = any(ip in block for block in _TUNNELS)
    return ip.is_global and not ip.is_multicast and not tunnelled


def _parse_url(url: str | httpx.URL) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise DisallowedError("the address is malformed") from None
    if target.scheme not in _DEFAULT_PORTS or not target.host or target.port == 0:
        raise DisallowedError("the address is not a web address")
    if target.userinfo:
        raise DisallowedError("the address carries a user name")
    return target


def _parse_entry(entry: str) -> _Server:
    found = _ENTRY.fullmatch(entry.strip())
    if not found:
        raise ValueError(f"{entry!r} is not a result host; write host or host:port")
    port = int(found["port"]) if found["port"] else None
    return _canonical(found["host"].strip("[]")), port


def _is_own_server(server: _Server) -> bool:
    host, port = server
    return port is not None or "." not in host or _is_address(host)


def _canonical(host: str) -> str:
    """One spelling for each host; unlike names, addresses have many."""
    return ipaddress.ip_address(host).compressed if _is_address(host) else host.lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
