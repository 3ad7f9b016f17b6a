"""A collection is read whole, in either of its schemas, and what it asks for arrives as it was meant."""

from typing import Any

import pytest

from keyturn.app.postman.playing import open_requests
from keyturn.core.errors import SourceError
from keyturn.dialects.postman.wire import read_collection, read_environment
from keyturn.dialects.postman.wire_bodies import Unfit
from tests.dialects.postman.kit import TOKEN, collection, item, prepared

URL = "https://mas.example.com/v3/users/{{userid}}/password?emailPassword=true"


def test_an_address_in_parts_and_one_as_text_are_the_same_request() -> None:
    """v2.1 writes both; what is disabled in the parts is left out."""
    parts = {
        "raw": URL,
        "protocol": "https",
        "host": ["mas", "example", "com"],
        "path": ["v3", "users", ":id", "password"],
        "query": [{"key": "emailPassword", "value": "true"}, {"key": "validate", "value": "true", "disabled": True}],
        "variable": [{"key": "id", "value": "{{userid}}"}],
    }
    whole, split = (prepared(collection(item("POST", url, "{}"))) for url in (URL, parts))
    assert whole.sending("007", {"userid": "007"}, "") == split.sending("007", {"userid": "007"}, "")
    assert whole.fingerprint == split.fingerprint


def test_version_2_0_writes_headers_and_sign_in_otherwise() -> None:
    """Headers may be one text, and the values of `auth` an object."""
    old = {
        "name": "Old",
        "request": {"method": "put", "url": "https://a.example/b", "header": "Accept: text/plain\nX-A: 1"},
    }
    found = prepared({"info": {"name": "O"}, "auth": {"type": "bearer", "bearer": {"token": "t-1"}}, "item": [old]})
    sent = found.sending("", {}, "")
    assert (found.method, dict(sent.headers)) == (
        "PUT",
        {"accept": "text/plain", "x-a": "1", "authorization": "Bearer t-1"},
    )


def test_sign_in_comes_down_from_the_folder_and_noauth_ends_it() -> None:
    """As in the program that wrote the file."""
    basic = {
        "type": "basic",
        "basic": [{"key": "username", "value": "d2cadmin"}, {"key": "password", "value": "{{pw}}"}],
    }
    inner = [item("GET", "https://a.example/x", name="in"), item("GET", "https://a.example/y", auth={"type": "noauth"})]
    found = read_collection(collection({"name": "F", "auth": basic, "item": inner}))
    assert [one.place for one in found.items] == [("F", "in"), ("F", "Reset")]
    first, second = (one.auth for one in found.items)
    assert (first and first.kind, second and second.kind) == ("basic", "noauth")


def test_a_cell_is_one_segment_whatever_is_in_it() -> None:
    """What newman cuts short or takes for something else goes out percent-encoded."""
    found = prepared(collection(item("POST", URL, "{}")))
    ids = {
        "007": "007", "1E5": "1E5", "0x1F": "0x1F", "x%41y": "x%2541y", "a#b": "a%23b", "a?b": "a%3Fb", "a/b": "a%2Fb",
        "m\u00fcller": "m%C3%BCller", "john doe": "john%20doe", " 42 ": "42",
    }  # fmt: skip
    targets = [found.sending(cell, {"userid": cell}, "").target for cell in ids]
    assert targets == [f"/v3/users/{quoted}/password?emailPassword=true" for quoted in ids.values()]


@pytest.mark.parametrize("cell", ["", "  ", ".", ".."])
def test_a_cell_that_means_another_place_blocks_its_row(cell: str) -> None:
    """An empty one would ask for the list, two dots for what is above."""
    with pytest.raises(Unfit):
        prepared(collection(item("POST", URL, "{}"))).sending("", {"userid": cell}, "")


def test_a_cell_in_json_stays_a_text() -> None:
    """A quote does not end the string it stands in; without quotes only a number will do."""
    found = prepared(
        collection(item("PUT", "https://a.example/x", '{"a": "<{{userid}}>", "n": {{age}}}')), ("userid", "age")
    )
    sent = found.sending("", {"userid": 'x", "admin": "yes', "age": "7"}, "")
    assert sent.body == b'{"a": "<x\\", \\"admin\\": \\"yes>", "n": 7}'
    with pytest.raises(Unfit, match="no number"):
        found.sending("", {"userid": "x", "age": '7, "admin": true'}, "")


def test_forms_are_encoded_once() -> None:
    """Each cell in its field, and no field more."""
    body = {"mode": "urlencoded", "urlencoded": [{"key": "who", "value": "{{userid}}"}, {"key": "x", "disabled": True}]}
    found = prepared(collection(item("POST", "https://a.example/x", body=body)))
    sent = found.sending("", {"userid": "a&admin=1"}, "")
    assert (sent.body, sent.headers["content-type"]) == (b"who=a%26admin%3D1", "application/x-www-form-urlencoded")


def test_variables_are_found_in_their_order_and_inside_each_other() -> None:
    """A column goes before a known value; a header that differs in case and signs alone will do."""
    url = "{{base}}/v3/{{UserID}}/{{realm}}"
    known = {"base": "https://{{host}}/mas", "host": "a.example", "realm": "r"}
    found = prepared(collection(item("GET", url)), ("user_id", "realm"), known)
    assert (found.base, found.named_by()) == ("https://a.example", ("user_id", "realm"))
    assert found.sending("", {"user_id": "u", "realm": "x"}, "").target == "/mas/v3/u/x"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://a.example/{{nobody}}", "KT-COL-003"),
        ("https://a.example/{{round}}", "KT-COL-003"),
        ("https://{{userid}}.example/x", "KT-COL-004"),
        ("https://a.example/{{$randomInt}}", "KT-COL-005"),
        ("https://", "KT-COL-006"),
        ("https://name:word@a.example/", "KT-COL-006"),
    ],
)
def test_what_cannot_be_known_beforehand_stops_before_anything_is_sent(url: str, code: str) -> None:
    """newman would send the braces."""
    with pytest.raises(SourceError) as caught:
        prepared(collection(item("GET", url)), known={"round": "{{round}}"})
    assert caught.value.code == code


