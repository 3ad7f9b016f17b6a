"""The client half pointed at a target that answers as it is told to."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keyturn.core.commands import Command, ResetPassword
from keyturn.core.outcomes import Outcome, Reason, Refused
from keyturn.core.secret import Secret
from keyturn.dialects.primavera.client import PrimaveraDirectory
from keyturn.dialects.primavera.client_session import PrimaveraSettings
from keyturn.http.call import Site
from tests.support.player import Heard, Say, playing

SETTINGS = PrimaveraSettings(Site("", timeout=5.0), "ADMIN", Secret("secret"), patience=5.0, pause=0.0)
FAULT = {"exception": "X", "message": "no"}
NAMES = ("JSMITH", "DPATEL", "AMAL", "BERT", "CLEO")


def reset(who: str, *, notify: bool = False) -> ResetPassword:
    """A known password."""
    return ResetPassword(who, Secret(f"nine green bottles of {who}"), notify)


RESET = reset("JSMITH")


def at(url: str) -> PrimaveraDirectory:
    """The client half with name and password."""
    return PrimaveraDirectory(replace(SETTINGS, site=replace(SETTINGS.site, url=url)))


async def done(commands: list[Command], part: Callable[[Heard], Say] | Say) -> tuple[list[Outcome], list[Heard]]:
    """What comes of commands when the target answers so, and what it was asked."""
    async with playing(part if callable(part) else lambda heard: part) as player:
        directory = at(player.url)
        outcomes = await directory.execute(commands)
        await directory.close()
    return [*outcomes], player.heard


def reason(outcome: Outcome) -> Reason | None:
    """The reason of a refusal, None for everything else."""
    return outcome.reason if isinstance(outcome, Refused) else None


def fine(heard: Heard) -> Say:
    """Every user of the call is fine."""
    sent: Any = heard.sent()
    return Say(200, [{"loginId": each["loginId"]} for each in sent])
