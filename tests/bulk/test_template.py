"""The head of a file fits the target: its kind of id, and no column that it has no place for."""

import pytest

from keyturn.bulk.intake.template import columns
from keyturn.core.capabilities import Capabilities
from keyturn.core.users import Handle
from tests.bulk.desk import job
from tests.support.memory_directory import ABLE, able

PEOPLE = ["email", "display_name", "given_name", "family_name"]


@pytest.mark.parametrize(
    ("able_to", "head"),
    [
        (ABLE, ["userid", "username", *PEOPLE]),
        (able(handle=Handle.LOGIN), ["userid", *PEOPLE]),
        (able(handle=Handle.NUMBER, names=False), ["userid"]),
        (able(handle=Handle.UID, names=False), ["userid"]),
    ],
)
def test_a_new_user_has_the_columns_that_the_target_keeps(able_to: Capabilities, head: list[str]) -> None:
    """And one sign-in name, where it is not the id."""
    assert list(columns(job("create"), able_to)) == head
    assert list(columns(job(), able_to)) == ["userid"]


def test_the_example_has_the_kind_of_id_that_the_target_takes() -> None:
    shown = {handle: columns(job(), able(handle=handle))["userid"] for handle in Handle}
    assert shown[Handle.NUMBER].isdigit()
    assert len(shown[Handle.UID]) == 36
    assert len(set(shown.values())) == len(Handle)
