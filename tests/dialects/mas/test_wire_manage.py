"""The words of Manage: a text in a condition reads back as it was, and no address of a stranger is trusted."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.commands import CreateUser
from keyturn.core.outcomes import Reason
from keyturn.core.users import Address, Contact, Profile, Status
from keyturn.dialects.mas.wire_manage import (
    creation_body,
    guessed,
    in_manage,
    literal,
    lost,
    question,
    read_creation,
    read_made,
    read_person,
    read_refusal,
    resource_of,
)
from keyturn.dialects.mas.wire_user import Unreadable
from keyturn.http.query import read_query
from tests.dialects.mas.strategies import ids, profiles, rights, statuses, texts
from tests.support.manage_server import EXCHANGES

LITERAL = re.compile(r'"((?:[^"\\]|\\["\\])*)"', re.S)
DISPLAY = st.builds(Profile, texts, texts, texts)


@given(st.text())
def test_a_text_in_a_condition_is_one_literal(text: str) -> None:
    """By the grammar of OSLC: a quote or a backslash in it is escaped, and it reads back as it was."""
    match = LITERAL.fullmatch(literal(text))
    assert match is not None
    assert re.sub(r"\\(.)", r"\1", match[1], flags=re.S) == text


@given(ids)
def test_a_question_is_about_one_user(who: str) -> None:
    """However odd the id: no second parameter, no second condition."""
    target = question(who)
    assert target.isascii()
    asked = read_query(target.partition("?")[2].encode())
    assert asked == {"lean": "1", "oslc.where": f"personid={literal(who)}", "oslc.select": "personid,displayname"}


@given(ids, st.text(), st.lists(st.tuples(texts, texts)))
def test_only_who_was_asked_for_is_read(who: str, name: str, others: list[tuple[str, str]]) -> None:
    """Whatever else a pattern found."""
    members = [{"personid": id_, "displayname": text} for id_, text in others if id_.casefold() != who.casefold()]
    assert read_person({"member": members}, who) is None
    person = read_person({"member": [*members, {"personid": who, "displayname": name}]}, who)
    assert person is not None
    assert (person.id, person.display_name, person.resource) == (who, name, "")
    assert person.user().key == who


@pytest.mark.parametrize("value", [None, [], {}, {"member": None}, {"member": [{"personid": 1}]}, "member"])
def test_what_holds_no_members_is_no_answer(value: object) -> None:
    """Rather than nobody."""
    with pytest.raises(Unreadable):
        read_person(value, "amal")


@given(st.text())
def test_a_resource_is_one_safe_part_of_a_path(href: str) -> None:
    """Whatever an answer says."""
    part = resource_of(href)
    assert part == "" or re.fullmatch(r"[A-Za-z0-9_~=.-]+", part)
    assert part not in (".", "..")


@pytest.mark.parametrize("href", ["http://[", None, 7, "", "api/os/masperuser/", "x/%2e%2e", "x/..", "a/b c"])
def test_an_address_that_is_none_names_no_resource(href: object) -> None:
    """Then Manage is asked once more, or the row is uncertain."""
    assert resource_of(href) == ""
    assert read_made({"member": [{"href": href}]}) == read_made({"href": href}) == ""


@pytest.mark.parametrize("value", [None, [], {}, {"member": []}, {"member": ["x"]}, {"member": 1}])
def test_an_answer_to_a_creation_may_tell_nothing(value: object) -> None:
    """IBM's client calls that usual."""
    assert read_made(value) == ""


@given(ids, DISPLAY, st.booleans(), texts.filter(bool), texts)
def test_a_user_that_fits_is_sent_whole(who: str, profile: Profile, mailed: bool, mail: str, kind: str) -> None:
    """Every part that is not empty is in the body; the id stands in three places."""
    profile = Profile(
        *(profile.display_name, profile.given_name, profile.family_name),
        emails=(Contact(mail, kind),) if mailed else (),
        addresses=(Address("Street", "Boston", "MA"),),
    )
    command = CreateUser(who, profile)
    assert lost(command) == ""
    body = creation_body(command)
    account = body["maxuser"]
    assert isinstance(account, dict)
    assert body["personid"] == account["userid"] == account["loginid"] == who
    assert body.get("firstname", "") == profile.given_name
    assert body.get("lastname", "") == profile.family_name
    assert body.get("primaryemail", "") == profile.mail()
    assert (body["addressline1"], body["city"], body["stateprovince"]) == ("Street", "Boston", "MA")
    assert body.keys() >= {"primaryphone", "displayName"}


@st.composite
def fitting(draw: st.DrawFn) -> CreateUser:
    """A creation that Manage has words for."""
    who, place = draw(ids), draw(st.builds(Address, texts, texts, texts, primary=st.just(True)))
    named = draw(st.builds(Profile, texts, texts, texts, owner=texts.filter(bool)))
    primary = st.just(True)
    mails = st.builds(Contact, texts.filter(bool), texts.filter(bool), primary)
    profile = replace(
        named,
        emails=draw(st.just(()) | st.tuples(mails)),
        phones=draw(st.just(()) | st.tuples(st.builds(Contact, texts.filter(bool), primary=primary))),
        addresses=(place,) if place != Address(primary=True) else (),
    )
    login = draw(st.just("") | ids.filter(lambda name: name != who))
    return CreateUser(who, profile, login, status=draw(statuses), rights=draw(rights))


@given(fitting())
def test_what_is_written_is_read_again(command: CreateUser) -> None:
    """What fits survives the wire."""
    assert read_creation(creation_body(command)) == command


@given(ids, profiles)
def test_a_user_that_would_be_sent_in_part_is_not_sent(who: str, profile: Profile) -> None:
    """What Manage has no word for is named."""
    command = CreateUser(who, profile)
    if profile.title or profile.language or profile.extension or profile.more or profile.external_id:
        assert lost(command)
        with pytest.raises(ValueError, match="no words"):
            creation_body(command)


def test_a_locked_new_user_is_not_sent() -> None:
    """There is no status for it."""
    with pytest.raises(ValueError, match="no words"):
        creation_body(CreateUser("amal", Profile("A"), status=Status.LOCKED))


@given(
    st.text(), st.integers(100, 599), st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(texts, inner))
)
def test_any_refusal_can_be_read(who: str, status: int, value: object) -> None:
    """Whatever stands in it; the status decides."""
    for told in (value, {"Error": value}, {"Error": {"reasonCode": value, "message": value}}):
        refused = read_refusal(who, status, told)
        assert refused.who == who
        assert refused.text


def test_the_recorded_refusal_is_read_with_its_code() -> None:
    """The code stands in the text as well and is taken off."""
    recorded = EXCHANGES["A body that Manage refuses"]
    refused = read_refusal("amal", recorded.status, recorded.answered(), 3.0)
    assert (refused.reason, refused.code) == (Reason.INVALID, "BMXAA3901E")
    assert (refused.text, refused.retry_after) == ("The address code is not valid.", 3.0)


@given(st.from_regex(r"\d{1,4}(\.\d{1,4}){0,3}", fullmatch=True))
def test_each_version_that_the_settings_take_is_before_or_from_9_1(version: str) -> None:
    """And what is guessed can be put into the settings."""
    major, _, rest = version.partition(".")
    assert in_manage(version) == ((int(major), int(rest.partition(".")[0] or -1)) >= (9, 1))
    if rest:
        assert guessed({"version": f"v{version} GA"}) == version
