"""Bodies, addresses and ways to sign in, in the less usual forms that collections bring along."""

import base64
from typing import Any

import pytest

from keyturn.core.errors import SourceError
from keyturn.dialects.postman.wire_bodies import Unfit
from keyturn.dialects.postman.wire_request import Prepared, Sending
from tests.dialects.postman.kit import collection, item, prepared

URL = "https://a.example/x"


def raw(text: str, language: str = "", **more: Any) -> Prepared:
    """A request with this text as its body, of which nothing more is said."""
    body = {"mode": "raw", "raw": text, "options": {"raw": {"language": language}}}
    return prepared(collection(item("POST", URL, body=body, **more)))


def filled(found: Prepared, cell: str = "007") -> Sending:
    """The request of one row."""
    return found.sending(cell, {"userid": cell}, "r1-1")


def fields(**held: str) -> dict[str, object]:
    """A form in parts."""
    return {"mode": "formdata", "formdata": [{"key": name, "value": value} for name, value in held.items()]}


def test_a_form_in_parts_holds_each_cell_as_it_is() -> None:
    """Its header names what parts it, whatever the collection says of its kind."""
    header = [{"key": "Content-Type", "value": "multipart/form-data"}, {"key": "X-A", "value": "1"}]
    body = fields(who="{{userid}}", note="a & b")
    sent = filled(prepared(collection(item("POST", URL, body=body, header=header))), "m\u00fcller\r\n")
    kind = sent.headers["content-type"]
    boundary = kind.removeprefix("multipart/form-data; boundary=")
    assert (boundary != kind, sent.headers["x-a"], sent.body) == (
        True,
        "1",
        f'--{boundary}\r\nContent-Disposition: form-data; name="who"\r\n\r\nm\u00fcller\r\n\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\na & b\r\n--{boundary}--\r\n'.encode(),
    )


@pytest.mark.parametrize("cell", ['x"; name="admin', "x\r\nContent-Type: text/html", "x\n"])
def test_a_cell_opens_no_field_of_its_own_in_the_name_of_one(cell: str) -> None:
    """The row is not sent, and nothing of the cell is shown."""
    found = prepared(collection(item("POST", URL, body=fields(**{"{{userid}}": "1"}))))
    assert b'name="007"' in (filled(found).body or b"")
    with pytest.raises(Unfit) as caught:
        filled(found, cell)
    assert cell not in str(caught.value)


def test_a_cell_ends_no_part_of_a_form() -> None:
    """Not even one that knows what parts it."""
    found = prepared(collection(item("POST", URL, body=fields(who="{{userid}}"))))
    boundary = filled(found).headers["content-type"].partition("boundary=")[2]
    with pytest.raises(Unfit):
        filled(found, f"x\r\n--{boundary}--")
    assert found.recorded({"userid": f"x{boundary}"}).body is None
    assert found.recorded({"userid": "x"}).body is None


def test_a_cell_in_xml_stays_a_text() -> None:
    """In an element and in an attribute; whether a header or the collection says that it is XML."""
    text = "<user id='{{userid}}'>{{userid}}</user>"
    declared = [{"key": "Content-Type", "value": "application/soap+xml; charset=utf-8"}]
    expected = b"<user id='a&apos;&lt;&amp;&gt;&quot;'>a&apos;&lt;&amp;&gt;&quot;</user>"
    for found in (raw(text, "xml"), raw(text, header=declared)):
        assert filled(found, "a'<&>\"").body == expected
    assert filled(raw(text, "xml")).headers["content-type"] == "application/xml"
    assert filled(raw(text, header=declared)).headers["content-type"] == "application/soap+xml; charset=utf-8"


@pytest.mark.parametrize(
    ("text", "kind", "body"),
    [
        ('{"who": "{{userid}}"}', "application/json", b'{"who": "a\\"b"}'),
        ("{{userid}} is away", "text/plain", b'a"b is away'),
        ('{"who": {{userid}}x}', "text/plain", b'{"who": a"bx}'),
    ],
)
def test_a_body_of_no_said_kind_is_json_where_it_reads_as_json(text: str, kind: str, body: bytes) -> None:
    """And a text where it does not, in which a cell stands as it is."""
    sent = filled(raw(text), 'a"b')
    assert (sent.headers["content-type"], sent.body) == (kind, body)


