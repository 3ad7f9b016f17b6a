"""One function judges passwords: the same candidate has the same verdict at every door, in a plan, on a page."""

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.app.keeping.policies import DOORS, limits
from keyturn.bulk.planning.passwords import judge_for
from keyturn.core.commands import ChangePassword, Commands, CreateUser, ResetPassword
from keyturn.core.context import context_of
from keyturn.core.directory import LOCAL
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.policy import Policy, ProfileName, judge
from keyturn.core.secret import Secret
from keyturn.core.users import Handle, Profile
from keyturn.crypto.blocklist import FileBlocklist
from tests.contract.kinds import GOOD, World, reason
from tests.support.house import House, make_house
from tests.support.stores import fresh_sqlite

EXAMPLES: Final = int(os.environ.get("KEYTURN_TEST_CANDIDATES", "60"))
BLOCKLIST: Final = FileBlocklist()
SCRIPTS: Final = {
    "ascii": "kestrel orbit lamp",
    "accented": "\u00e9\u00e0\u00fc\u00f6\u00f1\u00e7\u00e2\u00ea\u00ee\u00f4\u00fb\u00eb\u00ef\u00f8\u00e5\u00e6",
    "emoji": "".join(chr(0x1F400 + at * 3) for at in range(16)),
}
SCRIPTS_APART: Final = {**SCRIPTS, "decomposed": unicodedata.normalize("NFD", SCRIPTS["accented"])}


def boundary(script: str, length: int) -> str:
    """So many characters, each perhaps of several code points as it is typed."""
    if script == "decomposed":
        return unicodedata.normalize("NFD", SCRIPTS["accented"][:length])
    return SCRIPTS[script][:length]


on_one_database = pytest.mark.parametrize("door", ["sqlite"], indirect=True, scope="session")
"""The policy asks no database, and each password that is taken costs a hash."""

VECTORS: Final = [(script, length) for script in SCRIPTS_APART for length in (14, 15, 16)]


def test_a_decomposed_text_has_more_code_points_than_characters() -> None:
    assert len(boundary("decomposed", 14)) > 14


@on_one_database
@pytest.mark.proves("PW-1", "V6.2.1", "N3.1.1.2-4")
async def test_fourteen_characters_are_too_few_and_fifteen_are_enough_at_every_door(here: World) -> None:
    who = await here.add(password=GOOD)
    for script, length in VECTORS:
        outcome = await here.ask(ResetPassword(who, Secret(boundary(script, length))))
        assert reason(outcome) is (Reason.TOO_SHORT if length < 15 else None), (script, length)


@pytest.mark.proves("PW-1")
@pytest.mark.parametrize(("script", "length"), VECTORS)
def test_the_plan_of_a_run_counts_alike(script: str, length: int) -> None:
    preflight = judge_for(LOCAL, None, BLOCKLIST, "there")
    why, _ = preflight.fault(Secret(boundary(script, length)), "u1")
    assert why == ("too-short" if length < 15 else "")


@on_one_database
@pytest.mark.proves("PW-4", "PW-6")
async def test_a_variant_and_a_name_are_refused_at_every_door(here: World) -> None:
    who = await here.add(password=GOOD)
    for candidate in ("P@ssw0rd2024!!!!", f"{who}-{who}", "Keyturn.Keyturn!1"):
        refused = await here.ask(ResetPassword(who, Secret(candidate)))
        assert reason(refused) is Reason.TOO_COMMON
        assert isinstance(refused, Refused)
        assert candidate not in refused.text
    assert isinstance(await here.ask(ResetPassword(who, Secret(f"{who} likes the orbit"))), Changed)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A directory with one user, whose candidates are looked at and never set."""
    folder: Path = tmp_path_factory.mktemp("policy")
    store = fresh_sqlite(folder / "store")
    house = make_house(store, folder)
    house.add("amal", password=Secret(GOOD), mail="amal.haddad@acme.example")
    yield house
    store.close()


tails = st.text("0123456789!?. -", max_size=6)
candidates = st.one_of(
    st.text(max_size=40),
    st.text("ab\u00e9e\u0301 \u00a0\u3000", max_size=40),
    st.builds(
        "{}{}{}".format, tails,
        st.sampled_from(["password", "p@$$w0rd", "amal", "haddad", "keyturn", "default", "acme", "kestrel orbit lamp",
                         "qwertyuiop", "aaaaaaaa", "Basketball"]) | st.text(max_size=20),
        tails,
    ),
    st.integers(30, 34).map(lambda size: ("kestrel orbit lamp " * 2)[:size]),
    st.integers(120, 140).map(lambda size: ("kestrel orbit lamp 19 " * 9)[:size]),
)  # fmt: skip


@pytest.mark.proves("PW-6", "PW-1")
@settings(max_examples=EXAMPLES)
@given(candidates)
def test_every_way_to_a_password_has_the_same_verdict(house: House, candidate: str) -> None:
    """Reset, change and creation at each door, the trying out, the plan of a run; a door's own lengths count, too."""
    secret = Secret(candidate)
    with house.parts.store.reading() as view:
        user = view.users.get(1, "amal", Handle.KEY)
    assert user is not None
    context = context_of("amal", profile=user.profile, places=["default"])
    commands: Commands = [
        ResetPassword("amal", secret),
        ChangePassword("amal", secret, old=Secret(GOOD)),
        CreateUser("bela", replace(user.profile, display_name="amal"), login="amal.2", password=secret),
    ]
    for door in DOORS:
        via = limits(door)
        expected = judge(
            secret, Policy.of(ProfileName.NIST, shortest=via.shortest, longest=via.longest), BLOCKLIST, context
        )
        directory = house.directory(via=replace(LOCAL, shortest=via.shortest, longest=via.longest))
        looked = [(step.early.reason, step.early.text) if step.early else None for step in directory.look(commands)]
        wanted = (expected.reason, expected.text) if expected.reason is not None else None
        assert looked == [wanted] * 3, door
        tried = house.administration().judge(secret, via, user)
        assert (tried.reason, tried.rule, tried.text) == (expected.reason, expected.rule, expected.text)
    planned = judge_for(LOCAL, None, BLOCKLIST, "there")
    why, _ = planned.fault(secret, "amal", {"email": "amal.haddad@acme.example", "display_name": "default"})
    usual = judge(secret, Policy.of(ProfileName.NIST), BLOCKLIST, context)
    assert why == ("no-password" if not candidate else str(usual.reason or ""))


def test_a_profile_without_names_is_judged_by_the_id_alone(house: House) -> None:
    [step] = house.directory().look([CreateUser("kestrel", Profile(), password=Secret("kestrel kestrel 77"))])
    assert step.early is not None
    assert step.early.reason is Reason.TOO_COMMON
