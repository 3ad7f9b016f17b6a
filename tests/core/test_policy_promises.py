"""What the policy promises of passwords as they live: kept whole, old without harm, judged cheaply, never repeated."""

import logging
import string
import unicodedata
from dataclasses import replace
from datetime import timedelta
from itertools import product
from time import process_time

import pytest
from sqlalchemy import Column

from keyturn.core.commands import ChangePassword, CreateUser, ResetPassword
from keyturn.core.directory import LOCAL
from keyturn.core.outcomes import Changed, Outcome, Reason, Refused
from keyturn.core.policy import MOST_BYTES, Policy, ProfileName, judge
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.users import Contact, Handle, Profile
from keyturn.crypto.blocklist import FileBlocklist
from keyturn.crypto.runkeys import RENDERING, RunKeys
from keyturn.store.schema import METADATA
from tests.support.canary import leaks
from tests.support.house import GOOD, OTHER, House, reason

BLOCKLIST = FileBlocklist()
NIST = Policy.of(ProfileName.NIST)
LONGEST = "".join(a + b for a, b in product("kestrlohp", "0246813579"))[:127]
WRONG = Secret("a wrong guess of mine")


def settle(house: House, who: str, password: str) -> Outcome:
    """Give somebody a password that they need not change."""
    [outcome] = house.directory().execute([ResetPassword(who, Secret(password), permanent=True)])
    return outcome


def lets_in(house: House, who: str, password: str) -> bool:
    return isinstance(house.sign_in(who, Secret(password)), SignedIn)


@pytest.mark.proves("PW-2", "V6.2.9")
def test_a_password_of_128_characters_counts_to_its_last_one(house: House) -> None:
    house.add("amal")
    assert isinstance(settle(house, "amal", LONGEST + "x"), Changed)
    assert not lets_in(house, "amal", LONGEST + "y")
    assert not lets_in(house, "amal", LONGEST)
    assert lets_in(house, "amal", LONGEST + "x")
    assert reason(settle(house, "amal", LONGEST + "xx")) is Reason.TOO_LONG


@pytest.mark.proves("PW-2")
def test_two_passwords_that_begin_with_the_same_72_bytes_are_two(house: House) -> None:
    house.add("amal")
    head = LONGEST[:72]
    assert isinstance(settle(house, "amal", head + "one"), Changed)
    assert not lets_in(house, "amal", head + "other")
    assert lets_in(house, "amal", head + "one")


@pytest.mark.proves("PW-2", "N3.1.1.2-3")
def test_nothing_is_trimmed_or_folded_and_every_sign_of_a_keyboard_is_taken(house: House) -> None:
    house.add("amal")
    whole = f" {string.printable[:95]} "
    assert isinstance(settle(house, "amal", whole), Changed)
    for other in (whole.strip(), whole.lower(), whole.replace("'", "\u2019")):
        assert not lets_in(house, "amal", other)
    assert lets_in(house, "amal", whole)


@pytest.mark.proves("PW-3", "V6.2.5")
def test_fifteen_letters_of_one_kind_are_enough() -> None:
    for letters in ("kestrelorbitlam", "KESTRELORBITLAM", "739104628405173"):
        assert judge(Secret(letters), NIST, BLOCKLIST).reason is None


@pytest.mark.proves("PW-3", "V6.2.10")
def test_a_password_is_good_after_four_hundred_days(house: House) -> None:
    house.add("amal")
    settle(house, "amal", GOOD.reveal())
    house.clock.advance(timedelta(days=400))
    signed = house.sign_in("amal", GOOD)
    assert isinstance(signed, SignedIn)
    assert not signed.must_change


@pytest.mark.proves("PW-3", "V6.4.2")
def test_no_column_holds_a_hint_or_a_question() -> None:
    columns: list[Column[object]] = [column for table in METADATA.tables.values() for column in table.columns]
    assert len(columns) > 50
    words = ("hint", "question", "answer", "remind", "old_password")
    assert [str(column) for column in columns if any(word in column.name for word in words)] == []


