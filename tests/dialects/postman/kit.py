"""Collections as people export them, and requests of them with everything put in."""

from collections.abc import Mapping, Sequence
from typing import Any

from keyturn.dialects.postman.wire import Collection, read_collection
from keyturn.dialects.postman.wire_request import Prepared, prepare
from keyturn.dialects.postman.wire_scripts import read_scripts
from keyturn.dialects.postman.wire_templates import Variables

TOKEN = "an-access-token-for-tests"


def collection(*items: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A collection of v2.1."""
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    return {"info": {"name": "MAS API", "schema": schema}, "item": [*items], **more}


def item(method: str, url: object, text: str = "", name: str = "Reset", **more: Any) -> dict[str, Any]:
    """A request with a JSON body, signed in as IBM's page says."""
    request: dict[str, Any] = {"method": method, "url": url, "header": [{"key": "x-access-token", "value": TOKEN}]}
    if text:
        request["body"] = {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    return {"name": name, "request": {**request, **more}}


def prepared(value: object, columns: Sequence[str] = ("userid",), known: Mapping[str, str] | None = None) -> Prepared:
    """The first request of a collection, ready to be filled in."""
    found: Collection = read_collection(value)
    variables = Variables({**found.variables, **(known or {})}, columns)
    first = found.items[0]
    return prepare(first, variables, read_scripts(first.scripts).statuses)
