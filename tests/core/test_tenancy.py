"""A tenant's settings become rules; a typing error never weakens them."""

import re
from datetime import timedelta

import pytest

from keyturn.core.policy import SHORTEST, ProfileName
from keyturn.core.storage import Tenant
from keyturn.core.tenancy import TAKES, KnownValues, MailMode, RuleBook, Rules, WrongSetting
from tests.support.house import House


def test_without_settings_the_strict_defaults_hold() -> None:
    assert Rules.of({}) == Rules(ProfileName.NIST, MailMode.SAFE, KnownValues.TEMPORARY, timedelta(hours=24))


def test_settings_are_read_and_a_temporary_value_lives_a_week_at_most() -> None:
    rules = Rules.of({"profile": "vendor", "mail": "link", "known_values": "refuse", "temporary_hours": "168"})
    assert rules == Rules(ProfileName.VENDOR, MailMode.LINK, KnownValues.REFUSE, timedelta(days=7))


@pytest.mark.parametrize(
    "setting",
    ["profile", "mail", "known_values", "temporary_hours", "base_url", "second_factor", "language", "mail_per_hour",
     "mail_hold"],
)  # fmt: skip
def test_an_unknown_word_is_an_error_that_names_the_setting_and_what_it_takes(setting: str) -> None:
    with pytest.raises(WrongSetting, match=f"^{setting} takes {re.escape(TAKES[setting])}$"):
        Rules.of({setting: "tyop"})


@pytest.mark.parametrize("hours", ["-5", "0", "169", "500", "100000000000000", "9" * 5000, "1.5", "", " 24", "\u0663"])
def test_hours_outside_a_week_are_refused_and_where_they_are_kept_they_count_as_one(hours: str) -> None:
    with pytest.raises(WrongSetting, match="temporary_hours takes a whole number from 1 to 168"):
        Rules.of({"temporary_hours": hours})
    assert Rules.kept({"temporary_hours": hours}).temporary_life == timedelta(hours=1)


@pytest.mark.parametrize("address", ["ftp://a", "https://amal:opensesame@id.example.com", "https://a b", "https://"])
def test_links_begin_with_an_address_of_the_web_without_a_password(address: str) -> None:
    with pytest.raises(WrongSetting, match="base_url"):
        Rules.of({"base_url": address})
    assert Rules.of({"base_url": "https://id.example.com/keyturn"}) == Rules.of({"base_url": ""}) == Rules()


def test_wrong_words_in_an_old_directory_count_as_the_strictest_and_it_still_works(house: House) -> None:
    house.set(profile="lax", mail="loud", known_values="", temporary_hours="forever", colour="red")
    kept = house.parts.rules(1).second_factor
    strict = Rules(ProfileName.NIST, MailMode.LINK, KnownValues.REFUSE, timedelta(hours=1), kept, ("default",))
    assert house.parts.rules(1) == strict
    assert SHORTEST[strict.profile] == max(SHORTEST.values())


def test_eight_characters_are_only_for_those_who_all_have_a_second_factor(house: House) -> None:
    for wanted in ({}, {"second_factor": "off"}, {"second_factor": "administrators"}):
        with pytest.raises(WrongSetting, match="only for a tenant that requires a second factor of every user"):
            Rules.of({"profile": "nist-mfa", **wanted})
    assert Rules.of({"profile": "nist-mfa", "second_factor": "everyone"}).profile is ProfileName.NIST_MFA
    house.set(profile="nist-mfa")
    assert house.parts.rules(1).profile is ProfileName.NIST
    house.set(second_factor="everyone")
    assert house.parts.rules(1).profile is ProfileName.NIST_MFA


def test_a_tenant_s_words_and_its_name_are_weak_in_it_and_have_an_end(house: House) -> None:
    house.set(weak_words="Kestrel, Acme Corp,, ")
    assert house.parts.rules(1).words == ("default", "Kestrel", "Acme Corp")
    with pytest.raises(WrongSetting, match="weak_words takes names with commas"):
        Rules.of({"weak_words": "a," * 1001})


def test_a_new_tenant_has_its_own_rules_at_once(house: House) -> None:
    book = RuleBook(house.parts.store, house.parts.clock)
    assert book(1).profile is ProfileName.NIST
    made = house.administration().tenants.create("acme", {"profile": "vendor"})
    assert isinstance(made, Tenant)
    assert book(made.number).profile is ProfileName.VENDOR
    assert book(99) == Rules()


def test_the_settings_of_mail_are_read_and_a_wrong_one_counts_as_the_strictest() -> None:
    rules = Rules.of({"language": "de-CH", "mail_per_hour": "0", "mail_hold": "0"})
    assert (rules.language, rules.mail_per_hour, rules.mail_hold) == ("de", 0, timedelta(0))
    assert (Rules().language, Rules().mail_per_hour, Rules().mail_hold) == ("en", 3, timedelta(hours=24))
    wrong = Rules.kept({"language": "klingon", "mail_per_hour": "-1", "mail_hold": "169"})
    assert (wrong.language, wrong.mail_per_hour, wrong.mail_hold) == ("en", 1, timedelta(days=7))
