"""IBM's own client for MAS users, mas-devops 12.11.1 from the package index, against our MAS door."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.processes import ROOT, environment
from compat.world import SECRET, World, world

CLIENT = "mas-devops==12.11.1"
HOME = ROOT / "compat" / ".cache" / CLIENT
PRIMARY = {"email": "prima@example.com", "given_name": "Prima", "family_name": "Vera", "id": "prima"}
NAMES = [
    "admin-dashboard.mas-inst1-core.svc.cluster.local",
    "coreapi.mas-inst1-core.svc.cluster.local",
    "inst1-main.mas-inst1-manage.svc.cluster.local",
]
"""What the client calls the servers of a cluster."""

SECONDARY = {"email": "sec.undus@example.com", "given_name": "Sec", "family_name": "Undus"}


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of a throw-away environment that holds the client."""
    python = HOME / "bin" / "python"
    if not (HOME / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", HOME], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--quiet", CLIENT], check=True)
        (HOME / "ready").touch()
    return python


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A new directory, as `keyturn init` makes it: workspace `main` with the applications manage and iot."""
    with world(tmp_path_factory.mktemp("directory") / "data", policy="nist", hosts=NAMES) as found:
        yield found


def drive(python: Path, directory: World, users: dict[str, list[dict[str, str]]], version: str = "9.0") -> Any:
    """Let the client create users; what it returns, and every call that it made with the status of the answer."""
    given = {
        "version": version,
        "address": directory.address,
        "user": directory.made.admin,
        "password": directory.made.password,
        "key_id": directory.made.key.id,
        "key_token": directory.made.key.token,
        "users": users,
    }
    done = subprocess.run(
        [python, ROOT / "compat" / "mas_devops_driver.py"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        env=environment({}),
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "said": done.stderr}


def one_user(id: str) -> list[tuple[str, str, int]]:
    """The calls on the core for a new user, in the order in which the client of version 9.0 makes them."""
    applications = [f"/workspaces/main/applications/{name}" for name in ("iot", "manage")]
    granting = [
        call
        for application in applications
        for call in (
            ("GET", application, 200),
            ("GET", f"{application}/users/{id}", 404),
            ("PUT", f"{application}/users/{id}", 200),
        )
    ]
    return [
        ("GET", f"/v3/users/{id}", 404),
        ("POST", "/v3/users", 201),
        ("GET", f"/v3/users/{id}", 200),
        ("PUT", f"/v3/users/{id}/idps/local", 200),
        ("GET", f"/v3/users/{id}/workspaces", 200),
        ("PUT", f"/workspaces/main/users/{id}", 200),
        *granting,
        ("GET", f"/v3/users/{id}", 200),
        ("GET", f"/v3/users/{id}", 200),
    ]


def core_calls(calls: list[tuple[str, str, str, int]], id: str) -> list[tuple[str, str, int]]:
    """The calls about a user on the core's host, up to the last one that names it."""
    ours = [(method, path, status) for host, method, path, status in calls if host == "coreapi"]
    places = [place for place, (_, path, _) in enumerate(ours) if path.endswith(f"/{id}")]
    return ours[places[0] : places[-1] + 1]


def manage_changes(calls: list[tuple[str, str, str, int]]) -> list[tuple[str, str, int]]:
    """What the client asks Manage to change: its own API key, of which there is one already, and a group's members."""
    ours = [(method, path.split("/")[4], status) for host, method, path, status in calls if host == "inst1-main"]
    return [call for call in ours if call[0] != "GET"]


def test_ibms_client_creates_a_primary_and_a_secondary_user(python: Path, directory: World) -> None:
    """Both are complete, by exactly the calls that the client makes against a real server, and get in by mail."""
    told = drive(python, directory, {"primary": [PRIMARY], "secondary": [SECONDARY]})
    assert told["result"] == {"completed": [PRIMARY, SECONDARY], "failed": []}, told["said"]
    assert core_calls(told["calls"], "prima") == one_user("prima")
    assert core_calls(told["calls"], SECONDARY["email"]) == one_user(SECONDARY["email"])
    assert manage_changes(told["calls"]) == [("POST", "mxapiapikey", 400), ("POST", "mxapigroup", 204)]
    for login, mail in (("prima", PRIMARY["email"]), (SECONDARY["email"], SECONDARY["email"])):
        status, session = directory.sign_in(login, directory.mailbox.mail(mail, SECRET))
        assert (status, session["must_change"]) == (201, True)


def test_running_ibms_client_again_changes_nothing(python: Path, directory: World) -> None:
    """The client is made to be repeated: users who are complete are found so, and nobody is mailed again."""
    directory.mailbox.empty()
    told = drive(python, directory, {"primary": [PRIMARY], "secondary": [SECONDARY]})
    assert told["result"]["failed"] == [], told["said"]
    assert [call for call in told["calls"] if call[0] == "coreapi" and call[1] in ("POST", "PATCH")] == []


LATER = {"email": "la.ter@example.com", "given_name": "La", "family_name": "Ter", "id": "later"}
FIRST = {"email": "first@example.com", "given_name": "Fir", "family_name": "St"}


def people(calls: list[tuple[str, str, str, int]]) -> list[tuple[str, int]]:
    """What the client asks of the users in Manage, in order; those of one user follow those of another."""
    return [(method, status) for _, method, path, status in calls if path.rstrip("/").split("/")[4:5] == ["masperuser"]]


def test_ibms_client_of_version_9_1_creates_users_in_manage(python: Path, directory: World) -> None:
    """Look, create, look and look again, give a local sign-in; a primary user also gets what is not kept here."""
    told = drive(python, directory, {"primary": [FIRST], "secondary": [LATER]}, "9.1")
    assert told["result"] == {"completed": [FIRST, LATER], "failed": []}, told["said"]
    one = [("GET", 200)] * 2 + [("POST", 201)] + [("GET", 200)] * 4 + [("POST", 204)]
    assert people(told["calls"]) == [*one, ("POST", 204), *one]
    for login, mail in (("later", LATER["email"]), (FIRST["email"], FIRST["email"])):
        status, session = directory.sign_in(login, directory.mailbox.mail(mail, SECRET))
        assert (status, session["must_change"]) == (201, True)


def test_running_the_client_of_version_9_1_again_resets_nobody(python: Path, directory: World) -> None:
    """It asks for the local sign-in again, because Manage does not show one; who has one keeps the password."""
    mine, head = "a phrase that only this user has", {"x-access-token": directory.token()}
    assert directory.call("POST", "/v3/users/later/password", {"token": mine}, head)[0] == 200
    told = drive(python, directory, {"primary": [FIRST], "secondary": [LATER]}, "9.1")
    assert told["result"]["failed"] == [], told["said"]
    assert ("POST", 201) not in people(told["calls"])
    assert directory.sign_in("later", mine)[0] == 201
