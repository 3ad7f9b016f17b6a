"""Users who are changed, enabled and unlocked: what the list says of them stays, and nobody is half done in silence."""

import json
from typing import Any

import pytest

from keyturn.core.commands import Command, SetStatus, UpdateUser
from keyturn.core.outcomes import Changed, Reason, Refused, Uncertain
from keyturn.core.users import USER_RIGHTS, Address, Contact, Profile, Right, Status
from tests.dialects.primavera.calling import FAULT, done, fine, reason
from tests.support.player import CUT, Heard, Say

UNIFIER = {"displayName": "Unifier", "id": "77", "name": "PrimaveraUnifierProduction"}
ADMIN = {"displayName": "Primavera Administration", "id": "1", "name": "PrimaveraCloudAdmin"}
AMAL = {"loginId": "AMAL", "id": "3473", "firstName": "Amal", "lastName": "Ba", "emailAddress": "amal@example.com",
        "organization": {"name": "sfo"}, "userType": "EMP", "roles": [ADMIN, UNIFIER], "disabled": False,
        "locked": False}  # fmt: skip


class Company:
    """A target with a list of users, that changes them as it is told to."""

    def __init__(self, *users: dict[str, Any], change: Say | None = None, unlock: Say | None = None) -> None:
        self.users = users or (AMAL,)
        self.change, self.unlock = change, unlock

    def __call__(self, heard: Heard) -> Say:
        """One answer."""
        if heard.method == "GET":
            return Say(200, [*self.users])
        sent: Any = heard.sent()
        if heard.target.endswith("/change-lock"):
            return self.unlock or Say(200, {each["loginId"]: "" for each in sent})
        if heard.target.endswith("/user"):
            return self.change or Say(200, {"modified": [{"loginId": each["loginId"]} for each in sent["modified"]]})
        return self.change or fine(heard)


def sent(heard: list[Heard]) -> list[tuple[str, Any]]:
    """The calls that change something: the end of the path and the body."""
    return [(one.target.rpartition("/")[2], json.loads(one.body)) for one in heard if one.method != "GET"]


async def test_an_update_sends_the_user_as_a_whole() -> None:
    """Roles left out would be removed, so that all go along, and the company, too."""
    profile = Profile("Amal Sy", "Amal", "Sy", emails=(Contact("sy@example.com"),))
    outcomes, heard = await done([UpdateUser("AMAL", profile)], Company())
    assert outcomes == [Changed("AMAL")]
    [(path, body)] = sent(heard)
    assert path == "user"
    assert body == {
        "modified": [
            {
                "loginId": "AMAL", "firstName": "Amal", "lastName": "Sy", "emailAddress": "sy@example.com",
                "organization": {"name": "sfo"}, "userType": "EMP", "roles": [ADMIN, UNIFIER], "disabled": False,
                "status": "Active",
            }
        ]
    }  # fmt: skip


async def test_a_part_of_a_user_changes_alone() -> None:
    """Right and status stay or go, the rest is sent back as it was listed."""
    commands: list[Command] = [UpdateUser("AMAL", rights=frozenset()), UpdateUser("BERT", rights=USER_RIGHTS)]
    bert = {"loginId": "BERT", "firstName": "Bert", "locked": True}
    _, heard = await done([*commands, UpdateUser("AMAL", status=Status.DISABLED)], Company(AMAL, bert))
    [(_, both), (_, again)] = sent(heard)
    assert [each["roles"] for each in both["modified"]] == [[UNIFIER], [ADMIN]]
    assert [each["disabled"] for each in both["modified"]] == [False, False]
    assert [each["firstName"] for each in both["modified"]] == ["Amal", "Bert"]
    [amal] = again["modified"]
    assert (amal["disabled"], amal["roles"]) == (True, [ADMIN, UNIFIER])


async def test_names_that_a_sheet_has_in_one_are_parted() -> None:
    """As for a creation."""
    _, heard = await done([UpdateUser("AMAL", Profile("Amal el Ba"))], Company())
    [(_, body)] = sent(heard)
    assert (body["modified"][0]["firstName"], body["modified"][0]["lastName"]) == ("Amal el", "Ba")


async def test_who_is_not_listed_is_not_changed() -> None:
    """It is not known whether such a call would make somebody."""
    outcomes, heard = await done([UpdateUser("amal", Profile("X")), UpdateUser("AMAL", Profile("Y"))], Company())
    assert [reason(one) for one in outcomes] == [Reason.NO_SUCH_USER, None]
    assert [len(body["modified"]) for _, body in sent(heard)] == [1]


@pytest.mark.parametrize(
    "command",
    [
        UpdateUser("AMAL", login="OTHER"),
        UpdateUser("AMAL", version=3),
        UpdateUser("AMAL", status=Status.LOCKED),
        UpdateUser("AMAL", rights=frozenset({Right.KEYS})),
        UpdateUser("AMAL", rights=frozenset({Right.VIEW_USERS})),
        UpdateUser("AMAL", Profile(addresses=(Address("Road"),))),
    ],
)
async def test_an_update_without_words_is_refused_unsent(command: UpdateUser) -> None:
    """The list is not read for it either."""
    [outcome], heard = await done([command], Company())
    assert (reason(outcome), heard) == (Reason.UNSUPPORTED, [])


