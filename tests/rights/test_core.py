"""The full cross product of the table of rights, asked of the directory and its administration themselves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

import pytest

from keyturn.core.administration import LocalAdministration
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import (
    ChangePassword,
    Command,
    CreateUser,
    DeleteUser,
    Origin,
    ResetPassword,
    SetStatus,
    UpdateUser,
)
from keyturn.core.directory import LOCAL, LocalDirectory
from keyturn.core.enrolling import LocalFactors
from keyturn.core.membership import GroupChange
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.ownkeys import OwnKeys
from keyturn.core.permissions import Actor, Proof
from keyturn.core.ports import KeyChange, NewKey
from keyturn.core.secret import Secret
from keyturn.core.sessions import Session
from keyturn.core.steps import Caller
from keyturn.core.users import ALL_RIGHTS, Group, Handle, Profile, Right, Status, Window
from tests.rights.table import CONFINED, ROLES, Row, rows
from tests.support.house import GOOD, OTHER, START, House
from tests.support.stores import mail as a_mail

LATER = START + timedelta(days=1)
NOTHING: frozenset[Right] = frozenset()
numbers = count()


@dataclass
class Scene:
    """Somebody in a role, and what they may try it on."""

    house: House
    role: str
    name: str = field(default_factory=lambda: f"actor{next(numbers)}")
    actor: Actor = field(init=False)

    def __post_init__(self) -> None:
        uid = self._uid(self.name, ROLES[self.role])
        proof = Proof.RESTRICTED if self.role == CONFINED else Proof.SESSION
        since = self.house.clock.now()
        self.actor = Actor(uid, self.name, 1, ROLES[self.role], proof, session=self._session(uid), since=since)

    def user(self, target: str) -> str:
        """The id of the user that a target class means."""
        if target in ("self", "missing", "nobody"):
            return self.name if target == "self" else f"nobody{next(numbers)}"
        who = f"target{next(numbers)}"
        self.house.add(
            who,
            password=GOOD,
            rights=ALL_RIGHTS if target == "above" else NOTHING,
            tenant=2 if target == "foreign" else 1,
        )
        return who

    def key(self, target: str) -> str:
        """The id of such a key."""
        if target == "missing":
            return "a-default-nothing"
        rights = ALL_RIGHTS if target == "above" else NOTHING
        made = self.house.administration(tenant=2 if target == "foreign" else 1).create_key("mas", "", rights)
        assert isinstance(made, NewKey)
        return made.key.id

    def mail(self, target: str) -> str:
        """The id of a mail that waits for such a user."""
        if target == "missing":
            return "nothing"
        tenant, mail = (2 if target == "foreign" else 1), f"mail{next(numbers)}-"
        uid = uid_of(self, self.user(target))
        with self.house.parts.store.writing() as transaction:
            transaction.outbox.put([replace(a_mail(mail, uid, tenant=tenant), expires=LATER)])
        return mail

    def group(self, target: str) -> str:
        """The uid of such a group."""
        if target == "missing":
            return "nothing"
        rights = ALL_RIGHTS if target == "above" else NOTHING
        door = self.house.administration(tenant=2 if target == "foreign" else 1)
        made = door.groups.create(f"group{next(numbers)}", rights, (), "")
        assert isinstance(made, Group)
        return made.uid

    def do(self, command: Command) -> object:
        """What comes of a command."""
        [outcome] = LocalDirectory(self.house.parts, self.caller(LOCAL)).execute([command])
        return outcome

    @property
    def administration(self) -> LocalAdministration:
        """The administration as the role may use it."""
        return LocalAdministration(self.house.parts, self.caller(Capabilities(frozenset())))

    @property
    def factors(self) -> LocalFactors:
        """Second factors as the role may use them."""
        return LocalFactors(self.house.signing_in, self.caller(LOCAL))

    @property
    def own_keys(self) -> OwnKeys:
        """Keys of one's own as the role may make them."""
        return OwnKeys(self.house.parts, self.caller(LOCAL))

    @property
    def directory(self) -> LocalDirectory:
        """The directory as the role may use it."""
        return LocalDirectory(self.house.parts, self.caller(LOCAL))

    def caller(self, via: Capabilities) -> Caller:
        return Caller(self.actor, via, "test", Origin(), self.house.parts.rules(1))

    def _session(self, uid: str) -> str:
        """A session of the one who must change the password."""
        now, store = self.house.clock.now(), self.house.parts.store
        with store.writing() as transaction:
            epoch = transaction.users.by_uid([uid])[uid].epoch
            restricted = self.role == CONFINED
            transaction.sessions.start(Session(uid, "user", uid, 1, epoch, restricted, now, now + timedelta(hours=1)))
        return uid

    def _uid(self, who: str, rights: frozenset[Right]) -> str:
        made = self.house.add(who, password=GOOD, rights=rights)
        assert made.user is not None
        return made.user.uid


def uid_of(scene: Scene, who: str) -> str:
    with scene.house.parts.store.reading() as view:
        found = [view.users.get(tenant, who, Handle.KEY) for tenant in (1, 2)]
    return next((user.uid for user in found if user is not None), "nothing")


def change(scene: Scene, target: str) -> object:
    """A change of password with the present one."""
    return scene.do(ChangePassword(scene.user(target), OTHER, Secret(GOOD.reveal())))