def test_a_quote_that_is_written_with_a_backslash_ends_no_string() -> None:
    """So the cell behind it is still inside one."""
    assert filled(raw(r'{"a": "say \"{{userid}}\" \\", "n": 1}', "json"), 'x"y').body == (
        rb'{"a": "say \"x\"y\" \\", "n": 1}'
    )


@pytest.mark.parametrize("cell", ["7", " 7 ", "-1.5", "true", "null"])
def test_a_number_a_truth_and_nothing_may_stand_without_quotes(cell: str) -> None:
    """As they are written."""
    assert filled(raw('{"n": {{userid}}}', "json"), cell).body == f'{{"n": {cell.strip()}}}'.encode()


@pytest.mark.parametrize("cell", ["", "x", "NaN", "-Infinity", '"x"', "[1]", "{}", "1, 2", "007", "[" * 200_000])
def test_all_else_may_not(cell: str) -> None:
    """What is no JSON, what is more than one value, and what only some programs take for JSON."""
    with pytest.raises(Unfit, match="no number"):
        filled(raw('{"n": {{userid}}}', "json"), cell)


def test_a_body_that_is_nested_without_end_is_a_text() -> None:
    """It is looked at and does no harm."""
    assert filled(raw("[" * 200_000)).headers["content-type"] == "text/plain"
    assert raw("[" * 200_000, "json").recorded({}).body is None


@pytest.mark.parametrize("url", ["https:", "https:/{{userid}}", "https://a.example:port/x", "https://[::1/x", ":0/x"])
def test_an_address_without_a_usable_host_is_said(url: str) -> None:
    """Before anything is sent."""
    with pytest.raises(SourceError) as caught:
        prepared(collection(item("GET", url)))
    assert caught.value.code == "KT-COL-006"


@pytest.mark.parametrize("core", ["x", ""])
def test_variables_that_hold_each_other_ten_times_ask_for_no_more_than_there_is(core: str) -> None:
    """Ten to the twelfth of them, in a file of a few hundred characters; also where nothing comes of it."""
    known = {f"v{number}": f"{{{{v{number + 1}}}}}" * 10 for number in range(12)} | {"v12": core}
    with pytest.raises(SourceError, match="more than 16 million characters") as caught:
        prepared(collection(item("POST", "https://a.example/{{v0}}", "{}")), known=known)
    assert caught.value.code == "KT-COL-002"


def test_a_password_in_an_address_is_called_one_and_not_shown() -> None:
    """Postman sends it as basic authentication; "no host" would send people looking for the wrong thing."""
    with pytest.raises(SourceError, match="holds a name or a password") as caught:
        prepared(collection(item("GET", "https://name:hidden@a.example/v3")))
    assert (caught.value.code, "hidden" in str(vars(caught.value))) == ("KT-COL-006", False)


def test_an_address_without_a_scheme_is_plain_http() -> None:
    """As the vendor's own runner takes it; one without a path asks for the root."""
    found = prepared(collection(item("GET", "localhost:8080/v3/{{userid}}")))
    assert (found.base, filled(found).target) == ("http://localhost:8080", "/v3/007")
    assert filled(prepared(collection(item("GET", "HTTPS://a.example")))).target == "/"


def test_a_query_that_comes_out_of_a_variable_is_one() -> None:
    """Its pairs stand before those that the request writes itself; a value may hold the sign between the two."""
    found = prepared(collection(item("GET", "{{all}}?c={{userid}}")), known={"all": f"{URL}?a=1&b={{{{userid}}}}"})
    assert filled(found, "x&y").target == "/x?a=1&b=x%26y&c=x%26y"


def test_a_cell_with_a_line_break_opens_no_header() -> None:
    """The row is not sent."""
    found = prepared(collection(item("POST", URL, header=[{"key": "X-Who", "value": "<{{userid}}>"}])))
    assert filled(found).headers["x-who"] == "<007>"
    with pytest.raises(Unfit, match="header"):
        filled(found, "x\r\nx-admin: 1")


