"""Who is signed in, and what ends it: by hand, and with everything that makes an old sign-in untrue."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from os import environ

import pytest

from keyturn.core.administration import LocalAdministration
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import ChangePassword, DeleteUser, Origin, ResetPassword, SetStatus, UpdateUser
from keyturn.core.membership import GroupChange
from keyturn.core.outcomes import Changed, Reason, Refused, Unchanged
from keyturn.core.permissions import Actor
from keyturn.core.ports import NewKey, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.sessions import Session
from keyturn.core.steps import Caller
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Group, Handle, Status
from tests.support.house import GOOD, OTHER, House, reason

TOKENS = int(environ.get("KEYTURN_TOKENS", "200"))


def account(house: House, who: str = "amal") -> str:
    """A user with a password that is not to be changed; the uid."""
    made = house.add(who, rights=USER_RIGHTS)
    house.directory().execute([ResetPassword(who, GOOD, permanent=True)])
    assert made.user is not None
    return made.user.uid


def entered(house: House, who: str = "amal", source: str = "192.0.2.1") -> SignedIn:
    """A sign-in that must succeed."""
    signed = house.signing_in.with_password(who, GOOD, door="test", origin=Origin(source=source))
    assert isinstance(signed, SignedIn)
    house.clock.advance(timedelta(seconds=1))
    return signed


def office(house: House, actor: Actor) -> LocalAdministration:
    """The administration as somebody signed in may use it."""
    rules = house.parts.rules(actor.tenant)
    return LocalAdministration(house.parts, Caller(actor, Capabilities(frozenset()), "test", Origin(), rules))


def listed(house: House, actor: Actor, who: str = "") -> list[Session]:
    """The sessions that somebody sees."""
    found = office(house, actor).sessions.of(who, Handle.KEY)
    assert not isinstance(found, Refused)
    return list(found)


@pytest.mark.proves("TK-4", "V7.4.2", "V7.5.2")
def test_people_see_where_they_are_signed_in_and_end_the_others_or_one(house: House) -> None:
    account(house)
    first, second, third = (entered(house, source=f"192.0.2.{number}") for number in (1, 2, 3))
    seen = listed(house, third.actor)
    assert [(session.source, session.door) for session in seen] == [(f"192.0.2.{n}", "test") for n in (1, 2, 3)]
    assert [session.id == third.actor.session for session in seen] == [False, False, True]
    mine = office(house, third.actor).sessions
    assert isinstance(mine.end("", Handle.KEY, seen[0].id), Changed)
    assert reason(mine.end("", Handle.KEY, seen[0].id)) is Reason.NO_SUCH_USER
    assert [house.signing_in.actor(each.token) is not None for each in (first, second, third)] == [False, True, True]
    assert isinstance(mine.end("", Handle.KEY, ""), Changed)
    assert isinstance(mine.end("", Handle.KEY, ""), Unchanged)
    assert [house.signing_in.actor(each.token) is not None for each in (second, third)] == [False, True]


def test_nobody_ends_or_sees_the_session_of_another_by_its_id(house: House) -> None:
    account(house)
    account(house, "boss")
    amal, boss = entered(house), entered(house, "boss")
    assert reason(office(house, boss.actor).sessions.end("", Handle.KEY, amal.actor.session)) is Reason.NO_SUCH_USER
    assert house.signing_in.actor(amal.token) is not None


@pytest.mark.proves("TK-4", "V7.4.5")
def test_an_administrator_sees_and_ends_the_sessions_of_whom_they_may_touch(house: House) -> None:
    account(house)
    signed = entered(house)
    boss = house.administration().sessions
    seen = boss.of("amal", Handle.KEY)
    assert isinstance(seen, list)
    assert [session.id for session in seen] == [signed.actor.session]
    assert isinstance(boss.end("amal", Handle.KEY, ""), Changed)
    assert house.signing_in.actor(signed.token) is None
    assert reason(boss.of("nobody", Handle.KEY)) is Reason.NO_SUCH_USER
    assert reason(house.administration(tenant=2).sessions.of("amal", Handle.KEY)) is Reason.NO_SUCH_USER
    assert house.events()[-3:] == [
        ("session.end", "changed", "amal", ""),
        ("session.list", "refused", "nobody", "no-such-user"),
        ("session.list", "refused", "amal", "no-such-user"),
    ]


def test_a_key_sees_and_ends_its_own_sessions(house: House) -> None:
    made = house.administration().create_key("mas", "", frozenset())
    assert isinstance(made, NewKey)
    signed = house.signing_in.with_key(made.key.id, made.token, door="mas", origin=Origin())
    assert isinstance(signed, SignedIn)
    assert [session.owner for session in listed(house, signed.actor)] == [made.key.id]
    assert isinstance(office(house, signed.actor).sessions.end("", Handle.KEY, ""), Changed)
    assert house.signing_in.actor(signed.token) is None


def test_what_is_over_is_not_listed(house: House) -> None:
    account(house)
    entered(house)
    house.clock.advance(timedelta(hours=1))
    assert len(listed(house, entered(house).actor)) == 1


def _in_group(house: House, uid: str) -> str:
    made = house.administration().groups.create("staff", frozenset({*ALL_RIGHTS}), (uid,), "")
    assert isinstance(made, Group)
    return made.uid


ENDINGS: dict[str, Callable[[House, str], object]] = {
    "reset": lambda house, uid: house.directory().execute([ResetPassword("amal")]),
    "change": lambda house, uid: house.directory().execute([ChangePassword("amal", OTHER, GOOD)]),
    "lock": lambda house, uid: house.directory().execute([SetStatus("amal", Status.LOCKED)]),
    "disable": lambda house, uid: house.directory().execute([SetStatus("amal", Status.DISABLED)]),
    "delete": lambda house, uid: house.directory().execute([DeleteUser("amal")]),
    "demote": lambda house, uid: house.directory().execute([UpdateUser("amal", rights=frozenset())]),
    "group": lambda house, uid: house.administration().groups.update(
        next(iter(_groups(house))), GroupChange(remove=(uid,))
    ),
    "appointment": lambda house, uid: house.administration().tenants.appoint(uid, frozenset()),
}
"""Everything after which an old sign-in is not true any more."""


def _groups(house: House) -> list[str]:
    with house.parts.store.reading() as view:
        user = view.users.get(1, "amal", Handle.KEY)
    assert user is not None
    return [group.uid for group in user.groups]


@pytest.mark.proves("TK-4", "AZ-7", "V7.4.1", "V7.4.2", "V7.4.3", "V8.3.2")
@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_makes_a_sign_in_untrue_ends_it_in_the_same_moment(house: House, ending: str) -> None:
    uid = account(house)
    house.add("the last administrator", rights=ALL_RIGHTS)
    _in_group(house, uid)
    house.administration().tenants.appoint(uid, frozenset({2}))
    signed = entered(house)
    assert house.signing_in.actor(signed.token) is not None
    done = ENDINGS[ending](house, uid)
    assert not isinstance(done, list) or reason(done[0]) is None
    assert house.signing_in.actor(signed.token) is None


@pytest.mark.proves("TK-4", "V7.4.3")
def test_of_many_old_tokens_none_is_good_after_a_reset_while_they_are_in_use(house: House) -> None:
    """Each is asked for again and again; what is answered after the reset was answered is looked at."""
    account(house)
    tokens = [entered(house).token for _ in range(TOKENS)]
    assert all(actor is not None for actor in house.signing_in.actors(tokens))
    done, good_afterwards = threading.Event(), list[Secret]()

    def use(share: list[Secret]) -> None:
        for _ in range(50):
            over = done.is_set()
            actors = house.signing_in.actors(share)
            if over:
                good_afterwards.extend(t for t, actor in zip(share, actors, strict=True) if actor is not None)
                return

    with ThreadPoolExecutor(4) as pool:
        users = [pool.submit(use, tokens[number::4]) for number in range(4)]
        [outcome] = house.directory().execute([ResetPassword("amal")])
        done.set()
        for user in users:
            user.result()
    assert isinstance(outcome, Changed)
    assert good_afterwards == []
    assert [actor for actor in house.signing_in.actors(tokens) if actor is not None] == []


@pytest.mark.proves("ST-3", "V2.3.4", "V6.5.1")
def test_fifty_at_once_with_one_one_time_secret_are_one_session(house: House) -> None:
    house.add("amal")
    [outcome] = house.directory().execute([ResetPassword("amal")])
    assert isinstance(outcome, Changed)
    assert outcome.secret is not None
    secret = outcome.secret
    with ThreadPoolExecutor(16) as pool:
        came = list(pool.map(lambda _: house.sign_in("amal", secret), range(50)))
    assert sum(isinstance(one, SignedIn) for one in came) == 1
