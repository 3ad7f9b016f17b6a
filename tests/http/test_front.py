"""Whom the server believes: the address of a caller behind proxies, and the names it answers to."""

import ipaddress
from typing import Any

import pytest

from keyturn.http.front import Front, is_within
from keyturn.http.json import BadRequest

PROXIES = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/24", "2001:db8::/48", "127.0.0.0/8"))
PROXY, STRANGER = "10.0.0.7", "203.0.113.9"


def called(*headers: tuple[str, str], peer: str = PROXY, path: str = "/x") -> dict[str, Any]:
    """The scope of a request with these headers."""
    given = [(name.encode(), value.encode()) for name, value in headers]
    return {"client": (peer, 5), "scheme": "http", "path": path, "headers": given}


def admitted(scope: dict[str, Any], **how: Any) -> tuple[str, str]:
    """The address and the scheme that are believed."""
    Front(**({"hosts": None, "proxies": PROXIES} | how)).admit(scope)
    return scope["client"][0], scope["scheme"]


@pytest.mark.proves("AP-10", "V4.1.3", "V15.3.4")
@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ((), PROXY),
        ((("x-forwarded-for", "198.51.100.1"),), "198.51.100.1"),
        ((("x-forwarded-for", "1.1.1.1, 198.51.100.1"),), "198.51.100.1"),
        ((("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.1:443, 10.0.0.9")), "198.51.100.1"),
        ((("x-forwarded-for", "1.1.1.1, junk, 10.0.0.9"),), "10.0.0.9"),
        ((("x-forwarded-for", "unknown"),), PROXY),
        ((("x-forwarded-for", ""),), PROXY),
        ((("x-forwarded-for", "10.0.0.9, 10.0.0.8"),), "10.0.0.9"),
        ((("forwarded", "for=1.1.1.1, for=198.51.100.1;by=10.0.0.7"),), "198.51.100.1"),
        ((("forwarded", 'For="[2001:db9::1]:4711"'),), "2001:db9::1"),
        ((("forwarded", "for=_hidden"),), PROXY),
        ((("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "1.1.1.1")), "1.1.1.1"),
        ((("x-real-ip", "1.1.1.1"), ("x-client-ip", "1.1.1.1"), ("true-client-ip", "1.1.1.1")), PROXY),
    ],
)
def test_behind_a_named_proxy_the_caller_is_the_last_address_that_no_proxy_has(
    headers: tuple[tuple[str, str], ...], seen: str
) -> None:
    assert admitted(called(*headers)) == (seen, "http")


@pytest.mark.proves("AP-10", "V15.3.4")
@pytest.mark.parametrize("peer", [STRANGER, "::1", "nobody"])
def test_whatever_a_stranger_says_of_himself_changes_nothing(peer: str) -> None:
    headers = (
        ("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=127.0.0.2;proto=https"), ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"), ("x-real-ip", "127.0.0.1"), ("via", "1.1 trusted"),
    )  # fmt: skip
    assert admitted(called(*headers, peer=peer)) == (peer, "http")


def test_two_tellings_that_differ_are_refused() -> None:
    scope = called(("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "2.2.2.2"))
    with pytest.raises(BadRequest, match="contradict"):
        admitted(scope)


@pytest.mark.parametrize(
    ("headers", "scheme"),
    [
        ((("x-forwarded-proto", "HTTPS"),), "https"),
        ((("x-forwarded-proto", "https, http"),), "http"),
        ((("forwarded", "for=1.1.1.1;proto=https"),), "https"),
        ((("x-forwarded-proto", "gopher"),), "http"),
    ],
)
def test_a_named_proxy_says_whether_there_was_tls(headers: tuple[tuple[str, str], ...], scheme: str) -> None:
    assert admitted(called(*headers))[1] == scheme


def test_where_tls_is_in_front_the_scheme_is_https_unless_a_proxy_says_otherwise() -> None:
    assert admitted(called(), https=True)[1] == "https"
    assert admitted(called(("x-forwarded-proto", "http")), https=True)[1] == "http"
    nobody = {**called(("x-forwarded-proto", "http")), "client": None}
    Front(hosts=None, proxies=PROXIES, https=True).admit(nobody)
    assert (nobody["client"], nobody["scheme"]) == (None, "https")


@pytest.mark.proves("AP-10")
@pytest.mark.parametrize(
    ("given", "status"),
    [
        (("id.example.com",), 0), (("ID.Example.COM:8765",), 0), (("id.example.com.",), 0), (("[::1]:80",), 0),
        (("evil.example",), 421), (("id.example.com.evil.example",), 421), (("id.example.com@evil.example",), 421),
        (("id.example.com:80:80",), 421), (("",), 421), (("id.example.com/x",), 421), (("a b",), 421),
        (("id.example.com\x00",), 421), (("[::2]",), 421), (("id.example.com:99999999",), 421),
        ((), 400), (("id.example.com", "id.example.com"), 400), (("id.example.com", "evil.example"), 400),
    ],
)  # fmt: skip
def test_only_one_name_that_is_ours_is_answered(given: tuple[str, ...], status: int) -> None:
    front, scope = Front(hosts=frozenset({"id.example.com", "[::1]"})), called(*(("host", name) for name in given))
    if not status:
        front.admit(scope)
        return
    with pytest.raises(BadRequest) as refused:
        front.admit(scope)
    assert refused.value.status == status


def test_a_supervisor_may_ask_by_any_name() -> None:
    for path in ("/livez", "/readyz"):
        Front().admit(called(("host", "10.1.2.3:8765"), path=path))
    with pytest.raises(BadRequest):
        Front().admit(called(("host", "10.1.2.3:8765"), path="/metrics"))


def test_an_address_is_found_in_networks_also_written_in_the_newer_kind() -> None:
    assert is_within("::ffff:10.0.0.7", PROXIES)
    assert is_within("2001:db8::1%eth0", PROXIES)
    assert not is_within("10.0.1.7", PROXIES)
    assert not is_within("10.0.0.7", ())
