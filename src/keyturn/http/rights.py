"""Whether somebody may read what no command and no method of the administration gives out by itself."""

from keyturn.core.commands import Origin
from keyturn.core.outcomes import Refused
from keyturn.core.permissions import Actor, Target, may, not_allowed
from keyturn.core.ports import Gate


async def refusal_of(gate: Gate, actor: Actor, verb: str, *, door: str, origin: Origin) -> Refused | None:
    """None for who may do it; else the refusal, which then stands in the audit."""
    if may(actor, verb, Target.NOBODY):
        return None
    return await gate.refuse(not_allowed(), verb, actor=actor, door=door, origin=origin)
