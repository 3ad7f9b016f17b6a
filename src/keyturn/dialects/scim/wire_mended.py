"""What providers send and the RFC does not have, put into the RFC's words.  Pure.

Microsoft Entra sends a manager as a bare id, and a schema of its own in groups (as other servers report of its
provisioning service; 2026-11-21, not checked against a live one).
"""

from collections.abc import Mapping
from typing import Final

from keyturn.dialects.scim.wire_user import ENTERPRISE

_FOREIGN: Final = "http://schemas.microsoft.com/"
_MANAGERS: Final = ("manager", f"{ENTERPRISE}:manager".casefold())


def mended(body: object) -> object:
    """A body as it is meant; also each of the bodies in a bulk request.  What is not known stays as it is."""
    if not isinstance(body, Mapping):
        return body
    found = dict(body)
    schemas, operations = found.get("schemas"), found.get("Operations")
    if isinstance(schemas, list):
        found["schemas"] = [one for one in schemas if not (isinstance(one, str) and one.startswith(_FOREIGN))]
    if isinstance(operations, list):
        found["Operations"] = [_operation(one) for one in operations]
    return found


def _operation(one: object) -> object:
    if not isinstance(one, Mapping):
        return one
    if "data" in one:
        return {**one, "data": mended(one["data"])}
    path, value = one.get("path"), one.get("value")
    if isinstance(path, str) and path.casefold() in _MANAGERS and isinstance(value, str):
        return {**one, "value": {"value": value}}
    return one
