"""A tenant's settings become rules; a typing error never weakens them."""

from datetime import timedelta

import pytest

from keyturn.core.policy import ProfileName
from keyturn.core.storage import Tenant
from keyturn.core.tenancy import KnownValues, MailMode, RuleBook, Rules
from tests.support.house import House


def test_without_settings_the_strict_defaults_hold() -> None:
    assert Rules.of({}) == Rules(ProfileName.NIST, MailMode.SAFE, KnownValues.TEMPORARY, timedelta(hours=24))


def test_settings_are_read_and_a_temporary_value_lives_a_week_at_most() -> None:
    rules = Rules.of({"profile": "vendor", "mail": "link", "known_values": "refuse", "temporary_hours": "9999"})
    assert rules == Rules(ProfileName.VENDOR, MailMode.LINK, KnownValues.REFUSE, timedelta(days=7))


@pytest.mark.parametrize("setting", ["profile", "mail", "known_values", "temporary_hours"])
def test_an_unknown_word_is_an_error(setting: str) -> None:
    with pytest.raises(ValueError, match="tyop"):
        Rules.of({setting: "tyop"})


def test_a_new_tenant_has_its_own_rules_at_once(house: House) -> None:
    book = RuleBook(house.parts.store, house.parts.clock)
    assert book(1).profile is ProfileName.NIST
    made = house.administration().tenants.create("acme", {"profile": "vendor"})
    assert isinstance(made, Tenant)
    assert book(made.number).profile is ProfileName.VENDOR
    assert book(99) == Rules()
