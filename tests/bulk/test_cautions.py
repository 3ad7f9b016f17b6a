"""What a plan warns of, as far as it can be known before anything is sent."""

from pathlib import Path

import pytest

from keyturn.bulk.job import Job
from keyturn.bulk.planning.cautions import Caution, Noticed, cautions, of_sign_in
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import ChangePassword
from keyturn.core.journal import RowState
from tests.bulk.desk import job, plan_of, write
from tests.support.memory_directory import ABLE, able

ASKS = able(carries=ABLE.carries | {ChangePassword}, needs_old=True)
FOR_GOOD = able(temporary=False, permanent=True)
MAILS_ALONE = able(hands_back=False)


def codes(order: Job, capabilities: Capabilities = ABLE, noticed: Noticed | None = None) -> list[str]:
    """The codes of what is warned of."""
    return [caution.code for caution in cautions(order, capabilities, noticed or Noticed())]


@pytest.mark.parametrize(
    ("order", "capabilities", "expected"),
    [
        (job(), ABLE, []),
        (job(), FOR_GOOD, ["KT-POL-014"]),
        (job("create"), FOR_GOOD, ["KT-POL-014"]),
        (job(password="target", email=True), FOR_GOOD, ["KT-RUN-030"]),
        (job(), ASKS, ["KT-TGT-011"]),
        (job("create"), ASKS, []),
        (job(password="target", email=True), MAILS_ALONE, ["KT-RUN-030", "KT-RUN-032"]),
        (job("create", "target", email=True), MAILS_ALONE, ["KT-RUN-030"]),
        (job(password="column:pw"), ABLE, ["KT-IN-022"]),
        (job(), able(temporary=None), ["KT-POL-014"]),
        (job(email=True), able(mail_shows=False), ["KT-RUN-032"]),
        (job(password="target", email=True), able(mail_shows=False), ["KT-RUN-030"]),
        (job("create"), able(creation="a company"), ["KT-TGT-013"]),
        (job(), able(creation="a company"), []),
    ],
)
def test_what_the_target_can_do_decides_what_is_warned_of(
    order: Job, capabilities: Capabilities, expected: list[str]
) -> None:
    """Never the name of a vendor."""
    assert codes(order, capabilities) == expected


def test_a_column_of_passwords_that_is_not_read_is_named(tmp_path: Path) -> None:
    """It may have been meant."""
    path = write(tmp_path, "userid,Password,Old_Password\na,x,y\n")
    assert plan_of(path).warnings == [
        Caution("KT-IN-023", "passwords seem to stand in the column Password, Old_Password, which is not read")
    ]
    assert set(plan_of(path).columns) == {"id"}


def test_new_users_without_an_address_are_counted(tmp_path: Path) -> None:
    """What the target cannot mail goes into the handout."""
    path = write(tmp_path, "userid,email\na,a@example.com\nb, \nc,\n")
    plan = plan_of(path, job("create", email=True))
    assert (plan.unmailed, plan.told()["unmailed"]) == (2, 2)
    assert plan.warnings == [
        Caution("KT-RUN-033", "2 new users have no mail address: the password goes into the handout")
    ]
    one = plan_of(
        write(tmp_path, "userid,email,pw\nb,,a new pass phrase of mine\n"), job("create", "column:pw", email=True)
    )
    assert one.warnings[-1].text == "1 new user has no mail address: they are told the password by you"
    assert plan_of(path, job(email=True)).unmailed == 0


def test_what_is_said_of_people_and_not_kept_is_named(tmp_path: Path) -> None:
    """By its column, for creations alone."""
    path = write(tmp_path, "userid,E-Mail,sn,login\na,a@example.com,b,c\n")
    bare = able(names=False)
    [caution] = plan_of(path, job("create"), capabilities=bare).warnings
    assert (caution.code, caution.text.partition("; ")[2]) == ("KT-TGT-014", "not kept: E-Mail, sn")
    assert plan_of(path, job("create")).warnings == []
    assert plan_of(path, capabilities=bare).warnings == []


def test_a_password_that_nobody_would_learn_is_not_made(tmp_path: Path) -> None:
    """The target makes it, mails it and does not show it: without an address the row is blocked."""
    path = write(tmp_path, "userid,email\na,a@example.com\nb,\n")
    plan = plan_of(path, job("create", "target", email=True), capabilities=MAILS_ALONE)
    assert [(row.state, row.reason) for row in plan.rows()] == [
        (RowState.NOT_TRIED, ""), (RowState.FAILED, "no-mail-address"),
    ]  # fmt: skip
    assert plan.unmailed == 0
    assert plan_of(path, job("create", "target", email=True)).change == 2


def test_a_sign_in_that_ends_before_the_run_is_warned_of() -> None:
    """Only where it cannot be renewed, and only where both times are known."""
    [caution] = of_sign_in(2280.0, 4986.0, renewed=False)
    assert caution.code == "KT-AUTH-008"
    assert "good for 38 min, this run takes about 83 min" in caution.text
    assert of_sign_in(2280.0, 95.0, renewed=False) == []
    assert of_sign_in(95.0, 95.0, renewed=True) == []
    assert of_sign_in(None, 95.0, renewed=False) == of_sign_in(95.0, None, renewed=False) == []
