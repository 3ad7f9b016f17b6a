"""What is kept of a person, and what never is."""

from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.users import SECRET_NAMES, Contact, Profile, without_secrets

names = st.sampled_from(["Password", "newPassword", "token", "badge", "site"]) | st.text(max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)


def secrets_in(value: object) -> list[str]:
    """The names of secrets at any depth."""
    if isinstance(value, dict):
        mine = [name for name in value if name.casefold() in SECRET_NAMES]
        return mine + [name for part in value.values() for name in secrets_in(part)]
    return [name for part in value for name in secrets_in(part)] if isinstance(value, list) else []


@given(values)
def test_nothing_is_kept_under_the_name_of_a_secret_and_nothing_else_is_lost(value: object) -> None:
    kept = without_secrets(value)
    assert secrets_in(kept) == []
    if not secrets_in(value):
        assert kept == value


def test_mail_goes_to_the_primary_address_else_to_the_first() -> None:
    one, two = Contact("one@example.com"), Contact("two@example.com", primary=True)
    assert Profile(emails=(one, two)).mail() == "two@example.com"
    assert Profile(emails=(one, two)).other_mails() == ("one@example.com",)
    assert Profile(emails=(one,)).mail() == "one@example.com"
    assert Profile().mail() == ""
