"""The settings of runs and of what they hand out."""

from typing import Annotated, Literal

import msgspec

from keyturn.app.config.sections import Section

_MANY = r"(\d{1,9}|\d{1,2}(\.\d+)?%|100%)"
Limit = Annotated[str, msgspec.Meta(pattern=rf"^{_MANY}(,[a-z-]+={_MANY})*$")]


Approver = Annotated[str, msgspec.Meta(pattern=r"^\S(.{0,98}\S)? ed25519:[0-9a-f]{64}$")]


class RunSettings(Section, frozen=True):
    """How runs are guarded and recorded."""

    confirm_above: Annotated[int, msgspec.Meta(ge=0)] = 25
    """Up to so many rows a yes is enough; above, the number is typed."""

    max_failures: Limit = "5%"
    """Stop when so many rows failed: a number, or a share after the first 50 rows; causes by themselves as in
    `5%,no-such-user=30%`."""

    same: bool = True
    """Whether one password for all users of a file (`--password same`) may be asked for."""

    approvers: tuple[Approver, ...] = ()
    """Who may approve plans: a name and a public key each, as `keyturn plan key` prints them."""

    approve_above: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """More users than so many are changed only by a plan that somebody else has approved; empty: any number."""

    report: tuple[str, ...] = ("html", "csv", "jsonl")
    """Which reports to write: html, csv, jsonl, junit, md."""

    keep_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 90
    """Finished runs that are older are named by `keyturn runs list` and reduced to their counts by
    `keyturn runs forget --old`; 0: never.  Nothing is deleted by itself."""

    notice_relay: str = ""
    """The mail relay for `keyturn runs notify`, as in `mail.example.com:587`; empty: that of `[serve] smtp`."""

    notice_from: str = ""
    """The sender of those notices; empty: `[serve] mail_from`."""

    redact: tuple[str, ...] = ()
    """What reports and events hide: `ids` puts a digest in place of each id, the same all through a run."""

    report_dir: str = ""
    """Where reports go; empty: into the run's own folder."""


class HandoutSettings(Section, frozen=True):
    """The sealed file with new passwords."""

    age_recipients: tuple[str, ...] = ()
    """The age public keys (`age1...`) that can open handouts.  Empty: an identity made here at first need."""

    columns: tuple[str, ...] = ()
    """Columns of the file that go into the handout too, where it has them: what letters are sorted and split by."""

    split: str = ""
    """A column by which handouts are split, where the file has it: each value that `recipients` names gets its own."""

    recipients: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Who can open the handout of a value of `split`, as in `Lyon = ["age1..."]`; `age_recipients` can open it too."""

    language: str = "en"
    """The language of letters to people whose own is not in the file: en, de, es, fr or ja."""

    paper: Literal["a4", "letter"] = "a4"
    """The paper that letters are printed on."""

    letter_head: str = ""
    """Who writes, in one line above the address."""

    smtp: str = ""
    """The relay for mails that repeat what is in a handout, as in `mail.example.com:587`; empty: that of `[serve]`."""

    mail_from: str = ""
    """The sender of those mails; empty: that of `[serve]`."""

    mails_per_minute: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    """How many of those mails leave in a minute; 0: as many as `[serve]` says."""

    help_text: str = ""
    """Whom to call, as letters say it; may have several lines."""
