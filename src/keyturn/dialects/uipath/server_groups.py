"""`/api/Group`: groups, and who is in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from keyturn.core.conditions import Compare, Many, Part, Some, Test
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.users import Group, User, Window
from keyturn.dialects.uipath.server_asking import Asked, Door, is_own, no_organization, reply, stranger_in
from keyturn.dialects.uipath.wire_answers import write_deletions, write_refusal
from keyturn.dialects.uipath.wire_group import (
    group_body,
    group_faults,
    members_body,
    read_group_change,
    read_group_ids,
    read_new_group,
)
from keyturn.dialects.uipath.wire_user import guid_of
from keyturn.http.faults import FaultTable
from keyturn.http.paths import segment
from keyturn.http.query import whole

GROUPS: Final = "PM.Group"
"""The scope of these calls; `.Read` and `.Write` are its halves."""

_MOST_LISTED: Final = 1000
_USUALLY_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class Groups:
    """The endpoints of groups."""

    door: Door

    async def list(self, asked: Asked) -> Response:
        """GET /api/Group/{partition}: all of them, with ids and names of their members."""
        if not await is_own(asked, segment(asked.request, "id")):
            return no_organization()
        refused = await asked.refusal("group.list")
        if refused is not None:
            return self._refuse(refused)
        found: list[Group] = []
        while True:
            page = await asked.administration().groups(Window(len(found), _MOST_LISTED))
            found += page.groups
            if len(page.groups) < _MOST_LISTED:
                return reply([group_body(group, {}) for group in found])

    async def show(self, asked: Asked) -> Response:
        """GET /api/Group/{partition}/{group}: with what is known of its members."""
        group = await self._group(asked)
        return group if isinstance(group, Response) else reply(group_body(group, await _people(asked, group)))

    async def members(self, asked: Asked) -> Response:
        """GET /api/Group/{partition}/{group}/Members"""
        group = await self._group(asked)
        if isinstance(group, Response):
            return group
        count = whole(asked.query, "top", _USUALLY_LISTED, most=_MOST_LISTED)
        return reply(members_body(group.members, whole(asked.query, "skip", 0, most=10**9), count))

    async def create(self, asked: Asked) -> Response:
        """POST /api/Group"""
        body = await asked.body()
        new, stranger = read_new_group(body), await stranger_in(asked, body)
        if stranger is not None:
            return stranger
        return self._answer(await asked.administration().create_group(new.name, members=new.members))

    async def change(self, asked: Asked) -> Response:
        """PUT /api/Group/{group}"""
        body = await asked.body()
        change, stranger = read_group_change(body), await stranger_in(asked, body)
        if stranger is not None:
            return stranger
        uid = segment(asked.request, "id")
        return self._answer(await asked.administration().update_group(guid_of(uid) or uid, change))

    async def delete(self, asked: Asked) -> Response:
        """DELETE /api/Group/{partition}/{group}"""
        if not await is_own(asked, segment(asked.request, "partition")):
            return no_organization()
        uid = segment(asked.request, "group")
        gone = await asked.administration().delete_group(guid_of(uid) or uid)
        return self._refuse(gone) if isinstance(gone, Refused) else reply(None, 204)

    async def delete_many(self, asked: Asked) -> Response:
        """DELETE /api/Group/{partition}: each by itself; the answer has an error for each that is still there."""
        if not await is_own(asked, segment(asked.request, "id")):
            return no_organization()
        administration = asked.administration()
        gone = [await administration.delete_group(uid) for uid in read_group_ids(await asked.body())]
        if not any(isinstance(one, Refused) for one in gone):
            return reply(None, 204)
        outcomes = [one if isinstance(one, Refused) else Changed(one.uid) for one in gone]
        return self.door.answer(write_deletions(outcomes, self._faults))

    async def _group(self, asked: Asked) -> Group | Response:
        if not await is_own(asked, segment(asked.request, "partition")):
            return no_organization()
        uid = segment(asked.request, "group")
        group = await asked.administration().group(guid_of(uid) or uid)
        return group or self._refuse(Refused(uid, Reason.NO_SUCH_GROUP, "there is no such group"))

    def _answer(self, group: Group | Refused) -> Response:
        return self._refuse(group) if isinstance(group, Refused) else reply(group_body(group, {}))

    def _refuse(self, refused: Refused) -> Response:
        return self.door.answer(write_refusal(refused, self._faults))

    @property
    def _faults(self) -> FaultTable:
        return group_faults(self.door.faults)


async def _people(asked: Asked, group: Group) -> Mapping[str, User]:
    """The members of a group who are users, by uid."""
    inside = Some(Many.GROUPS, Compare(Part.UID, Test.EQUAL, group.uid))
    directory, found = asked.directory(), dict[str, User]()
    while True:
        page = await directory.list(Window(len(found), _MOST_LISTED, where=inside))
        found |= {user.uid: user for user in page.users}
        if len(page.users) < _MOST_LISTED:
            return found
