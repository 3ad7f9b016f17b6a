"""IBM's "How to bulk update user password using MAS API" with Postman's own runner, step by step, unmodified."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.newman import GENERATED, KNOWN, collection, command
from bench.processes import EVERYWHERE, run
from compat.world import LINK, SECRET, World, world

USERS = ("amal", "jane.doe", "m4711x", "zoe@example.com")


@pytest.fixture(scope="module", params=["nist", "vendor"])
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A directory with a few users, under each password policy."""
    with world(tmp_path_factory.mktemp("directory") / "data", policy=request.param) as found:
        for user in USERS:
            found.add(user, mail_of(user))
        yield found


def mail_of(user: str) -> str:
    """Where a user is mailed."""
    return user if "@" in user else f"{user}@example.com"


def run_collection(world: World, folder: Path, body: str) -> list[int]:
    """The whole recipe: token, collection, CSV, run.  The status of every answer."""
    users, report = folder / "users.csv", folder / "report.json"
    users.write_text("userid\n" + "".join(f"{user}\n" for user in USERS), encoding="utf-8")
    made = collection(folder, world.address, token=world.token(), body=body)
    ended = run(command(made, users, "--reporters", "json", "--reporter-json-export", str(report)), cores=EVERYWHERE)
    assert ended.code == 0
    told = json.loads(report.read_text(encoding="utf-8"))["run"]
    assert told["failures"] == []
    return [execution["response"]["code"] for execution in told["executions"]]


def test_a_password_of_ones_own_reaches_every_user(directory: World, tmp_path: Path) -> None:
    """With `{"token": "..."}` each answer is 200, a link is mailed, and it lets its owner choose a password once."""
    directory.mailbox.empty()
    assert run_collection(directory, tmp_path, KNOWN) == [200] * len(USERS)
    known = json.loads(KNOWN)["token"]
    for user in USERS:
        link = directory.mailbox.mail(mail_of(user), LINK)
        status, session = directory.sign_in(user, known)
        assert (status, session["must_change"]) == (201, True)
        assert directory.call("GET", link)[0] == 200
        chosen = f"linden {user[::-1]} harbour 41"
        assert directory.call("POST", link, {"new": chosen})[0] == 204
        assert directory.call("POST", link, {"new": "another green kettle 7"})[0] == 410
        assert directory.sign_in(user, known)[0] == 401
        status, session = directory.sign_in(user, chosen)
        assert (status, session["must_change"]) == (201, False)


def test_a_generated_password_reaches_every_user(directory: World, tmp_path: Path) -> None:
    """With `{}` each answer is 200, and what is mailed opens a session that can only set a new password."""
    directory.mailbox.empty()
    assert run_collection(directory, tmp_path, GENERATED) == [200] * len(USERS)
    for user in USERS:
        secret = directory.mailbox.mail(mail_of(user), SECRET)
        status, session = directory.sign_in(user, secret)
        assert (status, session["must_change"]) == (201, True)
        held = {"Authorization": f"Bearer {session['token']}"}
        assert directory.call("GET", "/keyturn/v1/me", headers=held)[0] == 403
        chosen = f"copper {user[::-1]} meadow 58"
        assert directory.call("POST", "/keyturn/v1/me/password", {"new": chosen}, held)[0] == 204
        assert directory.sign_in(user, secret)[0] == 401
        status, session = directory.sign_in(user, chosen)
        assert (status, session["must_change"]) == (201, False)