@pytest.mark.proves("PW-5")
@pytest.mark.parametrize(
    "text",
    [
        "e" + "\u0301" * 100_000, "\ufdfa" * 100_000, "x" * 10_000_000, "e" + "\u0301" * (MOST_BYTES // 2 - 1),
        "!" * 60 + "password" + "!" * 60, "a" * 128, "4@" * 64, "1!" * 64, "abc1" * 32, "ab" * 63 + "c", "\u00df" * 128,
        "keyturn" * 18 + "k", "k" * 64 + "t" * 64,
    ],
    ids=range(13),
)  # fmt: skip
def test_whatever_comes_is_judged_in_no_time(text: str) -> None:
    """Caps come before normalisation, which takes seconds for the first of these."""
    secret, words = Secret(text), frozenset({"keyturn", "k", "kkk", "ttt", *(f"name{n}" for n in range(20))})
    begun = process_time()
    judge(secret, NIST, BLOCKLIST, words)
    assert process_time() - begun < 0.05


@pytest.mark.proves("PW-5")
def test_bytes_are_counted_first_then_characters_then_what_is_left_after_normalisation() -> None:
    def why(text: str) -> Reason | None:
        return judge(Secret(text), NIST, BLOCKLIST).reason

    assert why("\x07" * (MOST_BYTES + 1)) is Reason.TOO_LONG
    assert why("\x07" * 129) is Reason.TOO_LONG
    assert why("\x07" * 20) is Reason.UNUSABLE_CHARACTER
    assert why("e\u0301" * 64 + "x") is Reason.TOO_LONG
    assert len(unicodedata.normalize("NFC", "e\u0301" * 14)) == 14
    assert why("e\u0301" * 14) is Reason.TOO_SHORT
    assert why("\u0958" * 70) is Reason.TOO_LONG, "NFC makes two of this one"


@pytest.mark.proves("PW-7", "N3.1.1.2-11")
def test_a_thousand_canaries_are_refused_and_nothing_says_one(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "qzxkvjw"
    forms = ("{0}", "{0}" * 20, "{0}\x07 and many more words", "{0}{0}", "{0}-{0} {0}!")
    words = [Secret(forms[number % len(forms)].format(f"{canary}{number}")) for number in range(1000)]
    commands = [CreateUser(f"user {number}", Profile(), password=word) for number, word in enumerate(words)]
    outcomes = house.directory().execute(commands)
    expected = {Reason.TOO_SHORT, Reason.TOO_LONG, Reason.UNUSABLE_CHARACTER, Reason.TOO_COMMON}
    assert {reason(outcome) for outcome in outcomes} == expected
    texts = " ".join(outcome.text for outcome in outcomes if isinstance(outcome, Refused))
    with house.parts.store.reading() as view:
        audit = repr(view.audit.entries(0, 10_000))
    assert "choose" in texts
    assert leaks([canary], texts.encode(), audit.encode(), caplog.text.encode(), repr(outcomes).encode()) == []


@pytest.mark.proves("PW-4", "V6.2.11")
def test_names_of_the_user_the_tenant_and_the_service_make_no_password_however_it_is_set(house: House) -> None:
    house.set(weak_words="Kestrel, Project Lamp")
    profile = Profile("Amal Haddad", "Amal", "Haddad", emails=(Contact("a.h@acme-works.example"),))
    made = ["Amal.Haddad.1987", "haddadamalhaddad", "acme-works-2024!", "kestrel_default1", "Keyturn#Project#Lamp"]
    passes = "amal likes the kestrel orbit"
    directory = house.directory()
    for word in made:
        assert reason(directory.execute([CreateUser("e1007", profile, password=Secret(word))])[0]) is Reason.TOO_COMMON
    assert reason(directory.execute([CreateUser("e1007", profile, password=Secret(passes))])[0]) is None
    for handle in (Handle.KEY, Handle.LOGIN):
        by = house.directory(via=replace(LOCAL, handle=handle))
        resets = by.execute([ResetPassword("e1007", Secret(word)) for word in made])
        assert {reason(outcome) for outcome in resets} == {Reason.TOO_COMMON}
    settle(house, "e1007", GOOD.reveal())
    signed = house.sign_in("e1007", GOOD)
    assert isinstance(signed, SignedIn)
    mine = house.acting(signed.actor, replace(LOCAL, handle=Handle.UID))
    for word in made:
        change = ChangePassword(signed.actor.id, Secret(word), old=GOOD)
        assert reason(mine.execute([change])[0]) is Reason.TOO_COMMON
    house.set(weak_words="")
    assert isinstance(mine.execute([ChangePassword(signed.actor.id, Secret(passes), old=GOOD)])[0], Changed)


@pytest.mark.proves("PW-8", "V6.2.3")
def test_changing_takes_the_present_password_and_guessing_it_is_guessing_at_the_sign_in(house: House) -> None:
    house.add("amal")
    settle(house, "amal", GOOD.reveal())
    change = house.directory()
    for _ in range(2):
        assert not lets_in(house, "amal", WRONG.reveal())
    for _ in range(3):
        assert reason(change.execute([ChangePassword("amal", OTHER, old=WRONG)])[0]) is Reason.WRONG_PASSWORD
    assert reason(change.execute([ChangePassword("amal", OTHER, old=GOOD)])[0]) is Reason.WRONG_PASSWORD
    assert not lets_in(house, "amal", GOOD.reveal())
    house.clock.advance(timedelta(seconds=31))
    assert reason(change.execute([ChangePassword("amal", OTHER)])[0]) is Reason.WRONG_PASSWORD
    assert isinstance(change.execute([ChangePassword("amal", OTHER, old=GOOD)])[0], Changed)
    assert lets_in(house, "amal", OTHER.reveal())


@pytest.mark.proves("PW-1")
def test_what_is_generated_is_as_long_as_what_is_typed_has_to_be(house: House) -> None:
    house.add("amal")
    [outcome] = house.directory().execute([ResetPassword("amal")])
    assert isinstance(outcome, Changed)
    assert outcome.secret is not None
    for secret in (outcome.secret, RunKeys(b"k" * 32).password("run", 1, RENDERING)):
        assert len(secret.reveal()) >= NIST.shortest
        assert judge(secret, NIST, BLOCKLIST).reason is None
