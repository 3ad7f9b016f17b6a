"""Our directory and its groups as the storage that the SCIM library asks: every change is a command."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Final

from scim2_models import (
    Context,
    NotImplementedException,
    ResourceType,
    ResponseParameters,
)
from scim2_models import SearchRequest as Search
from scim2_server.storage import AsyncScimStorage, SearchPage

from keyturn.core.commands import ChangePassword, Command, DeleteUser, ResetPassword, UpdateUser
from keyturn.core.conditions import Condition
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused, Unchanged
from keyturn.core.permissions import NEEDS, not_allowed
from keyturn.core.users import Group, User, Window
from keyturn.dialects.scim.server_asking import Asked
from keyturn.dialects.scim.server_filter import AnyResource, condition_of, name_alone, order_of
from keyturn.dialects.scim.server_service import Service, Turned
from keyturn.dialects.scim.wire import Change, read_change, read_creation
from keyturn.dialects.scim.wire_group import group_body, read_group, read_group_change
from keyturn.dialects.scim.wire_user import Sent, user_body, version_of

_FARTHEST: Final = 10**9
"""Where every list is over, in numbers that a database takes."""

_VERBS: Final = {"PUT": "update", "PATCH": "update", "POST": "update", "DELETE": "delete"}


class Storage(AsyncScimStorage):
    """What one request reads and writes.  The library reads a resource, changes it, and hands it back whole."""

    def __init__(self, asked: Asked, service: Service) -> None:
        self._asked, self._service = asked, service
        self._users: dict[str, User] = {}
        self._groups: dict[str, Group] = {}
        self._steps = count()

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> AnyResource:
        """A resource; never its password, so that one which is there when it comes back is a new one."""
        kind = str(resource_type.name)
        if kind == "User":
            user = await self._asked.directory.find(resource_id)
            if user is not None:
                self._users[resource_id] = user
                return self._user(user)
        else:
            group = await self._asked.administration.group(resource_id)
            if group is not None:
                self._groups[resource_id] = group
                return self._group(group)
        raise Turned(await self._missing(kind.lower(), resource_id))

    async def search(
        self, resource_types: list[ResourceType], search_request: Search[Any], *, position: Any = None
    ) -> SearchPage:
        """A part of the resources of these types, one type after the other."""
        if len(resource_types) > 1 and search_request.sort_by is not None:
            raise NotImplementedException(detail="Users and groups are not sorted into one list")
        start, left = min(search_request.start_index_0 or 0, _FARTHEST), search_request.count or 0
        known = await self._by_name(resource_types, search_request)
        if known is not None:
            return SearchPage(1, [self._user(known)] if start == 0 and left > 0 else [])
        found: list[AnyResource] = []
        total = 0
        for resource_type in resource_types:
            kind = str(resource_type.name)
            window = self._window(search_request, resource_type, max(start - total, 0), left - len(found))
            part, many = await (self._listed_users(window) if kind == "User" else self._listed_groups(window))
            found += part
            total += many
        return SearchPage(total, found)

    async def create(self, resource_type: ResourceType, resource: AnyResource) -> AnyResource:
        """Make a user or a group."""
        body = _sent(resource, Context.RESOURCE_CREATION_REQUEST)
        if resource_type.name == "User":
            outcome = await self._done(read_creation(body, self._operation()))
            return self._user(await self._after(outcome))
        sent = read_group(body)
        made = await self._asked.administration_for(self._operation()).create_group(
            sent.name, members=sent.members, external_id=sent.external_id
        )
        return self._group(_kept(made))

    async def update(
        self, resource_type: ResourceType, resource: AnyResource, *, expected_version: str | None = None
    ) -> AnyResource:
        """Have a resource become what it now is."""
        body, uid = _sent(resource, Context.RESOURCE_REPLACEMENT_REQUEST), str(resource.id)
        version = version_of(expected_version)
        if resource_type.name != "User":
            change = read_group_change(self._groups[uid], body, version)
            return self._group(_kept(await self._asked.administration_for(self._operation()).update_group(uid, change)))
        removes = self._asked.request.method == "PATCH"
        wanted = read_change(self._users[uid], body, version=version, operation=self._operation(), hides=removes)
        await self._change(uid, wanted)
        return self._user(await self._found(uid))

    async def delete(
        self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None
    ) -> None:
        """Delete a resource that was just read."""
        if resource_type.name == "User":
            await self._done(DeleteUser(resource_id, self._operation()))
        else:
            _kept(await self._asked.administration_for(self._operation()).delete_group(resource_id))

    async def _change(self, uid: str, wanted: Change) -> None:
        """The password first: it is what may be refused, and then nothing has been changed."""
        update = wanted.update
        if wanted.password is not None:
            await self._set_password(uid, wanted.password)
            if isinstance(update, UpdateUser) and update.version is not None:
                update = replace(update, version=update.version + 1)
        if update is None:
            return
        outcome = await self._tried(update)
        if isinstance(outcome, Refused):
            before = "the password was set, but the rest was not: " if wanted.password is not None else ""
            raise Turned(replace(outcome, text=before + outcome.text))

    async def _set_password(self, uid: str, reset: ResetPassword) -> None:
        """Who sets their own password, having shown the present one, changes it; everybody else's is set."""
        old = self._asked.old
        if reset.new is not None and uid == self._asked.actor.id and old is not None:
            await self._done(ChangePassword(uid, reset.new, old, reset.operation))
        else:
            await self._done(reset)

    async def _tried(self, command: Command) -> Outcome:
        [outcome] = await self._asked.directory.execute([command])
        return outcome

    async def _done(self, command: Command) -> Outcome:
        """What came of a command that was not refused."""
        outcome = await self._tried(command)
        if isinstance(outcome, Refused):
            raise Turned(outcome)
        return outcome

    async def _after(self, outcome: Outcome) -> User:
        """The user as a creation left it; one who asks again after years may no longer be shown it."""
        user = outcome.user if isinstance(outcome, Created | Changed | Unchanged) else None
        if user is None:
            raise Turned(Refused("", Reason.NO_SUCH_USER))
        return user

    async def _found(self, uid: str) -> User:
        return await self._asked.directory.find(uid) or self._users[uid]

    async def _missing(self, kind: str, uid: str) -> Refused:
        """Why there is nothing to show; audited where something was to be changed."""
        verb = f"{kind}.{_VERBS.get(self._asked.request.method, 'read')}"
        reason = Reason.NO_SUCH_USER if kind == "user" else Reason.NO_SUCH_GROUP
        missing = Refused(uid, reason, f"there is no such {kind}")
        if self._asked.request.method not in _VERBS:
            return missing
        allowed = NEEDS[verb] | NEEDS[f"{kind}.read"] <= self._asked.actor.rights
        return await self._asked.refuse(verb, missing if allowed else not_allowed(uid))

    def _operation(self) -> str:
        """The caller's id of this step; a bulk request's holds for all of its steps, each by its place."""
        operation, step = self._asked.operation, next(self._steps)
        return f"{operation}/{step}" if operation and step else operation

    def _window(self, search: Search[Any], resource_type: ResourceType, start: int, many: int) -> Window:
        kind, model = str(resource_type.name), self._service.get_model(resource_type)
        where: Condition | None = None
        if search.filter is not None:
            where = condition_of(search.filter, model, kind)
        descending = search.sort_order == Search.SortOrder.descending
        return Window(start, many, "", where, order_of(search.sort_binding(model), kind, descending=descending))

    async def _listed_users(self, window: Window) -> tuple[Sequence[AnyResource], int]:
        found = await self._asked.directory.list(window)
        return [self._user(user) for user in found.users], found.total or 0

    async def _listed_groups(self, window: Window) -> tuple[Sequence[AnyResource], int]:
        found = await self._asked.administration.groups(window)
        return [self._group(group) for group in found.groups], found.total

    async def _by_name(self, resource_types: list[ResourceType], search: Search[Any]) -> User | None:
        """Whom a search for one userName means by its very spelling: found by index, and the only one that is meant.

        That is how providers look for each user before they make or change one.
        """
        if len(resource_types) > 1 or search.filter is None:
            return None
        name = name_alone(search.filter, self._service.get_model(resource_types[0]))
        if name is None or resource_types[0].name != "User":
            return None
        return await self._asked.by_name.find(name)

    def _user(self, user: User) -> AnyResource:
        body = user_body(user)
        return self._service.get_model(self._service.get_resource_type("User")).model_validate(body)

    def _group(self, group: Group) -> AnyResource:
        return self._service.get_model(self._service.get_resource_type("Group")).model_validate(group_body(group))


def _sent(resource: AnyResource, context: Context) -> Sent:
    """A resource as plain values, without what is ours to say."""
    body: Sent = resource.model_dump(scim_ctx=context)
    return body


def _kept(group: Group | Refused) -> Group:
    if isinstance(group, Refused):
        raise Turned(group)
    return group
