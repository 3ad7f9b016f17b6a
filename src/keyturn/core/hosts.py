"""Whether a host is this very machine: what goes to it in clear is read by nobody on the way."""

import ipaddress


def is_loopback(host: str) -> bool:
    """By its very name or number; names are not looked up.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost.example.com")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
