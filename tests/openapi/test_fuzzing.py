"""Schemathesis asks every call of every door what its document allows and what it forbids: no surprises come back."""

import os
from pathlib import Path

import pytest

from keyturn.api.wire_api import API as OURS
from keyturn.app.doors import DOORS
from keyturn.app.serving.openapi import manuals
from tests.openapi.fuzzing import PASSWORD, asking, run
from tests.support.server import Person, served

EXAMPLES = int(os.environ.get("KEYTURN_TEST_EXAMPLES", "1"))
"""Random cases a call; `make fuzz` takes many, and then also follows from one call to the next."""

APIS = {name: door.api for name, door in DOORS.items()} | {OURS.name: OURS}
LARGE = ("scim",)
"""Documents whose every boundary takes a minute to visit: `make fuzz` does."""

SKIPPED = (
    "DELETE /keyturn/v1/sessions/current",
    "PUT /api/admin/userdetails/changePassword",
    "POST /keyturn/v1/me/password",
)
"""Calls that would take the credentials away with which all others are made."""


@pytest.mark.parametrize("name", APIS)
def test_a_door_answers_as_its_document_says(name: str, tmp_path: Path) -> None:
    thorough = EXAMPLES > 1 or name not in LARGE
    phases = "examples,fuzzing" + (",coverage" if thorough else "") + (",stateful" if EXAMPLES > 1 else "")
    with served(tmp_path, profile="vendor", users=[Person("amal", "amal@example.com", PASSWORD)]) as door:
        how = asking(name, door)
        found = run(
            APIS[name], manuals()[name].document, how, tmp_path, examples=EXAMPLES, phases=phases, skipped=SKIPPED
        )
    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr
