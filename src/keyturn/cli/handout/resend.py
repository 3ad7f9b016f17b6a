"""`keyturn handout resend`: mail what is in a handout to its owners; nothing is reset by it."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.bulk.record.exit import ExitCode
from keyturn.cli.frame import Frame, NotConfirmed, pass_frame
from keyturn.cli.handout.opened import Opened, one_handout, opened
from keyturn.core.harmless import harmless

if TYPE_CHECKING:
    from keyturn.app.run.resending import Came, Resending, Round

_SHOWN = 10


@click.command()
@one_handout
@click.option("--i-mean-it", is_flag=True, help="Confirm: passwords go out by mail, in clear.")
@pass_frame
def resend(frame: Frame, named: str, identity: Path | None, i_mean_it: bool) -> int:
    """Mail what is in a handout, a letter to each address in it. Resets nothing; goes on where an earlier call ended.

    \b
      keyturn handout resend r7f3k2a
      keyturn handout resend handout-r7f3k2a.age --identity key.txt --i-mean-it
    """
    from keyturn.app.run.resending import Resending

    handout = opened(frame, named, identity)
    frame.progress = "Nothing was sent."
    resending = Resending(frame.settings, handout.name, handout.written, handout.memory)
    wanted = resending.round(handout.people)
    _say(frame, wanted, resending.through)
    if not wanted.to_write:
        return ExitCode.FINE
    _confirm(frame, len(wanted.to_write), i_mean_it=i_mean_it)
    frame.progress = f"What was sent is written down in {handout.memory.name}; the same command goes on."
    return _tell(frame, handout, wanted, asyncio.run(_send(resending, wanted)))


async def _send(resending: "Resending", wanted: "Round") -> "Came":
    return await resending.send(wanted)


def _say(frame: Frame, wanted: "Round", through: str) -> None:
    frame.say(f"{len(wanted.to_write):,} mails through {through}, {wanted.sent:,} were sent before")
    for number, (row, why) in enumerate(wanted.left_out.items()):
        if number == _SHOWN:
            frame.say(f"  and {len(wanted.left_out) - _SHOWN:,} more")
            break
        frame.say(f"  row {row} gets none: {why}")
    if wanted.to_write:
        frame.say(
            "Each mail holds a password in clear: whoever reads the mailbox, or a copy of it, can sign in with it."
        )


def _confirm(frame: Frame, count: int, *, i_mean_it: bool) -> None:
    if i_mean_it:
        return
    answer = frame.ask(f"Type the number of mails ({count}):", otherwise="--i-mean-it").strip()
    if answer != str(count):
        raise NotConfirmed


def _tell(frame: Frame, handout: Opened, wanted: "Round", came: "Came") -> int:
    left = len(wanted.to_write) - came.sent - len(came.refused)
    if frame.wants_json:
        frame.json({
            "handout": handout.name, "sent": came.sent, "sent_before": wanted.sent, "left": left,
            "trouble": came.trouble,
            "refused": [{"row": row, "why": why} for row, why in came.refused.items()],
            "left_out": [{"row": row, "why": why} for row, why in wanted.left_out.items()],
        })  # fmt: skip
    else:
        frame.data(f"{came.sent:,} mails were sent, {len(came.refused):,} refused, {left:,} are left")
        for row, why in came.refused.items():
            frame.data(f"  row {row}: {harmless(why)}")
    if came.trouble:
        frame.warn(f"the relay takes no more now: {came.trouble}; the same command goes on", code="KT-CFG-049")
        return ExitCode.UNREACHABLE
    return ExitCode.FAILURES if left or came.refused else ExitCode.FINE
