"""Factors and keys of persons, behind the asynchronous port `Personal`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keyturn.app.house.bridge import Threads
from keyturn.app.house.gate import LocalGate
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Origin
from keyturn.core.enrolling import LocalFactors
from keyturn.core.factors import Answer, Factor
from keyturn.core.outcomes import Changed, Refused, Unchanged
from keyturn.core.ownkeys import OwnKeys
from keyturn.core.passkeys import LocalPasskeys
from keyturn.core.permissions import Actor
from keyturn.core.personal import Enrolled, NewApp
from keyturn.core.ports import NewKey, SignedIn
from keyturn.core.proving import Proving
from keyturn.core.secret import Secret
from keyturn.core.steps import Caller
from keyturn.core.storage import Key
from keyturn.core.users import Handle
from keyturn.crypto.passkeys import WebauthnPasskeys


@dataclass(frozen=True, slots=True)
class BridgedPersonal:
    """Factors and keys as one caller may use them.  gate: when answers to guesses leave, and how many may be wrong."""

    proving: Proving
    local: LocalFactors
    passkeys: LocalPasskeys
    own: OwnKeys
    caller: Caller
    gate: LocalGate

    @property
    def threads(self) -> Threads:
        """Where the work is done."""
        return self.gate.threads

    async def show(self, code: Secret) -> SignedIn | Refused:
        """The whole session for half a one."""
        actor, door, origin = self.caller.actor, self.caller.door, self.caller.origin
        with_code = self.proving.with_code

        async def guess() -> SignedIn | Refused:
            async with self.gate.floor.held():
                return await self.threads.read(with_code, actor, code, door=door, origin=origin)

        return await self.gate.guarded(guess, actor.name, door, origin)

    async def show_passkey(self, answer: Answer) -> SignedIn | Refused:
        """The same, by a passkey."""

        async def guess() -> SignedIn | Refused:
            async with self.gate.floor.held():
                return await self.threads.read(self.passkeys.show, answer)

        caller = self.caller
        return await self.gate.guarded(guess, caller.actor.name, caller.door, caller.origin)

    async def passkey_to_show(self) -> Mapping[str, object] | Refused:
        """What a browser needs to show a passkey."""
        return await self.threads.read(self.passkeys.to_show)

    async def passkey_to_make(self) -> Mapping[str, object] | Refused:
        """What a browser needs to make a passkey."""
        return await self.threads.read(self.passkeys.to_make)

    async def add_passkey(self, name: str, answer: Answer) -> Enrolled | Refused:
        """The passkey that the browser made works from now on."""
        return await self.threads.read(self.passkeys.add, name, answer)

    async def factors(self) -> Sequence[Factor] | Refused:
        """One's own factors and recovery codes."""
        return await self.threads.read(self.local.own)

    async def propose_app(self, name: str) -> NewApp | Refused:
        """A secret for an authenticator app."""
        return await self.threads.read(self.local.propose, name)

    async def confirm_app(self, code: Secret) -> Enrolled | Refused:
        """The proposed app works from now on."""
        return await self.threads.read(self.local.confirm, code)

    async def remove_factor(self, id: str) -> Enrolled | Refused:
        """Remove one of one's own factors."""
        return await self.threads.read(self.local.remove, id)

    async def new_codes(self) -> tuple[Secret, ...] | Refused:
        """New recovery codes."""
        return await self.threads.read(self.local.codes)

    async def remove_factors_of(self, who: str, by: Handle) -> Changed | Unchanged | Refused:
        """Take all factors and codes from a user."""
        return await self.threads.read(self.local.remove_all, who, by)

    async def keys(self) -> Sequence[Key] | Refused:
        """One's own keys."""
        return await self.threads.read(self.own.mine)

    async def create_key(self, kind: str, description: str) -> NewKey | Refused:
        """A key of one's own for a door."""
        return await self.threads.read(self.own.create, kind, description)

    async def revoke_key(self, id: str) -> Key | Refused:
        """Delete one of one's own keys."""
        return await self.threads.read(self.own.revoke, id)


def personal(gate: LocalGate, actor: Actor, door: str, origin: Origin) -> BridgedPersonal:
    """Factors and keys as this actor may use them."""
    parts, signing_in = gate.parts, gate.signing_in
    caller = Caller(actor, Capabilities(frozenset()), door, origin, parts.rules(actor.tenant))
    factors, own = LocalFactors(signing_in, caller), OwnKeys(parts, caller)
    passkeys = LocalPasskeys(factors, WebauthnPasskeys(), gate.threads.address)
    return BridgedPersonal(Proving(signing_in), factors, passkeys, own, caller, gate)
