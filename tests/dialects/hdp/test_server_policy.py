"""The password policy at the Hybrid Data Pipeline door: read by those who may, and judged by our one function."""

from collections.abc import Iterator

import pytest

from keyturn.core.users import ALL_RIGHTS, Right
from tests.dialects.hdp.kit import GOOD, OTHER, ask, events, fresh, heard, is_fault, told
from tests.support.server import OpenDoor, served

POLICY = "/api/admin/passwordpolicy"
VALIDATE = "/api/mgmt/passwordpolicy/validate"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with its door."""
    with served(tmp_path_factory.mktemp("hdp")) as door:
        yield door


def test_the_policy_is_told_to_anybody(door: OpenDoor) -> None:
    """Also to who shows a wrong password; it is the tenant's own."""
    answer = door.ask("GET", "/api/public/passwordpolicy", headers={"authorization": "Basic bm9ib2R5OngK"})
    [rule] = answer.json["rules"]
    assert (rule["minLength"], rule["maxLength"]) == (15, 32)


def test_an_administrator_reads_both_policies(door: OpenDoor) -> None:
    """The one in force has the number 2; the vendor's own is shown as it is printed."""
    ours = ask(door, "GET", f"{POLICY}/2").json
    assert ours == door.ask("GET", "/api/public/passwordpolicy").json
    own = ask(door, "GET", f"{POLICY}/1").json
    assert (own["name"], own["rules"][0]["maxLength"], len(own["rules"])) == ("Default Policy", 12, 5)
    for number in ("3", "02", "x"):
        assert is_fault(ask(door, "GET", f"{POLICY}/{number}"), 404)
        assert is_fault(ask(door, "PUT", f"{POLICY}/{number}", ours), 404)


def test_the_policy_that_holds_may_be_set_again_and_no_other(door: OpenDoor) -> None:
    """501 for another one, in the audit; what is none is 400."""
    ours = ask(door, "GET", f"{POLICY}/2").json
    answer = ask(door, "PUT", f"{POLICY}/2", {**ours, "name": "Mine", "description": "Ours"})
    assert (answer.status, answer.json) == (200, ours)
    [length] = ours["rules"]
    nothing = {"ruleName": "UPPER_CLASS_RULE", "minChars": 0}
    assert ask(door, "PUT", f"{POLICY}/2", {**ours, "rules": [nothing, length]}).status == 200
    longer = {**length, "maxLength": 128}
    others: list[dict[str, object]] = [
        {"rules": []}, {"rules": [{**length, "minLength": 8}]}, {"rules": [longer]},
        {"rules": [length, {"ruleName": "UPPER_CLASS_RULE"}]}, {"expirationDays": 120},
    ]  # fmt: skip
    for other in others:
        assert is_fault(ask(door, "PUT", f"{POLICY}/2", {**ours, **other}), 501)
        assert told(events(door)[-1]) == ("policy.write", "refused", "2", "unsupported")
    for odd in ({"rules": None}, {"rules": [7]}, {"id": 1}, {"name": 7}, {"expirationDays": "x"}):
        assert is_fault(ask(door, "PUT", f"{POLICY}/2", {**ours, **odd}), 400, 222207007)
    assert is_fault(ask(door, "PUT", f"{POLICY}/1", ours), 501)


def test_only_who_may_set_policies_says_them(door: OpenDoor) -> None:
    """Of those whom this vendor has, who holds permission 12; everybody who is signed in may read."""
    me = (fresh(door, *(ALL_RIGHTS - {Right.POLICY}), password=GOOD), GOOD)
    assert ask(door, "GET", f"{POLICY}/2", who=me).status == 200
    assert is_fault(ask(door, "PUT", f"{POLICY}/2", {}, who=me), 403)
    assert told(events(door)[-1]) == ("policy.write", "refused", "", "not-allowed")


@pytest.mark.parametrize(
    ("candidate", "rules"),
    [
        (GOOD, {"pwdLengthRule": True, "usableCharactersRule": True, "knownPasswordsRule": True}),
        ("brief!", {"pwdLengthRule": False}),
        ("x" * 33, {"pwdLengthRule": False}),
        ("x" * 5000, {"pwdLengthRule": False}),
        ("a tab\tin the middle", {"usableCharactersRule": False}),
        ("passwordpassword", {"pwdLengthRule": True, "usableCharactersRule": True, "knownPasswordsRule": False}),
    ],
)
def test_a_candidate_is_judged_rule_by_rule(door: OpenDoor, candidate: str, rules: dict[str, bool]) -> None:
    """By whoever is signed in; a rule that was not reached is left out; nothing is kept or repeated."""
    me = (fresh(door, password=OTHER), OTHER)
    before = heard(door)
    answer = ask(door, "POST", VALIDATE, {"password": candidate}, who=me)
    verdict = answer.json["passwordValidationResponse"]
    assert (answer.status, verdict["passed"]) == (200, all(rules.values()))
    assert {rule["ruleId"]: rule["passed"] for rule in verdict["rules"]} == rules
    assert candidate not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert not any(candidate in str(event) for event in events(door, before))


def test_a_candidate_is_a_text_and_somebody_must_ask(door: OpenDoor) -> None:
    """Whoever must change the password first reads the public policy instead."""
    for odd in ({}, {"password": None}, {"password": 7}):
        assert is_fault(ask(door, "POST", VALIDATE, odd), 400, 222207007)
    assert is_fault(door.ask("POST", VALIDATE, send={"password": GOOD}), 401)
    login = fresh(door, password=GOOD, permanent=False)
    assert is_fault(ask(door, "POST", VALIDATE, {"password": OTHER}, who=(login, GOOD)), 403)