DEEDS: Mapping[str, Callable[[Scene, str], object]] = {
    "user.create": lambda scene, target: scene.do(CreateUser(scene.user(target), Profile())),
    "user.update": lambda scene, target: scene.do(UpdateUser(scene.user(target), Profile("New"))),
    "user.status": lambda scene, target: scene.do(SetStatus(scene.user(target), Status.LOCKED)),
    "user.delete": lambda scene, target: scene.do(DeleteUser(scene.user(target))),
    "user.read": lambda scene, target: scene.directory.find(scene.user(target)) is not None,
    "user.list": lambda scene, target: bool(scene.directory.list(Window()).users),
    "password.reset": lambda scene, target: scene.do(ResetPassword(scene.user(target), OTHER)),
    "password.change": change,
    "grant.write": lambda scene, target: scene.administration.grant(
        scene.user(target), Handle.KEY, "main", "manage", "USER"
    ),
    "group.read": lambda scene, target: scene.administration.groups.find(scene.group(target)) is not None,
    "group.list": lambda scene, target: (
        scene.group("peer") != "" and bool(scene.administration.groups.page(Window()).groups)
    ),
    "group.create": lambda scene, target: scene.administration.groups.create(f"new{next(numbers)}", NOTHING, (), ""),
    "group.update": lambda scene, target: scene.administration.groups.update(
        scene.group(target), GroupChange(name=f"new{next(numbers)}")
    ),
    "group.delete": lambda scene, target: scene.administration.groups.delete(scene.group(target)),
    "key.list": lambda scene, target: scene.administration.keys(),
    "key.create": lambda scene, target: scene.administration.create_key("mas", "", NOTHING),
    "key.update": lambda scene, target: scene.administration.update_key(
        scene.key(target), KeyChange(description="new")
    ),
    "mail.list": lambda scene, target: scene.administration.mails.list(),
    "mail.retry": lambda scene, target: scene.administration.mails.retry(scene.mail(target)),
    "mail.cancel": lambda scene, target: scene.administration.mails.cancel(scene.mail(target)),
    "key.own": lambda scene, target: scene.own_keys.create("mas"),
    "factor.read": lambda scene, target: scene.factors.of(scene.user(target), Handle.KEY),
    "factor.change": lambda scene, target: scene.factors.propose("phone"),
    "factor.remove": lambda scene, target: scene.factors.remove_all(scene.user(target), Handle.KEY),
    "key.revoke": lambda scene, target: scene.administration.revoke_key(scene.key(target)),
    "session.list": lambda scene, target: scene.administration.sessions.of(scene.user(target), Handle.KEY),
    "session.end": lambda scene, target: scene.administration.sessions.end(scene.user(target), Handle.KEY, ""),
    "tenant.create": lambda scene, target: scene.administration.tenants.create(f"new{next(numbers)}", {}),
    "tenant.update": lambda scene, target: scene.administration.tenants.update(2, None, {}),
    "tenant.appoint": lambda scene, target: scene.administration.tenants.appoint(
        uid_of(scene, scene.user(target)), frozenset()
    ),
}
"""How each operation is asked for."""

AT_DOORS = frozenset({"policy.read", "policy.write", "tenant.read", "audit.read", "workspace.read"})
"""Operations without a method of the core: readings that doors judge by the same table, and `test_doors` asks there."""


@pytest.mark.proves("AZ-1")
def test_every_operation_of_the_table_is_asked_for_here_or_at_a_door() -> None:
    assert {row.operation for row in rows()} == DEEDS.keys() | AT_DOORS


@pytest.mark.proves("AZ-1", "AZ-2", "R-15")
@pytest.mark.parametrize("role", ROLES)
def test_each_operation_is_allowed_and_refused_as_the_table_says(house: House, role: str) -> None:
    wrong: list[str] = []
    asked = [row for row in rows() if row.role == role and row.operation in DEEDS]
    uid = house.add("the last administrator", rights=ALL_RIGHTS)
    assert uid.user is not None
    for row in asked:
        came = DEEDS[row.operation](Scene(house, role), row.target)
        if (came is not False and not isinstance(came, Refused)) is not row.allowed:
            wrong.append(f"{row}: {came}")
        if isinstance(came, Refused) and not _is_right_refusal(row, came):
            wrong.append(f"{row}: {came.reason}")
    assert wrong == []
    refused = [event for event in house.events() if event[1] == "refused"]
    quiet = {"user.read", "user.list", "group.read", "group.list"}
    assert len(refused) == sum(1 for row in asked if not row.allowed and row.operation not in quiet)


def _is_right_refusal(row: Row, came: Refused) -> bool:
    """Who holds the right is told that there is nobody, all others that they may not: never who is there."""
    missing = {Reason.NO_SUCH_USER, Reason.NO_SUCH_GROUP}
    if row.target not in ("foreign", "missing"):
        return came.reason is Reason.NOT_ALLOWED
    return came.reason in missing | {Reason.NOT_ALLOWED}


@pytest.mark.proves("AZ-5")
@pytest.mark.parametrize("role", ROLES)
def test_what_belongs_to_another_tenant_looks_like_what_is_not_there(house: House, role: str) -> None:
    for operation, deed in DEEDS.items():
        if any(row.operation == operation and row.target == "foreign" for row in rows()):
            foreign, missing = (deed(Scene(house, role), target) for target in ("foreign", "missing"))
            assert _seen(foreign) == _seen(missing), operation


def _seen(came: object) -> object:
    return (came.reason, came.text) if isinstance(came, Refused) else came