@pytest.mark.parametrize(
    ("auth", "target", "header"),
    [
        ({"type": "apikey", "apikey": {"key": "key", "value": "{{userid}}", "in": "query"}}, "/x?key=a%26b", None),
        ({"type": "apikey", "apikey": {"key": "X-Key", "value": "{{userid}}"}}, "/x", ("x-key", "a&b")),
        ({"type": "oauth2", "oauth2": {"accessToken": "t-1"}}, "/x", ("authorization", "Bearer t-1")),
        (
            {"type": "basic", "basic": {"username": "u", "password": "w"}},
            "/x",
            ("authorization", f"Basic {base64.b64encode(b'u:w').decode()}"),
        ),
        ({"type": "noauth"}, "/x", None),
    ],
)
def test_each_way_to_sign_in_goes_where_it_belongs(
    auth: dict[str, Any], target: str, header: tuple[str, str] | None
) -> None:
    """Into the query or into a header."""
    sent = filled(prepared(collection(item("POST", URL, auth=auth, header=[]))), "a&b")
    assert (sent.target, dict(sent.headers)) == (target, dict([header] if header else []))


def test_a_header_of_the_request_goes_before_what_it_signs_in_with() -> None:
    """What stands in the request is what its author tried last."""
    header = [{"key": "Authorization", "value": "Bearer own"}]
    auth = {"type": "bearer", "bearer": {"token": "other"}}
    assert filled(prepared(collection(item("POST", URL, auth=auth, header=header)))).headers == {
        "authorization": "Bearer own"
    }


@pytest.mark.parametrize("word", ["grant_type", "grantType"])
def test_a_client_s_own_token_is_asked_for_beforehand(word: str) -> None:
    """Its secret is never printed, and it is not in the request itself."""
    held = {word: "client_credentials", "accessTokenUrl": "https://a.example/t", "clientId": "{{id}}"}
    held |= {"clientSecret": "a-client-secret", "scope": "all"}
    auth = {"type": "oauth2", "oauth2": held}
    found = prepared(collection(item("POST", URL, auth=auth, header=[])), known={"id": "keyturn"})
    grant = found.grant
    assert grant is not None
    assert (grant.url, grant.id, grant.secret.reveal()) == ("https://a.example/t", "keyturn", "a-client-secret")
    assert (grant.asks, grant.in_body, grant.prefix) == ({"scope": "all"}, False, "Bearer")
    assert "a-client-secret" not in f"{found!r} {filled(found)!r}"
    held["clientId"] = "{{userid}}"
    with pytest.raises(SourceError) as caught:
        prepared(collection(item("POST", URL, auth=auth)))
    assert caught.value.code == "KT-COL-004"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ('{"id": 7, "newPassword": "{{userid}}"}', "newPassword"),
        ('{"newPassword":"x-{{userid}}"}', "newPassword"),
        ('{"password": ["a", "{{userid}}"]}', "password"),
        ("<user><pin kind='x'>{{userid}}</pin></user>", "pin"),
        ("who=amal&word={{userid}}", "word"),
        ("{{userid}}", ""),
    ],
)
def test_the_name_of_what_a_cell_fills_is_found(raw: str, name: str) -> None:
    """It says whether the cell may be a password."""
    found = prepared(collection(item("POST", "https://a.example/x", raw)))
    assert list(found.places()) == [("userid", name)]


def test_a_request_is_the_same_whatever_it_signs_in_with() -> None:
    """A new token in a header, or in the address, makes no new request of it: what is done stays done."""
    auth = {"type": "apikey", "apikey": {"key": "apikey", "value": "{{token}}", "in": "query"}}
    url = "https://a.example/x?page=1&access_token={{token}}"
    book = collection(item("PUT", url, auth=auth, header=[{"key": "x-access-token", "value": "{{token}}"}]))
    first, second = (prepared(book, known={"token": token}) for token in ("t-1", "t-2"))
    assert first.fingerprint == second.fingerprint
    assert first.sending("", {}, "") != second.sending("", {}, "")
    other = prepared(collection(item("PUT", url.replace("page=1", "page=2"))), known={"token": "t-1"})
    assert other.fingerprint != first.fingerprint
