"""The head of a file that fits a job and a target, with one row that shows how cells look."""

from collections.abc import Mapping
from typing import Final

from keyturn.bulk.job import Job, Operation, PasswordFrom
from keyturn.core.capabilities import Capabilities
from keyturn.core.users import Handle

_UID: Final = "6f1c3f6e-7a57-4b0e-9c1d-0b7f6a2f8f11"
_IDS: Final = {Handle.KEY: "AH000117", Handle.NUMBER: "1042", Handle.LOGIN: "amal.haddad", Handle.UID: _UID}
_PERSON: Final = {
    "email": "amal.haddad@example.com",
    "display_name": "Amal Haddad",
    "given_name": "Amal",
    "family_name": "Haddad",
}


def columns(job: Job, capabilities: Capabilities) -> Mapping[str, str]:
    """Header to the cell of the example row.  The cells of passwords are empty: none is made up that may be used."""
    cells = {"userid": _IDS[capabilities.handle]}
    if job.operation is Operation.CREATE:
        if capabilities.handle is Handle.KEY:
            cells["username"] = "amal.haddad"
        if capabilities.names:
            cells |= _PERSON
    if job.old:
        cells[job.old] = ""
    if job.password.origin is PasswordFrom.COLUMN:
        cells[job.password.column] = ""
    return cells
