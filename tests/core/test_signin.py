"""Signing in: one budget of guesses an account, restricted sessions, and tokens that die when they should."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core.commands import ChangePassword, Origin, ResetPassword, SetStatus
from keyturn.core.credentials import Verifier
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.permissions import Proof
from keyturn.core.ports import Check, Hasher, KeyChange, NewKey, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.signin import SignIn
from keyturn.core.starting import TOKEN_LIFE
from keyturn.core.storage import Key
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Status
from tests.support.house import GOOD, OTHER, House, reason

WRONG = Secret("a wrong guess of mine")


class Between:
    """A hasher that does something after each comparison, before anybody hears of it."""

    def __init__(self, hasher: Hasher, act: Callable[[Check], Check]) -> None:
        self.hash = hasher.hash
        self.hash_one_time = hasher.hash_one_time
        self.fingerprint = hasher.fingerprint
        self.fingerprints = hasher.fingerprints
        self.digest = hasher.digest
        self.adopt = hasher.adopt
        self.fault_of = hasher.fault_of
        self.digests = hasher.digests
        self._check = hasher.check
        self._act = act

    def check(self, candidate: Secret, verifier: Verifier | None) -> Check:
        """As the hasher does, then the act."""
        return self._act(self._check(candidate, verifier))


def with_act(house: House, act: Callable[[Check], Check]) -> SignIn:
    """Signing in, with something that happens after each comparison."""
    return replace(house.signing_in, parts=replace(house.parts, hasher=Between(house.parts.hasher, act)))


def permanent(house: House, who: str = "amal", *, tenant: int = 1) -> None:
    """A user with a password that is not to be changed."""
    house.add(who, tenant=tenant)
    house.directory(tenant=tenant).execute([ResetPassword(who, GOOD, permanent=True)])


def token(house: House, who: str = "amal") -> Secret:
    """The access token of a sign-in that must succeed."""
    signed = house.sign_in(who, GOOD)
    assert isinstance(signed, SignedIn)
    return signed.token


def key_of(house: House) -> NewKey:
    """A fresh API key with the right over users."""
    made = house.administration().create_key("test", "automation", USER_RIGHTS)
    assert isinstance(made, NewKey)
    return made


def test_a_sign_in_gives_an_actor_with_the_rights_of_the_user(house: House) -> None:
    house.add("amal", rights=ALL_RIGHTS)
    house.directory().execute([ResetPassword("amal", GOOD, permanent=True)])
    actor = house.signing_in.actor(token(house))
    assert actor is not None
    assert (actor.name, actor.rights, actor.proof) == ("amal", ALL_RIGHTS, Proof.SESSION)


@pytest.mark.parametrize("login", ["amal", "nobody", "locked", "bare"])
def test_every_failure_looks_the_same(house: House, login: str) -> None:
    permanent(house)
    permanent(house, "locked")
    house.add("bare")
    house.directory().execute([SetStatus("locked", Status.LOCKED)])
    outcomes = [house.sign_in(login, secret) for secret in (WRONG, Secret(""), Secret("x" * 5000), Secret("\x00"))]
    outcomes.append(house.sign_in("other", WRONG))
    assert all(isinstance(outcome, Refused) for outcome in outcomes)
    assert {(o.reason, o.text, o.code, o.retry_after) for o in outcomes if isinstance(o, Refused)} == {
        (Reason.NOT_SIGNED_IN, "the sign-in was refused", "", None)
    }


def test_the_fifth_wrong_password_starts_waits_that_double(house: House) -> None:
    permanent(house)
    for _ in range(5):
        house.sign_in("amal", WRONG)
    assert reason(house.sign_in("amal", GOOD)) is Reason.NOT_SIGNED_IN
    house.clock.advance(timedelta(seconds=31))
    house.sign_in("amal", WRONG)
    house.clock.advance(timedelta(seconds=31))
    assert reason(house.sign_in("amal", GOOD)) is Reason.NOT_SIGNED_IN
    house.clock.advance(timedelta(seconds=30))
    assert isinstance(house.sign_in("amal", GOOD), SignedIn)


def test_a_right_password_clears_the_count(house: House) -> None:
    permanent(house)
    for _ in range(3):
        for _ in range(4):
            house.sign_in("amal", WRONG)
        assert isinstance(house.sign_in("amal", GOOD), SignedIn)


def test_a_hundred_wrong_passwords_disable_the_account(house: House) -> None:
    permanent(house)
    for _ in range(100):
        house.sign_in("amal", WRONG)
        house.clock.advance(timedelta(hours=1, seconds=1))
    assert reason(house.sign_in("amal", GOOD)) is Reason.NOT_SIGNED_IN
    user = house.directory().find("amal")
    assert user is not None
    assert user.status is Status.DISABLED
    assert ("user.status", "changed", "", "") in house.events()


def test_guesses_in_parallel_share_one_budget(house: House) -> None:
    permanent(house)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: house.sign_in("amal", WRONG), range(40)))
    with house.parts.store.reading() as view:
        [subject] = view.users.logins("amal")
    assert subject.failures == 5


def test_one_one_time_secret_makes_one_session_however_many_try(house: House) -> None:
    house.add("amal")
    [outcome] = house.directory().execute([ResetPassword("amal")])
    assert isinstance(outcome, Changed)
    secret = outcome.secret
    assert secret is not None
    with ThreadPoolExecutor(8) as pool:
        signed = [s for s in pool.map(lambda _: house.sign_in("amal", secret), range(16)) if isinstance(s, SignedIn)]
    assert len(signed) == 1
    assert signed[0].must_change


def test_a_restricted_session_sets_one_password_however_many_ask_at_once(house: House) -> None:
    """Each was let in while the session stood; the first to be written ends it for the others."""
    house.add("amal")
    [outcome] = house.directory().execute([ResetPassword("amal")])
    assert isinstance(outcome, Changed)
    assert outcome.secret is not None
    signed = house.sign_in("amal", outcome.secret)
    assert isinstance(signed, SignedIn)
    let_in = house.signing_in.actor(signed.token)
    assert let_in is not None
    assert let_in.session
    first, second, third = ChangePassword("amal", GOOD), ChangePassword("amal", OTHER), ChangePassword("amal", OTHER)
    together = house.acting(let_in).execute([first, second])
    assert [reason(each) for each in together] == [None, Reason.NOT_ALLOWED]
    [late] = house.acting(signed.actor).execute([third])
    assert reason(late) is Reason.NOT_ALLOWED
    assert isinstance(house.sign_in("amal", GOOD), SignedIn)


@pytest.mark.proves("TK-3", "TK-4", "V7.3.2", "N2.2.3")
def test_a_token_ends_after_an_hour_with_the_session_and_with_the_account(house: House) -> None:
    permanent(house)
    first = token(house)
    house.clock.advance(TOKEN_LIFE)
    assert house.signing_in.actor(first) is None
    second = token(house)
    house.signing_in.end(second, door="test", origin=Origin())
    assert house.signing_in.actor(second) is None
    house.signing_in.end(Secret("not.a.token"), door="test", origin=Origin())
    third = token(house)
    house.directory().execute([SetStatus("amal", Status.DISABLED)])
    assert house.signing_in.actor(third) is None
    assert house.signing_in.actor(Secret("not.a.token")) is None


def test_a_link_that_nobody_mailed_lets_nobody_in(house: House) -> None:
    assert house.signing_in.holder(Secret("made-up")) is None


def test_a_login_outside_default_is_found_when_only_one_tenant_has_it(house: House) -> None:
    permanent(house, tenant=2)
    signed = house.sign_in("amal", GOOD)
    assert isinstance(signed, SignedIn)
    assert signed.actor.tenant == 2
    permanent(house)
    signed = house.sign_in("amal", GOOD)
    assert isinstance(signed, SignedIn)
    assert signed.actor.tenant == 1
    named = house.sign_in("amal", GOOD, tenant="other")
    assert isinstance(named, SignedIn)
    assert named.actor.tenant == 2
    assert reason(house.sign_in("amal", GOOD, tenant="nowhere")) is Reason.NOT_SIGNED_IN


def test_a_key_signs_in_with_its_token_until_it_is_stopped(house: House) -> None:
    made = key_of(house)

    def signs_in(secret: Secret) -> bool:
        return isinstance(house.signing_in.with_key(made.key.id, secret, door="test", origin=Origin()), SignedIn)

    assert signs_in(made.token)
    assert not signs_in(OTHER)
    signed = house.signing_in.with_key(made.key.id, made.token, door="test", origin=Origin())
    assert isinstance(signed, SignedIn)
    actor = house.signing_in.actor(signed.token)
    assert actor is not None
    assert (actor.id, actor.rights) == (made.key.id, USER_RIGHTS)
    changed = house.administration().update_key(made.key.id, KeyChange(active=False, description="stopped"))
    assert isinstance(changed, Key)
    assert not signs_in(made.token)
    assert house.signing_in.actor(signed.token) is None


def test_a_refreshed_key_forgets_its_old_token(house: House) -> None:
    made = key_of(house)
    fresh = house.administration().refresh_key(made.key.id)
    assert isinstance(fresh, NewKey)
    old = house.signing_in.with_key(made.key.id, made.token, door="test", origin=Origin())
    new = house.signing_in.with_key(made.key.id, fresh.token, door="test", origin=Origin())
    assert reason(old) is Reason.NOT_SIGNED_IN
    assert isinstance(new, SignedIn)


def test_an_expired_key_is_no_key(house: House) -> None:
    made = key_of(house)
    signed = house.signing_in.with_key(made.key.id, made.token, door="test", origin=Origin())
    assert isinstance(signed, SignedIn)
    with house.parts.store.writing() as transaction:
        transaction.keys.put(replace(made.key, expires=house.clock.now()))
    assert house.signing_in.actor(signed.token) is None
    again = house.signing_in.with_key(made.key.id, made.token, door="test", origin=Origin())
    assert reason(again) is Reason.NOT_SIGNED_IN


def test_a_door_without_restricted_sessions_neither_lets_in_nor_consumes_a_temporary_password(house: House) -> None:
    house.add("amal")
    [outcome] = house.directory().execute([ResetPassword("amal")])
    assert isinstance(outcome, Changed)
    assert outcome.secret is not None
    for _ in range(7):
        turned = house.signing_in.with_password("amal", outcome.secret, door="test", origin=Origin(), restricted=False)
        assert reason(turned) is Reason.NOT_SIGNED_IN
    assert isinstance(house.sign_in("amal", outcome.secret), SignedIn)


def test_a_verifier_of_older_parameters_is_renewed_by_the_sign_in(house: House) -> None:
    permanent(house)
    with house.parts.store.reading() as view:
        [before] = view.users.logins("amal")
    assert before.credential is not None
    strict = with_act(house, lambda check: replace(check, stale=True))
    assert isinstance(strict.with_password("amal", GOOD, door="test", origin=Origin()), SignedIn)
    with house.parts.store.reading() as view:
        [after] = view.users.logins("amal")
    assert after.credential is not None
    assert after.credential.verifier != before.credential.verifier
    assert isinstance(house.sign_in("amal", GOOD), SignedIn)


def test_a_password_that_is_reset_while_it_is_compared_lets_nobody_in(house: House) -> None:
    permanent(house)

    def reset(check: Check) -> Check:
        house.directory().execute([ResetPassword("amal", OTHER, permanent=True)])
        return check

    turned = with_act(house, reset).with_password("amal", GOOD, door="test", origin=Origin())
    assert reason(turned) is Reason.NOT_SIGNED_IN
    assert isinstance(house.sign_in("amal", OTHER), SignedIn)
