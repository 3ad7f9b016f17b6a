"""Every door is sent what no client should send: it says no each time, quickly, and in its own words."""

import io
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from keyturn.app.keeping.init import FOUNDER
from keyturn.app.serving.logging import JsonLines, SecretMask
from keyturn.core.commands import CreateUser
from keyturn.core.outcomes import Created
from keyturn.core.users import Group, Profile
from tests.malformed.judge import Tally
from tests.malformed.malform import CANARY, malformed
from tests.malformed.sent import exchange
from tests.openapi.fuzzing import PASSWORD, asking
from tests.openapi.test_described import APIS
from tests.support.canary import leaks
from tests.support.server import OpenDoor, Person, served

COUNT = int(os.environ.get("KEYTURN_MALFORMED", "150"))
"""Requests a door; `make campaign` sends many."""

AT_ONCE = 500
"""Requests for which the same credentials are used."""

PEOPLE = [Person("amal", "amal@example.com", PASSWORD)]


@pytest.mark.proves("AP-1", "AP-4", "V16.5.3", "V16.5.4", "R-9")
@pytest.mark.parametrize("name", APIS)
def test_a_door_refuses_what_is_malformed_quickly_and_in_its_own_words(name: str, tmp_path: Path) -> None:
    """No error of the server, nothing slow, no password in the log, and it works as before when all is over."""
    api, tally = APIS[name], Tally(APIS[name])
    with listening() as log, served(tmp_path, profile="vendor", users=PEOPLE) as door:
        known = known_in(door)
        for number, begin in enumerate(range(0, COUNT, AT_ONCE)):
            how = asking(name, door)
            for sent in malformed(api, how, known, f"malformed {number}", min(AT_ONCE, COUNT - begin)):
                tally.note(sent, exchange(door.url, sent))
        assert asking(name, door).ways  # who signs in with good credentials still can
        assert door.ask("GET", "/readyz").status == 200
    logging.getLogger(__name__).info("%s: %s, slowest %.2f s", name, dict(tally.statuses), tally.slowest)
    assert tally.wrong == []
    assert leaks([CANARY, PASSWORD], log.getvalue().encode()) == []
    assert "request.broke" not in log.getvalue()


def known_in(door: OpenDoor) -> Mapping[str, Sequence[str]]:
    """What can be found at the places that vary in a path."""
    administration = door.house.administration(FOUNDER, "test")
    made = administration.groups.create("Helpdesk", frozenset(), (), "")
    assert isinstance(made, Group)
    ids = []
    for number in range(5):
        [outcome] = door.house.directory(FOUNDER, "test").execute([CreateUser(f"amal{number}", Profile("Amal"))])
        assert isinstance(outcome, Created)
        assert outcome.user is not None
        ids += [outcome.user.login, outcome.user.uid, str(outcome.user.key), str(outcome.user.number)]
    tenant = door.made.tenant
    here = [tenant.name, tenant.guid]
    return {"id": [*ids, made.uid, *here], "person": ids, "group": [made.uid, "1"], "tenant": here[:1],
            "organization": here, "partition": here}  # fmt: skip


@contextmanager
def listening() -> Iterator[io.StringIO]:
    """All that is logged meanwhile, as the server writes it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonLines())
    handler.addFilter(SecretMask())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield text
    finally:
        root.removeHandler(handler)
