"""The form of the events, for programs that read them: a JSON Schema that is shipped with the code."""

import json
from importlib.resources import files
from typing import Any


def events_schema() -> dict[str, Any]:
    """The JSON Schema of everything that `--output jsonl` writes and `report.jsonl` holds."""
    text = (files("keyturn.bulk.record") / "events.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
