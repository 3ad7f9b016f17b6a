"""Who may do what: one table of operations, and the law that nobody touches or confers what they lack."""

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from keyturn.core.users import Right


@unique
class Proof(StrEnum):
    """What the caller showed: a key or token, a sign-in, a sign-in that must change the password, a temporary password
    at a door without sessions, or a mailed link."""

    KEY = "key"
    SESSION = "session"
    RESTRICTED = "restricted"
    TEMPORARY = "temporary"
    LINK = "link"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks.  id: user uid or key id; name: for people; rights: effective ones; tenant: the tenant's number.

    link: digest of the mailed link that is the proof; empty otherwise.
    session: id of the restricted session that is the proof; empty otherwise.
    scopes: what a client's token was asked for.
    """

    id: str
    name: str
    tenant: int
    rights: frozenset[Right]
    proof: Proof = Proof.KEY
    link: str = ""
    session: str = ""
    scopes: frozenset[str] = frozenset()

    @property
    def confined(self) -> bool:
        """True for who can do nothing but set a new password."""
        return self.proof in (Proof.RESTRICTED, Proof.TEMPORARY, Proof.LINK)


@unique
class Target(StrEnum):
    """Whom an operation is about, seen from the actor."""

    SELF = "self"
    OTHER = "other"
    NOBODY = "nobody"


NEEDS: Final[dict[str, frozenset[Right]]] = {
    "user.create": frozenset({Right.USERS}),
    "user.update": frozenset({Right.USERS}),
    "user.status": frozenset({Right.USERS}),
    "user.delete": frozenset({Right.USERS}),
    "user.read": frozenset({Right.USERS}),
    "user.list": frozenset({Right.USERS}),
    "password.reset": frozenset({Right.USERS}),
    "password.change": frozenset({Right.USERS}),
    "grant.read": frozenset({Right.USERS}),
    "grant.write": frozenset({Right.USERS}),
    "workspace.read": frozenset(),
    "key.list": frozenset({Right.KEYS}),
    "key.create": frozenset({Right.KEYS}),
    "key.update": frozenset({Right.KEYS}),
    "key.revoke": frozenset({Right.KEYS}),
    "policy.read": frozenset(),
    "policy.write": frozenset({Right.POLICY}),
    "tenant.read": frozenset({Right.TENANTS}),
    "tenant.write": frozenset({Right.TENANTS}),
    "audit.read": frozenset({Right.AUDIT}),
}
"""The rights that each operation needs when it is about somebody else or about nobody."""

OWN: Final = frozenset({"user.read", "password.change"})
"""What everybody may do to themselves without any right."""

RESTRICTED: Final = frozenset({"password.change"})
"""All that a restricted session or a mailed link buys."""

ON_CREDENTIALS: Final = frozenset({"password.reset", "password.change", "user.status", "user.delete", "user.update"})
"""Operations that touch a credential or who may use it: their target's rights must be the actor's too."""


def may(actor: Actor, operation: str, target: Target, target_rights: frozenset[Right] = frozenset()) -> bool:
    """Whether the actor may do the operation to a target who effectively holds `target_rights`.

    Raises KeyError for an operation without a row: such a route must not exist.
    """
    needed = NEEDS[operation]
    if actor.confined:
        return operation in RESTRICTED and target is Target.SELF
    if target is Target.SELF and operation in OWN:
        return True
    if not needed <= actor.rights:
        return False
    if target is Target.OTHER and operation in ON_CREDENTIALS:
        return target_rights <= actor.rights
    return True


def may_confer(actor: Actor, rights: frozenset[Right]) -> bool:
    """Nobody gives an administrative right that they lack."""
    return rights <= actor.rights
