"""The log of the server, too, has one line an event, whatever is in it."""

import io
import json
import logging

import pytest

from keyturn.app.serving.logging import JsonLines, SecretMask
from tests.audit.hostile import NAMES


@pytest.mark.proves("LG-5", "V16.4.1")
def test_200_hostile_names_are_one_line_each_in_the_log() -> None:
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    handler.setFormatter(JsonLines())
    handler.addFilter(SecretMask())
    log = logging.Logger("keyturn.test")
    log.addHandler(handler)
    for name in NAMES:
        log.warning("turned.away %s", name, extra={"fields": {"who": name}})
    lines = told.getvalue().splitlines()
    assert [json.loads(line)["who"] for line in lines] == list(NAMES)
    assert all(line.isascii() and line.isprintable() for line in lines)
