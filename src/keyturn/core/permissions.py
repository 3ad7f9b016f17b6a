"""Who may do what: one table of operations, and the law that nobody touches or confers what they lack."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final

from keyturn.core.outcomes import Reason, Refused
from keyturn.core.users import USER_RIGHTS, Right

SYSTEM_TENANT: Final = 1
"""The tenant whose administrators can be given the others to administer."""


@unique
class Proof(StrEnum):
    """What the caller showed: a key or token, a sign-in, a sign-in that must change the password, a temporary password
    at a door without sessions, or a mailed link.

    half: a right password, the second factor still to be shown.  enrolling: a right password of somebody who must have
    a second factor and has none.
    """

    KEY = "key"
    SESSION = "session"
    RESTRICTED = "restricted"
    HALF = "half"
    ENROLLING = "enrolling"
    TEMPORARY = "temporary"
    LINK = "link"
    CONSOLE = "console"


BUYS: Final[dict[Proof, frozenset[str]]] = {
    Proof.RESTRICTED: frozenset({"password.change"}),
    Proof.TEMPORARY: frozenset({"password.change"}),
    Proof.LINK: frozenset({"password.change"}),
    Proof.HALF: frozenset(),
    Proof.ENROLLING: frozenset({"password.change", "factor.read", "factor.change"}),
}
"""All that a proof buys which is short of something; the others buy what one may."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks.  id: user uid or key id; name: for people; rights: effective ones; tenant: the tenant's number.

    link: digest of the mailed link that is the proof; empty otherwise.
    session: id of a person's session that is the proof; empty otherwise.
    scopes: what a client's token was asked for.
    since: when the person signed in; None for keys.  key: the id of the key that was shown for a person.
    administers: other tenants whose users the actor administers; everywhere: acts from the system's tenant, with the
    right over tenants.
    """

    id: str
    name: str
    tenant: int
    rights: frozenset[Right]
    proof: Proof = Proof.KEY
    link: str = ""
    session: str = ""
    scopes: frozenset[str] = frozenset()
    administers: frozenset[int] = frozenset()
    everywhere: bool = False
    since: datetime | None = None
    key: str = ""

    def reaches(self, tenant: int) -> bool:
        """Whether the actor has anything to say in a tenant."""
        return tenant == self.tenant or tenant in self.administers or self._of_system

    def holds(self, rights: frozenset[Right], administers: frozenset[int] = frozenset()) -> bool:
        """Whether the actor holds all that somebody with these rights, over these other tenants, holds."""
        return rights <= self.rights and all(self.reaches(tenant) for tenant in administers)

    def abroad(self, tenant: int) -> "Actor":
        """The actor at work in another tenant, with the rights that hold there: none where they do not reach."""
        if tenant == self.tenant:
            return self
        if self._of_system:
            rights = self.rights
        elif tenant in self.administers:
            rights = self.rights & USER_RIGHTS
        else:
            rights = frozenset()
        return replace(self, tenant=tenant, rights=rights, everywhere=self._of_system)

    @property
    def _of_system(self) -> bool:
        return self.everywhere or (self.tenant == SYSTEM_TENANT and Right.TENANTS in self.rights)

    @property
    def confined(self) -> bool:
        """True for who can do nothing but what they are short of: set a new password, show or add a second factor."""
        return self.proof in BUYS


@unique
class Target(StrEnum):
    """Whom an operation is about, seen from the actor."""

    SELF = "self"
    OTHER = "other"
    NOBODY = "nobody"


NEEDS: Final[dict[str, frozenset[Right]]] = {
    "user.create": frozenset({Right.CREATE_USERS}),
    "user.update": frozenset({Right.MODIFY_USERS}),
    "user.status": frozenset({Right.MODIFY_USERS}),
    "user.delete": frozenset({Right.DELETE_USERS}),
    "user.read": frozenset({Right.VIEW_USERS}),
    "user.list": frozenset({Right.VIEW_USERS}),
    "password.reset": frozenset({Right.MODIFY_USERS}),
    "password.change": frozenset({Right.MODIFY_USERS}),
    "grant.write": frozenset({Right.MODIFY_USERS}),
    "group.read": frozenset({Right.VIEW_USERS}),
    "group.list": frozenset({Right.VIEW_USERS}),
    "group.create": frozenset({Right.MODIFY_USERS}),
    "group.update": frozenset({Right.MODIFY_USERS}),
    "group.delete": frozenset({Right.MODIFY_USERS}),
    "workspace.read": frozenset(),
    "key.list": frozenset({Right.KEYS}),
    "key.create": frozenset({Right.KEYS}),
    "key.update": frozenset({Right.KEYS}),
    "key.revoke": frozenset({Right.KEYS}),
    "key.own": frozenset(),
    "factor.read": frozenset({Right.VIEW_USERS}),
    "factor.change": frozenset(),
    "factor.remove": frozenset({Right.MODIFY_USERS}),
    "session.list": frozenset({Right.VIEW_USERS}),
    "session.end": frozenset({Right.MODIFY_USERS}),
    "mail.list": frozenset({Right.VIEW_USERS}),
    "mail.retry": frozenset({Right.MODIFY_USERS, Right.POLICY}),
    "mail.cancel": frozenset({Right.MODIFY_USERS, Right.POLICY}),
    "policy.read": frozenset(),
    "policy.write": frozenset({Right.POLICY}),
    "tenant.read": frozenset({Right.TENANTS}),
    "tenant.create": frozenset({Right.TENANTS}),
    "tenant.update": frozenset({Right.TENANTS}),
    "tenant.appoint": frozenset({Right.TENANTS, Right.MODIFY_USERS}),
    "audit.read": frozenset({Right.AUDIT}),
}
"""The rights that each operation needs when it is about somebody else or about nobody."""

OWN: Final = frozenset({"user.read", "password.change", "factor.read", "session.list", "session.end"})
"""What everybody may do to themselves without any right."""

OWN_ALONE: Final = frozenset({"factor.change", "key.own"})
"""What nobody does to somebody else, and nobody by a key: people who are signed in, to themselves."""

OTHERS_ALONE: Final = frozenset({"factor.remove"})
"""What nobody does to themselves: their own they change with `factor.change`, which asks for more."""

OF_SYSTEM: Final = frozenset({"tenant.create", "tenant.update", "tenant.appoint"})
"""What the right over tenants buys in the system's tenant alone."""