def test_a_guid_is_the_same_at_each_try() -> None:
    """Derived from the operation, so that a repeat is one."""
    found = prepared(collection(item("POST", "https://a.example/{{$guid}}")))
    first, again, other = (found.sending("", {}, operation).target for operation in ("r1-2", "r1-2", "r1-3"))
    assert first == again != other


@pytest.mark.parametrize(
    "more",
    [
        {"body": {"mode": "formdata", "formdata": [{"key": "f", "type": "file", "src": "/etc/passwd"}]}},
        {"body": {"mode": "graphql", "graphql": {}}},
        {"auth": {"type": "digest", "digest": []}},
        {"header": [{"key": "x-a\r\nx-admin", "value": "1"}]},
        {"header": [{"key": "", "value": "1"}]},
        {"auth": {"type": "apikey", "apikey": {"key": "x-\u00e9", "value": "1"}}},
        {"auth": {"type": "oauth2", "oauth2": [{"key": "grant_type", "value": "authorization_code"}]}},
        {"auth": {"type": "oauth2", "oauth2": {"accessToken": "t-1", "addTokenTo": "queryParams"}}},
        {"auth": {"type": "oauth2", "oauth2": [{"key": "tokenRequestParams", "value": [{"key": "realm"}]}]}},
    ],
)
def test_what_is_not_done_here_is_said(more: dict[str, Any]) -> None:
    """Rather than sent without it."""
    with pytest.raises(SourceError) as caught:
        prepared(collection(item("POST", "https://a.example/x", **more)))
    assert caught.value.code == "KT-COL-002"


@pytest.mark.parametrize("method", ["PU T", "PUT\r\nx-admin: 1", "\u00e9"])
def test_a_method_is_a_word(method: str) -> None:
    """It would break the run at its first row otherwise."""
    with pytest.raises(SourceError) as caught:
        prepared(collection(item(method, "https://a.example/x")))
    assert caught.value.code == "KT-COL-002"


@pytest.mark.parametrize("place", ["header", "body", "variable", "name"])
def test_half_of_a_character_is_found_before_the_run(place: str) -> None:
    """`"\\ud83d"` is JSON, and no text that could be sent."""
    half = {"header": "", "body": "", "variable": "", "name": "", place: "\ud83d"}
    header = [{"key": "x-a", "value": f"a{half['header']}"}]
    value = collection(
        item("PUT", "https://a.example/{{v}}", f'{{"a": "{half["body"]}"}}', header=header, name=half["name"])
    )
    with pytest.raises(SourceError) as caught:
        prepared(value, known={"v": f"b{half['variable']}"})
    assert caught.value.code == "KT-COL-002"


@pytest.mark.parametrize(
    "base", ["https://a.example ", " https://a.example", "https://a.example\n", "https://a.example/"]
)
def test_blanks_around_an_address_mean_nothing(base: str) -> None:
    """They come with what is copied into an environment."""
    found = prepared(collection(item("PUT", "{{base}}/x/{{userid}}")), known={"base": base})
    assert (found.base, found.sending("", {"userid": "7"}, "").target) == ("https://a.example", "/x/7")


def test_what_is_not_run_may_ask_for_what_is_not_done() -> None:
    """The error says to choose others with --folder, so that has to help."""
    query = item("POST", "https://a.example/x", name="Query", body={"mode": "graphql", "graphql": {}})
    found = read_collection(collection(query, item("GET", "https://a.example/y", name="Plain")))
    assert [one.name for one in open_requests(found, {}, (), ["Plain"]).requests] == ["Plain"]
    with pytest.raises(SourceError, match="Query has a body of mode graphql"):
        open_requests(found, {}, ())


@pytest.mark.parametrize("value", [[], {}, {"info": {}, "item": []}, {"info": {"name": "x"}}, "text", None])
def test_other_files_are_no_collection(value: object) -> None:
    """An environment given in place of the collection, for one."""
    with pytest.raises(SourceError):
        read_collection(value)


def test_values_that_are_no_texts_are_written_as_json_writes_them() -> None:
    """`true` is not `True`; a variable without a name is none."""
    values = [{"key": "a", "value": True}, {"key": "b", "value": False}, {"key": "c", "value": 7}, {"value": "x"}, "y"]
    assert read_environment({"values": values}) == {"a": "true", "b": "false", "c": "7"}


def test_an_environment_leaves_out_what_is_disabled() -> None:
    """And anything else is none."""
    held = [{"key": "a", "value": "1"}, {"key": "b", "value": "2", "enabled": False}]
    assert read_environment({"name": "e", "values": held}) == {"a": "1"}
    with pytest.raises(SourceError):
        read_environment({"name": "e"})


def test_nothing_of_a_request_shows_its_secrets() -> None:
    """Whoever logs one by mistake."""
    found = prepared(collection(item("POST", URL, '{"token": "a-password-1"}')))
    shown = f"{found!r} {found.sending('u', {'userid': 'u'}, '')!r}"
    assert TOKEN not in shown
    assert "a-password-1" not in shown
