"""Which cases of the contract a dialect does not play, pinned: a case lost in silence would be a promise lost."""

import pytest

from tests.contract import test_directory, test_directory_passwords
from tests.contract.kinds import KINDS, NEEDS, capabilities_of

SKIPPED = {
    "local": {"test_a_mail_address_belongs_to_one_person", "test_an_id_over_the_limit_is_refused"},
    "mas": {
        "test_a_mail_address_may_be_shared",
        "test_a_password_is_changed_with_the_old_one",
        "test_a_permanent_password_need_not_be_changed",
    },
}


CASES = {
    name: case
    for module in (test_directory, test_directory_passwords)
    for name, case in vars(module).items()
    if name.startswith("test_")
}


def needs_of(case: str) -> tuple[str, ...]:
    """The abilities that a case asks for."""
    marks = getattr(CASES[case], "pytestmark", [])
    return tuple(name for mark in marks if mark.name == "needs" for name in mark.args)


@pytest.mark.parametrize("kind", KINDS)
def test_a_dialect_skips_only_the_cases_that_are_known(kind: str) -> None:
    """Printed for people, and compared."""
    able = capabilities_of(kind)
    skipped = {case for case in CASES if not all(NEEDS[need](able) for need in needs_of(case))}
    print(f"{kind} plays {len(CASES) - len(skipped)} of {len(CASES)} cases and skips {sorted(skipped)}")
    assert skipped == SKIPPED[kind]
