"""What a target says to the client half in these tests."""

from collections.abc import Callable, Mapping

from keyturn.core.commands import Command, ResetPassword
from keyturn.core.outcomes import Outcome, Reason, Refused
from keyturn.core.secret import Secret
from keyturn.dialects.hdp.client import HdpDirectory
from keyturn.dialects.hdp.client_people import HdpSettings
from keyturn.http.call import Site
from tests.support.player import Heard, Say, playing

FAULT = {"error": {"code": 1, "message": {"lang": "en-US", "value": "no"}}}
HTML = Say(200, text=b"<html>please sign in</html>")
LIST = "/api/admin/users"


def person(number: object, login: str, **more: object) -> dict[str, object]:
    """A user as the list shows it."""
    return {"id": number, "userName": login, "tenantId": 1, "statusInfo": {"status": 1, "accountLocked": False}, **more}


AMAL, BERT, SEVEN, ROOT = person(7, "amal"), person(8, "bert"), person(9, "7"), person(1, "root")
PEOPLE = {"users": [AMAL, BERT, ROOT]}
RESET = ResetPassword("amal", Secret("TempSecret1!"))
Part = Callable[[Heard], Say]


def directory_at(url: str, tenant: str = "", timeout: float = 5.0) -> HdpDirectory:
    """The client half with a login."""
    return HdpDirectory(HdpSettings(Site(url, timeout=timeout), "root", Secret("x"), tenant, repeats=True))


def answering(say: Say, listed: object = PEOPLE, stored: Mapping[str, object] = AMAL) -> Part:
    """The list, the user, and for everything else what is said."""

    def part(heard: Heard) -> Say:
        if heard.method == "GET":
            return Say(200, listed) if heard.target.startswith(LIST + "?") or heard.target == LIST else Say(200, stored)
        return say

    return part


async def done(command: Command, say: Say, listed: object = PEOPLE, stored: Mapping[str, object] = AMAL) -> Outcome:
    """What comes of one command when the target answers so."""
    async with playing(answering(say, listed, stored)) as player:
        directory = directory_at(player.url)
        [outcome] = await directory.execute([command])
        await directory.close()
    return outcome


def reason(outcome: Outcome) -> Reason | None:
    """The reason of a refusal, None for everything else."""
    return outcome.reason if isinstance(outcome, Refused) else None