@pytest.mark.parametrize(
    ("disabled", "locked", "calls"),
    [
        (False, False, ["change-status"]),
        (True, False, ["change-status"]),
        (False, True, ["change-lock"]),
        (True, True, ["change-status", "change-lock"]),
    ],
)
async def test_to_activate_is_to_enable_and_to_unlock_as_far_as_needed(
    disabled: bool, locked: bool, calls: list[str]
) -> None:
    """The lock is named as the vendor prints it, with the number of the user."""
    company = Company({**AMAL, "disabled": disabled, "locked": locked})
    outcomes, heard = await done([SetStatus("AMAL", Status.ACTIVE)], company)
    assert outcomes == [Changed("AMAL")]
    assert [path for path, _ in sent(heard)] == calls
    if locked:
        assert sent(heard)[-1][1] == [{"loginId": "AMAL", "locked": True, "id": "3473"}]


async def test_an_update_that_activates_unlocks_as_well() -> None:
    """Who is to sign in must be able to."""
    outcomes, heard = await done(
        [UpdateUser("AMAL", Profile("Amal Sy"), status=Status.ACTIVE)], Company({**AMAL, "locked": True})
    )
    assert outcomes == [Changed("AMAL")]
    assert [path for path, _ in sent(heard)] == ["user", "change-lock"]


@pytest.mark.parametrize("unlock", [Say(200, {"AMAL": "no"}), Say(CUT), Say(403, FAULT)])
async def test_who_is_enabled_but_not_unlocked_is_uncertain(unlock: Say) -> None:
    """Half of it is done."""
    company = Company({**AMAL, "disabled": True, "locked": True}, unlock=unlock)
    [outcome], _ = await done([SetStatus("AMAL", Status.ACTIVE)], company)
    assert isinstance(outcome, Uncertain)
    assert "not unlocked" in outcome.text


async def test_a_lock_alone_that_stays_is_a_refusal() -> None:
    """Then nothing is done."""
    company = Company({**AMAL, "locked": True}, unlock=Say(200, {"AMAL": "no"}))
    [outcome], _ = await done([SetStatus("AMAL", Status.ACTIVE)], company)
    assert outcome == Refused("AMAL", Reason.OTHER, "no")


@pytest.mark.parametrize(("change", "kind"), [(Say(200, {"AMAL": "no"}), Refused), (Say(CUT), Uncertain)])
async def test_nobody_is_unlocked_whose_change_is_not_known_to_be_done(change: Say, kind: type) -> None:
    """The second call follows from the first."""
    company = Company({**AMAL, "disabled": True, "locked": True}, change=change)
    [outcome], heard = await done([SetStatus("AMAL", Status.ACTIVE)], company)
    assert isinstance(outcome, kind)
    assert len(sent(heard)) == 1


async def test_a_stranger_is_enabled_by_asking() -> None:
    """The target refuses, and its audit knows."""
    company = Company(change=Say(200, {"NOBODY": "no such user"}))
    [outcome], heard = await done([SetStatus("NOBODY", Status.ACTIVE)], company)
    assert isinstance(outcome, Refused)
    assert [path for path, _ in sent(heard)] == ["change-status"]


@pytest.mark.parametrize(
    ("say", "why"),
    [
        (Say(401), Reason.NOT_SIGNED_IN),
        (Say(403), Reason.NOT_ALLOWED),
        (Say(503), Reason.UNREACHABLE),
        (Say(CUT), Reason.UNREACHABLE),
        (Say(200, {}), Reason.OTHER),
    ],
)
async def test_without_the_list_nothing_is_changed(say: Say, why: Reason) -> None:
    """Which is certain."""
    commands: list[Command] = [UpdateUser("AMAL", Profile("X")), SetStatus("AMAL", Status.ACTIVE)]
    outcomes, heard = await done(commands, say)
    assert [reason(one) for one in outcomes] == [why, why]
    assert sent(heard) == []


async def test_an_update_is_split_and_never_quotes_a_password() -> None:
    """A set that is refused as a whole is asked for in halves; nothing of a secret is in it."""

    def part(heard: Heard) -> Say:
        told: Any = heard.sent()
        if told is None:
            return Say(200, [{**AMAL, "loginId": who, "password": "password"} for who in "ABC"])
        if any(each["loginId"] == "B" for each in told["modified"]):
            return Say(400, FAULT)
        return Say(200, {"modified": told["modified"]})

    outcomes, heard = await done([UpdateUser(who, Profile(f"New {who}")) for who in "ABC"], part)
    assert [type(one) for one in outcomes] == [Changed, Refused, Changed]
    assert all(b"password" not in one.body for one in heard)
