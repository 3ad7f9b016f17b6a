"""What a request file of schema v3 may say that one of v2.1 cannot."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.app.postman.playing import open_requests
from keyturn.core.errors import SourceError
from keyturn.dialects.postman.wire import read_collection
from keyturn.dialects.postman.wire_bodies import Unfit
from keyturn.dialects.postman.wire_folder import Folder, Part, read_folder
from keyturn.dialects.postman.wire_request import Prepared
from keyturn.dialects.postman.wire_scripts import Unread, read_scripts

BASE: Mapping[str, Any] = {"$kind": "http-request", "method": "POST", "url": "https://a.example/x"}


def prepared(more: Mapping[str, Any], definition: Mapping[str, Any] | None = None) -> Prepared:
    """The only request of a collection, with everything put in."""
    found = read_folder(Folder("C", Part(definition or {}), {"One": Part({**BASE, **more})}))
    [request] = open_requests(found, {}, ("userid",)).requests
    return request


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ({"type": "json", "content": '{"a": 1}'}, "application/json", b'{"a": 1}'),
        ({"type": "text", "content": "plain"}, "text/plain", b"plain"),
        ({"type": "xml", "content": "<a/>"}, "application/xml", b"<a/>"),
        ({"type": "urlencoded", "content": [{"key": "a", "value": "1"}, {"key": "b", "disabled": "true"}]},
         "application/x-www-form-urlencoded", b"a=1"),
        ({"type": "json", "content": ""}, None, None),
        ({"type": "none"}, None, None),
        ({}, None, None),
    ],
)  # fmt: skip
def test_a_body_is_what_its_type_says(body: Mapping[str, Any], kind: str | None, text: bytes | None) -> None:
    """Forms as a mapping or as a list, texts as they are."""
    sent = prepared({"body": body}).sending("", {}, "")
    assert (sent.body, sent.headers.get("content-type")) == (text, kind)


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"body": {"type": "file", "content": {"src": "/etc/passwd"}}}, "a body of type file"),
        ({"body": {"type": "formdata", "content": [{"key": "f", "type": "file"}]}}, "a form that sends a file"),
        ({"body": {"mode": "raw", "raw": "{}"}}, "a body without type or content"),
        ({"body": {"type": "json", "content": {"a": "1"}}}, "a body of type json"),
        ({"$kind": "graphql-request"}, "the kind graphql-request"),
        ({"$kind": ""}, "no $kind"),
        ({"auth": [{"type": "basic"}, {"type": "bearer"}]}, "one of several"),
        ({"auth": {"type": "awsv4", "credentials": {}}}, "a sign-in of the kind awsv4"),
    ],
)
def test_what_is_not_done_here_is_said(more: Mapping[str, Any], what: str) -> None:
    """Rather than sent without it."""
    with pytest.raises(SourceError) as caught:
        prepared(more)
    assert caught.value.code == "KT-COL-002"
    assert what in caught.value.what


@pytest.mark.parametrize(
    ("own", "header"),
    [
        ({}, "Bearer of-the-folder"),
        ({"auth": {"type": "inherit"}}, "Bearer of-the-folder"),
        ({"auth": {"type": "noauth"}}, None),
        ({"auth": [{"id": "x", "type": "bearer", "credentials": [{"key": "token", "value": "own"}]}]}, "Bearer own"),
    ],
)
def test_a_sign_in_is_inherited_or_its_own(own: Mapping[str, Any], header: str | None) -> None:
    """One that stands in a list by itself is no choice."""
    auth = {"type": "bearer", "credentials": {"token": "of-the-folder"}}
    assert prepared(own, {"auth": auth}).sending("", {}, "").headers.get("authorization") == header


def test_scripts_of_the_folder_and_of_the_request_are_read_or_told() -> None:
    """Those for other kinds of requests are of no concern; one in a file of its own may do anything."""
    test = {"type": "http:afterResponse", "code": "pm.test('x', () => pm.response.to.have.status(204));"}
    other = {"type": "graphql:beforeQuery", "code": "pm.environment.set('a', 1);"}
    definition = Part({"scripts": [test, other]}, ["all.js"])
    own = Part({**BASE, "scripts": [{"type": "beforeRequest", "code": "// x\nf();"}, {"type": "afterResponse"}]})
    inner = Folder("F", requests={"One": Part(own.value, ["one.js"])})
    [item] = read_folder(Folder("C", definition, folders=[inner])).items
    rules = read_scripts(item.scripts)
    assert rules.statuses == frozenset({204})
    assert rules.unread == [
        Unread("the collection, all.js", 1, "(in a file of its own)"),
        Unread("F / One, pre-request script", 2, "f();"),
        Unread("F / One, tests", 1, "(not in this file)"),
        Unread("F / One, one.js", 1, "(in a file of its own)"),
    ]


def test_requests_come_in_their_order_and_then_by_name() -> None:
    """Folders among them; what says no order comes last."""
    orders = {"b": "2", "a": "2", "c": "x", "d": "10"}
    requests = {name: Part({**BASE, "order": order}) for name, order in orders.items()}
    inner = Folder("F", Part({"order": "3", "name": "Named"}), {"in": Part(BASE)})
    found = read_folder(Folder("C", requests=requests, folders=[inner]))
    assert [one.place for one in found.items] == [("a",), ("b",), ("Named", "in"), ("d",), ("c",)]


_WORDS = (
    "$kind name url method headers header queryParams query pathVariables body auth type content mode raw scripts "
    "event script exec listen code variables variable item credentials bearer key value disabled urlencoded formdata "
    "order host path request"
)
_NAMES = st.sampled_from(_WORDS.split())
_VALUES = st.recursive(
    st.text(max_size=8) | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)
_FILE: st.SearchStrategy[Mapping[str, Any]] = st.fixed_dictionaries(
    {"$kind": st.just("http-request"), "url": st.just("https://a.example/x")}
) | st.just({})


@given(st.dictionaries(_NAMES, _VALUES), st.dictionaries(_NAMES, _VALUES), _FILE)
def test_whatever_files_say_they_are_read_or_refused(
    definition: Mapping[str, Any], request: Mapping[str, Any], more: Mapping[str, Any]
) -> None:
    """In either schema; nobody knows what people write by hand, and no program breaks over it."""
    book = {"info": {"name": "x"}, "item": [{**request, "request": {**request, **more}}], **definition}
    folder = Folder("C", Part(definition), {"One": Part({**request, **more})})
    for read in (partial(read_collection, book), partial(read_folder, folder)):
        with suppress(SourceError, Unfit):
            for one in open_requests(read(), {}, ("userid",)).requests:
                one.sending("007", {"userid": "007"}, "op")