ON_CREDENTIALS: Final = frozenset(
    {
        "password.reset", "password.change", "user.status", "user.delete", "user.update", "tenant.appoint",
        "mail.retry", "mail.cancel",
        "factor.remove", "session.end",
    }
)  # fmt: skip
"""Operations that touch a credential or who may use it: their target's rights must be the actor's too."""


def may(
    actor: Actor,
    operation: str,
    target: Target,
    target_rights: frozenset[Right] = frozenset(),
    target_administers: frozenset[int] = frozenset(),
) -> bool:
    """Whether the actor may do the operation to a target who effectively holds `target_rights`.

    target_administers: the tenants that the target has something to say in, which the actor must reach too.

    Raises KeyError for an operation without a row: such a route must not exist.
    """
    needed = NEEDS[operation]
    if actor.confined:
        return operation in BUYS[actor.proof] and target is Target.SELF
    if operation in OWN_ALONE:
        return target is Target.SELF and actor.proof is Proof.SESSION
    if operation in OTHERS_ALONE and target is Target.SELF:
        return False
    if target is Target.SELF and operation in OWN:
        return True
    if not needed <= actor.rights or (operation in OF_SYSTEM and actor.tenant != SYSTEM_TENANT):
        return False
    if target is Target.OTHER and operation in ON_CREDENTIALS:
        return actor.holds(target_rights, target_administers)
    return True


def may_confer(actor: Actor, rights: frozenset[Right]) -> bool:
    """Nobody gives an administrative right that they lack."""
    return actor.holds(rights)


RECENT: Final = timedelta(minutes=15)
"""How old a sign-in may be with which a person touches an administrator's account or the rules of a tenant."""

SIGN_IN_AGAIN: Final = "KT-AUTH-011"
"""The code of a refusal that a fresh sign-in would lift."""


def outdated(actor: Actor, now: datetime, who: str = "") -> Refused | None:
    """Why a person whose sign-in is old may not do what asks for a fresh one; keys and this machine are not asked."""
    if actor.proof is not Proof.SESSION or actor.since is None or now - actor.since <= RECENT:
        return None
    text = "sign in again first: for this the sign-in may be 15 minutes old"
    return Refused(who, Reason.NOT_ALLOWED, text, SIGN_IN_AGAIN)


def not_allowed(who: str = "") -> Refused:
    """The refusal of whoever lacks a right for what they ask."""
    return Refused(who, Reason.NOT_ALLOWED, "the caller is not permitted to do this")


def vouches(actor: Actor) -> bool:
    """Whether the actor may decide alone where what lets somebody in is mailed: whoever may switch that rule off."""
    return not actor.confined and NEEDS["policy.write"] <= actor.rights
