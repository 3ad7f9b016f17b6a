"""Groups and tenants from the command line of the directory's machine."""

import json
from pathlib import Path

import pytest

from tests.cli.directory_kit import Run, running


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs keyturn in this process, on a directory of this test."""
    call = running(tmp_path)
    call("init", "--json")
    call("user", "create", "amal", "--name", "Amal Haddad")
    return call


def test_a_group_gives_its_members_its_rights_until_they_leave_it(run: Run) -> None:
    made = run("group", "create", "Service desk", "--right", "modify-users", "--right", "view-users").stderr
    assert "Service desk created; it has 0 members" in made
    run("group", "create", "Everybody")
    assert "it has 1 member\n" in run("group", "add", "service DESK", "amal").stderr
    assert "it has 1 member\n" in run("group", "add", "Everybody", "Service desk").stderr
    facts = json.loads(run("group", "show", "Service desk", "--json").stdout)
    assert (facts["rights"], facts["members"]) == (["modify-users", "view-users"], ["amal"])
    assert "members   Service desk" in run("group", "show", "Everybody").stdout
    assert "Service desk" in run("group", "list").stdout
    listed = json.loads(run("group", "list", "--json").stdout)["groups"]
    assert [one["name"] for one in listed] == ["Service desk", "Everybody"]
    assert json.loads(run("group", "remove", "Service desk", "amal", "--json").stdout)["members"] == []
    run("group", "delete", "Service desk", "--yes")
    assert "Service desk" not in run("group", "list").stdout


def test_what_is_not_there_is_named_with_the_way_out(run: Run) -> None:
    assert "keyturn group list" in run("group", "show", "nothing", code=3).output
    run("group", "create", "ops")
    assert "no such user and no such group" in run("group", "add", "ops", "nobody", code=3).output
    assert "there is a group of that name" in run("group", "create", "OPS", code=3).output
    assert "keyturn tenant list" in run("user", "list", "--tenant", "nothing", code=3).output
    assert "keyturn tenant list" in run("tenant", "set", "nothing", "mail=link", code=3).output


def test_a_deletion_is_asked_for_and_without_an_answer_nothing_happens(run: Run) -> None:
    run("group", "create", "ops")
    run("group", "delete", "ops", code=8)
    assert "ops" in run("group", "list").stdout


def test_a_tenant_has_its_own_settings_users_keys_and_groups(run: Run) -> None:
    made = json.loads(run("tenant", "create", "acme", "--set", "profile=vendor", "--json").stdout)
    assert (made["number"], made["settings"]) == (2, {"profile": "vendor"})
    assert "created as number 3" in run("tenant", "create", "other").stderr
    run("user", "create", "bela", "--tenant", "acme")
    assert [one["id"] for one in json.loads(run("user", "list", "--tenant", "acme", "--json").stdout)["users"]] == [
        "bela"
    ]
    assert "bela" not in run("user", "list").stdout
    key = json.loads(run("key", "create", "--kind", "mas", "--tenant", "acme", "--json").stdout)
    assert key["id"].startswith("a-acme-")
    run("group", "create", "ops", "--tenant", "acme")
    assert json.loads(run("group", "list", "--json").stdout)["groups"] == []
    assert "acme" in run("tenant", "list").stdout
    assert [one["name"] for one in json.loads(run("tenant", "list", "--json").stdout)["tenants"]][1:] == [
        "acme",
        "other",
    ]


def test_settings_change_one_by_one_and_an_odd_one_is_refused(run: Run) -> None:
    run("tenant", "create", "acme", "--set", "profile=vendor")
    changed = json.loads(run("tenant", "set", "acme", "mail=link", "profile=", "--json").stdout)
    assert changed["settings"] == {"mail": "link"}
    assert "acme changed: defaults" in run("tenant", "set", "acme", "mail=").stderr
    assert "no setting" in run("tenant", "set", "acme", "colour=red", code=2).output
    wrong = run("tenant", "set", "acme", "mail=loud", code=2).stderr
    assert "error[KT-CFG-040]: mail takes one of safe, link, contract" in wrong
    assert "why    it would be 'loud'" in wrong
    assert "fix    keyturn tenant set acme mail=safe" in wrong
    assert (
        "temporary_hours takes a whole number from 1 to 168"
        in run("tenant", "create", "b", "--set", "temporary_hours=500", code=2).stderr
    )
    hidden = run("tenant", "set", "acme", "base_url=https://amal:opensesame@id.example.com", code=2).output
    assert ("base_url takes an address" in hidden, "opensesame" in hidden) == (True, False)
    assert run("tenant", "set", "acme", "base_url=https://id.example.com").stderr.strip() == (
        "acme changed: base_url=https://id.example.com"
    )


def test_no_directory_is_made_with_an_address_that_links_cannot_begin_with(run: Run, tmp_path: Path) -> None:
    refused = run("init", "--data", str(tmp_path / "second"), "--base-url", "id.example.com", code=2).stderr
    assert "base_url takes an address" in refused
    assert not (tmp_path / "second").exists()
