"""The table of vendors whose doors we answer at: one row each, apart from `dialects.py`: a run loads no server."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from keyturn.core.ports import Gate
from keyturn.dialects.hdp import server as hdp
from keyturn.dialects.hdp import wire_api as hdp_api
from keyturn.dialects.mas import server as mas
from keyturn.dialects.mas import wire_api as mas_api
from keyturn.dialects.primavera import server as primavera
from keyturn.dialects.primavera import wire_api as primavera_api
from keyturn.dialects.scim import server as scim
from keyturn.dialects.scim import wire_api as scim_api
from keyturn.dialects.uipath import server as uipath
from keyturn.dialects.uipath import wire_api as uipath_api
from keyturn.http.described import Api


@dataclass(frozen=True, slots=True)
class Door:
    """A vendor's server half.

    routes: what it answers; prefixes: of their paths, `*` for any one segment.  say: a refusal that no command made
    (status, sentence), in its shape.  api: all of this as its clients see it.  batches: its calls carry many users, so
    its bodies may be as large as a batch.
    """

    routes: Callable[[Gate], Sequence[BaseRoute]]
    prefixes: tuple[str, ...]
    say: Callable[[int, str], Response]
    api: Api
    batches: bool = False


DOORS: Final[Mapping[str, Door]] = {
    "mas": Door(mas.routes, mas.PREFIXES, mas.say, mas_api.API),
    "hdp": Door(hdp.routes, hdp.PREFIXES, hdp.say, hdp_api.API),
    "primavera": Door(primavera.routes, primavera.PREFIXES, primavera.say, primavera_api.API, batches=True),
    "scim": Door(scim.routes, scim.PREFIXES, scim.say, scim_api.API, batches=True),
    "uipath": Door(uipath.routes, uipath.PREFIXES, uipath.say, uipath_api.API),
}
"""By the name that `kind` of a target has."""
