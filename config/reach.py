"""Whether the world can reach an address."""

import ipaddress
from urllib.parse import urlsplit

# Names that mean something at home or in the office alone (RFC 6761, 6762, 8375, and ICANN's
# `internal`).
AT_HOME = {
    "corp", "home", "home.arpa", "internal", "intranet", "invalid", "lan", "local", "localdomain",
    "localhost", "private", "test",
}  # fmt: skip


def is_public(url: str) -> bool:
    """Whether its host is an address of the internet, or a name that may lead to one."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        labels = host.split(".")
        return len(labels) > 1 and not {labels[-1], ".".join(labels[-2:])} & AT_HOME
