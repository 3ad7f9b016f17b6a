"""New, changed and deleted users, and the jobs that tell what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from keyturn.core.errors import StoreError
from keyturn.core.ports import Administration
from keyturn.core.users import Window
from keyturn.dialects.primavera.server_asking import Asked, Door, reply
from keyturn.dialects.primavera.server_sets import execute, stored
from keyturn.dialects.primavera.wire import read, users_in
from keyturn.dialects.primavera.wire_jobs import DRAFT, draft_of, result_body
from keyturn.dialects.primavera.wire_user import login_of
from keyturn.http.json import encode
from keyturn.http.paths import segment

_PART: Final = 1000


@dataclass(frozen=True, slots=True)
class Changes:
    """The endpoints for adding, modifying and deleting users.  What is asked is done before it is answered."""

    door: Door

    async def change(self, asked: Asked) -> Response:
        """POST /user: answered with the number of a job, which is done by then.

        With the result itself where the caller prefers to wait for it, and where the result cannot be kept: what was
        done must be told.
        """
        request = await asked.wire_request("user")
        body = request.body if isinstance(request.body, Mapping) else {}
        modified = [login_of(each) for each in users_in(body, "modified")]
        known = await stored(asked.directory, modified)
        groups = await groups_by_name(asked.administration) if _speaks_of_roles(body) else {}
        commands = read(request, known, groups)
        outcomes = await execute(asked.directory, commands)
        refused = self.door.refuse_all(outcomes)
        if refused is not None:
            return refused
        result = result_body(commands, outcomes, self.door.faults)
        if _waits(asked.request):
            answer = reply(result)
            answer.headers["preference-applied"] = "wait"
            return answer
        try:
            number = await asked.administration.keep_job(encode(result).decode())
        except StoreError:
            return reply(result)
        accepted = reply(number, 202)
        accepted.headers["location"] = _address(asked.request, number)
        return accepted

    async def result(self, asked: Asked) -> Response:
        """GET /user/status/{job}: what became of each user, as `POST /user` would have told it at once."""
        kept = await self._kept(asked)
        if kept is None:
            return self.door.say(404, "there is no such job")
        return Response(kept, 200, {"cache-control": "no-store"}, "application/json")

    async def draft(self, asked: Asked) -> Response:
        """GET /user/status/{job}/draft: who failed, as CSV."""
        kept = await self._kept(asked)
        if kept is None:
            return self.door.say(404, "there is no such job")
        headers = {"cache-control": "no-store", "content-disposition": 'attachment; filename="draft.csv"'}
        return Response(draft_of(kept), 200, headers, DRAFT)

    async def _kept(self, asked: Asked) -> bytes | None:
        """The result of a job of the caller's own; those of others look as if they were not there."""
        word = segment(asked.request, "job")
        if not (word.isascii() and word.isdigit() and len(word) < 19):
            return None
        result = await asked.administration.job(int(word))
        return None if result is None else result.encode()


async def groups_by_name(administration: Administration) -> Mapping[str, str]:
    """The uids of the groups that the caller may see, by name in small letters and by uid: roles name both."""
    found: dict[str, str] = {}
    start = 0
    while part := (await administration.groups(Window(start, _PART))).groups:
        found |= {group.name.casefold(): group.uid for group in part} | {group.uid: group.uid for group in part}
        start += len(part)
    return found


def _speaks_of_roles(body: Mapping[str, object]) -> bool:
    sent = [each for part in ("added", "modified") for each in users_in(body, part)]
    return any(each.get("roles") is not None for each in sent)


def _waits(request: Request) -> bool:
    """Whether the caller asks for the result at once (`Prefer: wait`, RFC 7240)."""
    wishes = ",".join(request.headers.getlist("prefer")).split(",")
    return any(wish.partition(";")[0].partition("=")[0].strip().casefold() == "wait" for wish in wishes)


def _address(request: Request, number: int) -> str:
    """Where to ask for the job: below the very address that was called."""
    return f"{quote(request.scope['path']).replace('%00', '%2F')}/status/{number}"
