"""The audit on the command line says who did what to whom, by names that people know."""

import json
from pathlib import Path

import pytest

from tests.cli.directory_kit import Run, running

UID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs keyturn in this process, on a directory of this test that is given as `--data`."""
    call = running(tmp_path, "--data", str(tmp_path / "my directory"))
    call("init", "--json")
    call("user", "create", "e-17", "--login", "amal")
    return call


def listed(run: Run, *flags: str) -> list[dict[str, str]]:
    entries: list[dict[str, str]] = json.loads(run("audit", "list", *flags, "--json").stdout)["entries"]
    return entries


def test_everybody_is_listed_by_name_and_groups_too(run: Run) -> None:
    run("group", "create", "Service desk", "--right", "audit")
    run("group", "add", "Service desk", "e-17")
    head, *_, update, joined = run("audit", "list").stdout.splitlines()
    assert head.split() == ["number", "at", "(UTC)", "actor", "verb", "whom", "outcome", "detail", "door", "source"]
    assert ("group.update" in update, "Service desk" in update) == (True, True)
    assert ("group.join" in joined, " amal " in joined, "group Service desk" in joined) == (True, True, True)
    run("group", "delete", "Service desk", "--yes")
    gone = listed(run, "--verb", "group.join")[0]
    assert (gone["target_name"], gone["said"]) == ("amal", f"group {gone['detail']}")
    assert gone["target"] == json.loads(run("user", "show", "e-17", "--json").stdout)["uid"]


def test_a_user_is_asked_for_by_any_of_their_names_also_after_they_are_gone(run: Run) -> None:
    run("user", "lock", "e-17")
    run("user", "create", "other")
    facts = json.loads(run("user", "show", "e-17", "--json").stdout)
    for text in ("e-17", "amal", facts["uid"], str(facts["number"])):
        assert [one["verb"] for one in listed(run, "--who", text)] == ["user.create", "user.status"], text
    run("user", "delete", "e-17", "--yes")
    run("user", "lock", "e-17", code=3)
    deleted = listed(run, "--who", "e-17")
    assert [one["outcome"] for one in deleted] == ["created", "changed", "changed", "refused"]
    assert [one["verb"] for one in listed(run, "--who", "e-17", "--verb", "user.delete")] == ["user.delete"]
    assert listed(run, "--who", UID) == []


def test_a_group_is_asked_for_with_all_who_joined_it(run: Run) -> None:
    run("group", "create", "desk")
    run("group", "add", "desk", "e-17")
    assert [one["verb"] for one in listed(run, "--who", "Desk")] == ["group.create", "group.update", "group.join"]


def test_what_somebody_did_is_asked_for_by_their_account(run: Run) -> None:
    me = listed(run)[-1]["actor"].removeprefix("os:")
    assert [one["verb"] for one in listed(run, "--actor", me)] == ["user.create"]
    assert listed(run, "--actor", "amal") == []


def test_tenants_are_told_apart_when_there_are_several(run: Run) -> None:
    assert "tenant" not in run("audit", "list").stdout.splitlines()[0]
    run("tenant", "create", "acme", "--set", "profile=vendor")
    run("user", "create", "bela", "--tenant", "acme")
    assert "tenant" in run("audit", "list").stdout.splitlines()[0]
    [one] = listed(run, "--tenant", "acme")
    assert (one["tenant_name"], one["target_name"], one["verb"]) == ("acme", "bela", "user.create")
    assert listed(run, "--verb", "tenant.create")[-1]["detail"] == "number 2; profile nist -> vendor"
    assert "keyturn tenant list --data" in run("audit", "list", "--tenant", "nothing", code=3).stderr


def test_a_verb_that_nobody_knows_is_refused_with_those_that_there_are(run: Run) -> None:
    refused = run("audit", "list", "--verb", "passwd.reset", code=2).stderr
    assert "the audit knows no verb 'passwd.reset'" in refused
    assert ("password.reset" in refused, "session.start" in refused) == (True, True)


def test_a_user_is_shown_by_any_name_and_it_says_which(run: Run) -> None:
    assert run("user", "show", "e-17").stderr == ""
    assert run("user", "show", "amal").stderr == "amal is the sign-in name of e-17\n"
    facts = json.loads(run("user", "show", "amal", "--json").stdout)
    assert "is the uid of e-17" in run("user", "show", facts["uid"]).stderr
    assert f"{facts['number']} is the number of e-17" in run("user", "show", str(facts["number"])).stderr
    assert "keyturn user list --data" in run("user", "show", "nobody", code=3).stderr


def test_keys_are_listed_with_what_they_may_and_when_they_were_made(run: Run) -> None:
    run("key", "create", "--kind", "uipath", "--scope", "PM.User", "--right", "audit", "--json")
    head, _, key = run("key", "list").stdout.splitlines()
    assert ("scopes" in head, "made (UTC)" in head) == (True, True)
    assert ("PM.User" in key, "audit" in key) == (True, True)
    assert json.loads(run("key", "list", "--json").stdout)["keys"][1]["scopes"] == ["PM.User"]


WRONG = {
    "key revoke nope": (3, "keyturn key list"),
    "user create e-17": (3, "take another one"),
    "user lock nobody": (3, "keyturn user list"),
    "user reset nobody --mail": (3, "keyturn user list"),
    "group add G nobody": (3, "keyturn user list, or keyturn group list"),
    "group add G G": (3, "keyturn group show G"),
    "group show nothing": (3, "keyturn group list"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_each_mistake_is_answered_with_what_why_and_fix(run: Run, tmp_path: Path, wrong: str) -> None:
    run("group", "create", "G")
    code, fix = WRONG[wrong]
    told = run(*wrong.split(), code=code).stderr
    [line] = [line for line in told.splitlines() if line.startswith("  fix ")]
    assert ("  why  " in told, fix in line) == (True, True), told
    place = f"--data '{tmp_path}/my directory'"
    assert (place in line) is fix.startswith("keyturn")


def test_a_key_is_revoked_by_its_id(run: Run) -> None:
    made = json.loads(run("key", "list", "--json").stdout)["keys"][0]["id"]
    assert run("key", "revoke", made).stderr == f"{made} revoked\n"
