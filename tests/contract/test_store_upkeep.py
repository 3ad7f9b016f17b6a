"""Every store says which keys its rows name, and a restored copy of it revives nothing."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core.credentials import Credential, Link, Source
from keyturn.core.factors import Challenge, Factor, FactorKind
from keyturn.core.outbox import Mail
from keyturn.core.sessions import Session
from keyturn.core.storage import Done, Store, UserChange, View
from keyturn.core.upkeep import Buried, KeyUse
from keyturn.core.users import Stamp
from keyturn.store.schema import METADATA
from tests.support.stores import NOON, credential, key, mail, new_user, session, with_tenants

DAY = timedelta(days=1)
KEYED = re.compile(r"(pepper|derive|key)_id|digest|fingerprint|sealed|material|reference")


@pytest.fixture
def full(store: Store) -> Store:
    """A store with something of everything, of keys old (`aaaaaaaa`) and new (`bbbbbbbb`)."""
    with_tenants(store, 1)
    with store.writing() as transaction:
        transaction.users.insert([new_user(f"u{number}", uid=f"u{number}") for number in range(4)])
        transaction.credentials.replace([_chosen("u0", "aaaaaaaa"), _chosen("u1", "bbbbbbbb"), _one_time("u2")], "root")
        transaction.users.update([UserChange("u1", Stamp("root", NOON), deleted=True)])
        transaction.sessions.start(_session(transaction, "u0"))
        transaction.links.put([Link("aaaaaaaa:12", "u0", "o", NOON + DAY), Link("12ab", "u3", "o", NOON + DAY)])
        transaction.outbox.put([replace(mail("m1"), derive_id="aaaaaaaa:1"), _sealed("m2", "u3")])
        transaction.keys.put(replace(key("k1"), digest="bbbbbbbb:" + "0" * 64))
        transaction.keys.put(replace(key("k2"), digest="0" * 64))
        transaction.factors.put([_factor(FactorKind.TOTP, "f1"), _factor(FactorKind.RECOVERY, "aaaaaaaa:f2")])
        transaction.factors.challenge(Challenge("s1", b"sign this", NOON + DAY), NOON)
        transaction.operations.put([Done("op", "aaaaaaaa:ff", "changed", "u0", "none", NOON, "aaaaaaaa:1")])
    return store


def _chosen(uid: str, pepper: str) -> Credential:
    return replace(credential(uid, source=Source.CHOSEN), pepper_id=pepper)


def _one_time(uid: str) -> Credential:
    return replace(credential(uid), pepper_id="aaaaaaaa", derive_id="bbbbbbbb:1")


def _sealed(id: str, uid: str) -> Mail:
    return replace(mail(id, uid, template="value"), derive_id="bbbbbbbb:1", sealed=b"\x01aaaaaaaa\xff\x00sealed")


def _factor(kind: FactorKind, reference: str) -> Factor:
    return Factor(reference, "u0", kind, "phone", reference, b"\x01aaaaaaaa\xffsealed", 0, True, NOON)


def _session(view: View, uid: str) -> Session:
    return session(uid, epoch=view.users.by_uid([uid])[uid].epoch)


@pytest.mark.proves("ST-2")
def test_every_row_that_needs_a_key_is_counted_under_its_label(full: Store) -> None:
    with full.reading() as view:
        uses = view.upkeep.key_uses(NOON)
    assert set(uses) == {
        KeyUse("pepper", "aaaaaaaa", "passwords", 2),
        KeyUse("derive", "bbbbbbbb", "one-time secrets", 1),
        KeyUse("derive", "aaaaaaaa", "mails", 1),
        KeyUse("derive", "bbbbbbbb", "mails", 1),
        KeyUse("derive", "aaaaaaaa", "operations of the last day", 1),
        KeyUse("verify", "bbbbbbbb", "API keys", 1),
        KeyUse("verify", "", "API keys", 1),
        KeyUse("verify", "aaaaaaaa", "links", 1),
        KeyUse("verify", "", "links", 1),
        KeyUse("verify", "aaaaaaaa", "operations of the last day", 1),
        KeyUse("verify", "aaaaaaaa", "recovery codes", 1),
        KeyUse("factor", "aaaaaaaa", "authenticators", 1),
        KeyUse("mail", "aaaaaaaa", "mails", 1),
    }


def test_what_is_over_needs_no_key(full: Store) -> None:
    with full.reading() as view:
        later = view.upkeep.key_uses(NOON + 2 * DAY)
    assert {(use.label, use.rows) for use in later} == {
        ("pepper", "passwords"), ("derive", "mails"), ("verify", "API keys"), ("mail", "mails"),
        ("verify", "recovery codes"), ("factor", "authenticators"),
    }  # fmt: skip


def test_a_column_that_can_name_a_key_is_counted_or_known_to_need_none() -> None:
    """Whoever adds such a column adds it to the count, or keys are deleted that it needs."""
    named = {str(column) for table in METADATA.tables.values() for column in table.columns if KEYED.search(column.name)}
    assert named == {
        "credentials.pepper_id", "credentials.derive_id", "links.digest", "outbox.derive_id", "outbox.sealed",
        "factors.material", "factors.reference", "keys.digest", "operations.fingerprint", "operations.derive_id",
        "audit_checkpoints.key_id",  # verified with the public half, which is never deleted
    }  # fmt: skip


def test_digests_kept_before_they_named_their_key_are_named_once(full: Store) -> None:
    with full.writing() as transaction:
        assert transaction.upkeep.name_digests("cccccccc") == 2
        assert transaction.upkeep.name_digests("dddddddd") == 0
        found = transaction.keys.find("k2")
        assert found is not None
        assert found.digest == "cccccccc:" + "0" * 64
        assert transaction.links.find("cccccccc:12ab") is not None


@pytest.mark.proves("DB-4")
def test_a_restored_copy_revives_nothing(full: Store) -> None:
    with full.writing() as transaction:
        assert transaction.upkeep.bury(NOON, keys=False) == Buried(1, 2, 1, 1, 2, 1, 0)
    with full.reading() as view:
        assert view.sessions.find("s1") is None
        assert view.links.find("aaaaaaaa:12", "12ab") is None
        assert view.operations.find(["op"], NOON) == {}
        assert [factor.kind for factor in view.factors.of("u0")] == [FactorKind.TOTP]
        assert view.outbox.counts() == {"cancelled": 2}
        assert [one.sealed for one in view.outbox.list(1)] == [None, None]
        subjects = view.users.by_uid(["u0", "u2"])
        assert [key.epoch for key in view.keys.list(1)] == [2, 2]
    with full.writing() as transaction:
        assert transaction.factors.take("s1", NOON) is None
    secret, chosen = subjects["u2"].credential, subjects["u0"].credential
    assert secret is not None
    assert secret.expired(NOON)
    assert chosen is not None
    assert not chosen.expired(NOON)


@pytest.mark.proves("DB-4")
def test_the_api_keys_of_a_restored_copy_go_when_that_is_asked_for(full: Store) -> None:
    with full.writing() as transaction:
        assert transaction.upkeep.bury(NOON, keys=True).keys == 2
        assert transaction.keys.list(1) == []


@pytest.mark.proves("DB-4")
def test_a_session_that_began_before_a_restore_is_dead_even_if_its_row_were_put_back(full: Store) -> None:
    with full.writing() as transaction:
        before = _session(transaction, "u0")
        transaction.upkeep.bury(NOON, keys=False)
        transaction.sessions.start(before)
    with full.reading() as view:
        assert view.sessions.find(before.id) is None


@pytest.mark.proves("AU-5")
def test_the_methods_of_imported_hashes_are_told_once_each(full: Store) -> None:
    with full.writing() as transaction:
        assert transaction.upkeep.imported_methods() == frozenset()
        for uid, method in (("u0", "bcrypt-2b:12"), ("u2", "pbkdf2-sha256:600000")):
            transaction.credentials.renew(uid, f"$imported${method:.<40}$salt$argon2id$rest", "pepper")
        assert transaction.upkeep.imported_methods() == {"bcrypt-2b:12", "pbkdf2-sha256:600000"}


def test_every_table_is_known_to_a_restore() -> None:
    """Whoever adds a table says here what becomes of it: what was over may not come back."""
    kept = {
        "tenants", "groups", "members", "addresses", "grants", "applications", "address_changes", "misses",
        "audit", "audit_head", "audit_checkpoints",
    }  # fmt: skip
    changed = {"users", "keys", "credentials", "outbox", "factors"}
    emptied = {"sessions", "links", "operations", "jobs", "challenges"}
    assert set(METADATA.tables) == kept | changed | emptied
