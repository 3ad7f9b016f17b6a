"""What clients send beside what we know is kept for them, but nothing that they name as a secret, at no depth."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from keyturn.core.users import SECRET_NAMES
from tests.rights.stage import basic
from tests.support.canary import leaks
from tests.support.server import Answer, OpenDoor, served

CANARY = "Quokka-Marmalade-Lighthouse-77"
SECRETS: Mapping[str, object] = dict.fromkeys(SECRET_NAMES, CANARY) | {"Password": CANARY, "newPassword": [CANARY]}


def everywhere(body: Mapping[str, object], *, top: frozenset[str] = frozenset()) -> dict[str, object]:
    """A body with secrets beside every member, at every depth.  top: names that mean something at the top."""
    inner = {
        name: everywhere(part) if isinstance(part, Mapping) else [everywhere(each) for each in part]
        if isinstance(part, list) and part and isinstance(part[0], Mapping) else part
        for name, part in body.items()
    }  # fmt: skip
    return {name: part for name, part in SECRETS.items() if name not in top} | inner


def sent_to_mas(door: OpenDoor) -> list[Answer]:
    """A user that is made and changed in each way that IBM's API has."""
    head = {"x-access-token": door.key_token()}
    sent = {"status": {"active": True, "badge": 7}, "extension": {"badge": 7}, "entitlement": {"application": "BASE"},
             "preferences": {"x": {"y": 1}}, "emails": [{"value": "bo@example.com", "type": "work"}]}  # fmt: skip
    parts = everywhere(sent, top=frozenset({"token"}))
    user = {"id": "bo", "username": "bo", "displayName": "Bo"}
    return [
        door.ask("POST", "/v3/users", headers=head, send=parts | user),
        door.ask("PUT", "/v3/users/bo", headers=head, send=parts | user),
        door.ask("PATCH", "/v3/users/bo", headers=head, send=parts),
    ]


def sent_to_hdp(door: OpenDoor) -> list[Answer]:
    """A user who is changed, and what is kept of the sign-in and the permissions."""
    head = basic(door.made.admin, door.made.password.reveal())
    user = {"userName": "cy", "statusInfo": {"status": 1}, "permissions": {"roles": [2]}, "badge": {"number": 7}}
    made = door.ask("POST", "/api/admin/users", headers=head, send=everywhere(user))
    path = f"/api/admin/users/{made.json['id']}"
    return [made, door.ask("PUT", path, headers=head, send=everywhere(user))]


@pytest.mark.proves("LG-4", "AP-13", "V15.3.1")
def test_nothing_is_kept_or_answered_under_the_name_of_a_secret(tmp_path: Path) -> None:
    """Beside each member and inside it, in any letter case, through the doors that keep what they do not know."""
    with served(tmp_path) as door:
        answers = [*sent_to_mas(door), *sent_to_hdp(door)]
    assert [(answer.status, answer.text[:300]) for answer in answers if answer.status >= 300] == []
    assert leaks([CANARY], tmp_path, *(answer.body for answer in answers)) == []
