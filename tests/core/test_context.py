"""The words that are weak for one user: names, addresses, the tenant's words, ours."""

from keyturn.core.context import context_of
from keyturn.core.users import Contact, Profile

AMAL = Profile(
    display_name="Dr. Amal Haddad-Günter", given_name="Amal", family_name="Haddad-Günter",
    emails=(Contact("amal.h@Mail.Acme-Corp.example", "work"), Contact("nightingale@home.example")),
)  # fmt: skip


def test_the_product_is_weak_for_everybody() -> None:
    assert context_of() == {"keyturn"}


def test_names_are_taken_apart_and_an_umlaut_is_read_both_ways() -> None:
    found = context_of("E-1007", profile=AMAL)
    assert {"e1007", "1007", "amal", "haddad", "günter", "gunter", "guenter", "haddadgünter"} <= found


def test_of_an_address_both_sides_count_but_not_its_ending() -> None:
    found = context_of("jo@sub.firm.org", profile=AMAL)
    assert {"amalh", "amal", "mail", "acme", "corp", "nightingale", "home", "firm", "jo@subfirmorg"} <= found
    assert not {"example", "org"} & found


def test_the_tenant_and_its_own_words_count() -> None:
    found = context_of("x", places=["default", " Project Kestrel ", ""])
    assert {"default", "projectkestrel", "project", "kestrel"} <= found
    assert "" not in found
