"""Which cases of the contract a dialect does not play, pinned: a case lost in silence would be a promise lost."""

import pytest

from tests.contract import test_directory, test_directory_groups, test_directory_passwords, test_directory_reading
from tests.contract.kinds import KINDS, NEEDS, capabilities_of

WITH_GROUPS = {"local", "uipath"}
"""Those who play the cases with groups."""

SKIPPED = {
    "local": {"test_a_mail_address_belongs_to_one_person", "test_an_id_over_the_limit_is_refused"},
    "hdp": {
        "test_a_generated_password_is_handed_back_and_works_once",
        "test_a_known_password_is_not_mailed_but_a_link_is",
        "test_a_mail_address_belongs_to_one_person",
        "test_a_mailed_password_is_in_the_outbox_and_not_in_the_answer",
        "test_a_new_user_is_found_as_told",
        "test_a_new_user_is_found_with_names_and_address",
        "test_a_password_is_changed_with_the_old_one",
        "test_a_permanent_password_need_not_be_changed",
        "test_a_profile_is_replaced_as_a_whole",
        "test_a_repeated_operation_is_answered_alike",
        "test_a_second_generated_password_ends_the_first",
        "test_a_sign_in_name_belongs_to_one_person",
        "test_a_stale_version_is_refused",
        "test_a_user_may_be_made_with_a_generated_password",
        "test_all_parts_of_a_user_change_together",
        "test_an_operation_id_is_not_used_for_another_command",
        "test_each_part_of_a_user_changes_alone",
        "test_many_equal_operations_at_once_have_one_effect",
        "test_nobody_touches_or_confers_rights_that_they_lack",
        "test_validating_makes_nobody",
        "test_without_an_address_nothing_is_mailed_and_that_is_told",
    },
    "mas": {
        "test_a_mail_address_may_be_shared",
        "test_a_password_is_changed_with_the_old_one",
        "test_a_permanent_password_need_not_be_changed",
    },
    "mas-9.1": {
        "test_a_mail_address_may_be_shared",
        "test_a_password_is_changed_with_the_old_one",
        "test_a_permanent_password_need_not_be_changed",
        "test_validating_makes_nobody",
    },
    "primavera": {
        "test_a_generated_password_is_handed_back_and_works_once",
        "test_a_known_password_signs_in_once_and_must_be_changed",
        "test_a_mail_address_belongs_to_one_person",
        "test_a_new_user_is_found_as_told",
        "test_a_password_is_changed_with_the_old_one",
        "test_a_repeated_operation_is_answered_alike",
        "test_a_second_generated_password_ends_the_first",
        "test_a_sign_in_name_belongs_to_one_person",
        "test_a_stale_version_is_refused",
        "test_a_user_may_be_made_with_a_generated_password",
        "test_all_parts_of_a_user_change_together",
        "test_an_id_over_the_limit_is_refused",
        "test_an_operation_id_is_not_used_for_another_command",
        "test_each_part_of_a_user_changes_alone",
        "test_many_equal_operations_at_once_have_one_effect",
        "test_nobody_touches_or_confers_rights_that_they_lack",
        "test_validating_makes_nobody",
    },
    "scim": {
        "test_a_generated_password_is_handed_back_and_works_once",
        "test_a_known_password_is_not_mailed_but_a_link_is",
        "test_a_mail_address_belongs_to_one_person",
        "test_a_mailed_password_is_in_the_outbox_and_not_in_the_answer",
        "test_a_new_user_is_found_as_told",
        "test_a_password_is_changed_with_the_old_one",
        "test_a_permanent_password_need_not_be_changed",
        "test_a_repeated_operation_is_answered_alike",
        "test_a_second_generated_password_ends_the_first",
        "test_a_sign_in_name_belongs_to_one_person",
        "test_a_stale_version_is_refused",
        "test_a_user_may_be_made_with_a_generated_password",
        "test_all_parts_of_a_user_change_together",
        "test_an_id_over_the_limit_is_refused",
        "test_an_operation_id_is_not_used_for_another_command",
        "test_each_part_of_a_user_changes_alone",
        "test_many_equal_operations_at_once_have_one_effect",
        "test_nobody_touches_or_confers_rights_that_they_lack",
        "test_validating_makes_nobody",
        "test_without_an_address_nothing_is_mailed_and_that_is_told",
    },
    "uipath": {
        "test_a_mail_address_may_be_shared",
        "test_a_mailed_password_is_in_the_outbox_and_not_in_the_answer",
        "test_a_new_user_is_found_as_told",
        "test_a_permanent_password_need_not_be_changed",
        "test_a_repeated_operation_is_answered_alike",
        "test_a_second_generated_password_ends_the_first",
        "test_a_sign_in_name_belongs_to_one_person",
        "test_a_stale_version_is_refused",
        "test_a_user_may_be_made_with_a_generated_password",
        "test_a_generated_password_is_handed_back_and_works_once",
        "test_a_known_password_is_not_mailed_but_a_link_is",
        "test_all_parts_of_a_user_change_together",
        "test_an_id_over_the_limit_is_refused",
        "test_an_operation_id_is_not_used_for_another_command",
        "test_each_part_of_a_user_changes_alone",
        "test_many_equal_operations_at_once_have_one_effect",
        "test_nobody_touches_or_confers_rights_that_they_lack",
        "test_validating_makes_nobody",
        "test_without_an_address_nothing_is_mailed_and_that_is_told",
    },
}


WITH_TRIALS = {"hdp", "primavera"}
"""Those at whose doors a password can be tried by a call that consumes nothing."""

TRIALS = {name for name in vars(test_directory_reading) if name.startswith("test_a_trial_")}
"""The cases of those."""

GROUPS = {name for name in vars(test_directory_groups) if name.startswith("test_")}
"""The cases of those who take people into groups."""

CASES = {
    name: case
    for module in (test_directory, test_directory_groups, test_directory_passwords, test_directory_reading)
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
    apart = (set() if kind in WITH_GROUPS else GROUPS) | (set() if kind in WITH_TRIALS else TRIALS)
    assert skipped == SKIPPED[kind] | apart
