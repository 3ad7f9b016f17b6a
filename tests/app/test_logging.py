"""The log holds what happened and never what was sent."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn.app.serving.logging import NOISY, set_up
from keyturn.core.secret import Secret
from tests.support.canary import leaks

CANARY = "canary-sings-7351-opensesame"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """A log of its own, and the root logger as it was before."""
    root, stream = logging.getLogger(), io.StringIO()
    before, level = list(root.handlers), root.level
    set_up(stream=stream)
    yield stream
    root.handlers[:], root.level = before, level


def line(log: io.StringIO) -> dict[str, object]:
    """The one line that was written."""
    [text] = log.getvalue().splitlines()
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


def test_an_event_is_one_line_with_its_fields(log: io.StringIO) -> None:
    logging.getLogger("keyturn.app").info("server.started", extra={"fields": {"port": 8765}})
    found = line(log)
    assert (found["event"], found["port"], found["level"]) == ("server.started", 8765, "info")


@pytest.mark.parametrize("form", ["argument", "named", "field", "inside", "message", "bytes"])
def test_a_secret_is_masked_wherever_it_stands(log: io.StringIO, form: str) -> None:
    secret, to = Secret(CANARY), logging.getLogger("keyturn.app")
    match form:
        case "argument":
            to.info("reset %s for %s", secret, "amal")
        case "named":
            to.info("reset %(new)s", {"new": secret})
        case "field":
            to.info("reset", extra={"fields": {"new": secret}})
        case "inside":
            to.info("reset", extra={"fields": {"all": [{"new": secret}]}})
        case "message":
            to.info(secret)
        case _:
            to.info("reset", extra={"fields": {"raw": CANARY.encode()}})
    assert CANARY not in log.getvalue()
    assert line(log)


@pytest.mark.parametrize("name", ["body", "Headers", "authorization", "query"])
def test_what_a_caller_sent_is_dropped(log: io.StringIO, name: str) -> None:
    fields = {name: CANARY, "deep": {name: CANARY}, "request": "r1"}
    logging.getLogger("keyturn.app").info("request.refused", extra={"fields": fields})
    assert CANARY not in log.getvalue()
    assert line(log)["request"] == "r1"


def test_an_error_tells_its_type_and_its_way_but_not_its_words(log: io.StringIO) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("keyturn.app").exception("request.broke")
    found = line(log)
    assert found["error"] == "ValueError"
    assert "test_logging" in str(found["through"])
    assert CANARY not in log.getvalue()


@pytest.mark.proves("V16.2.3")
def test_everything_that_is_logged_goes_to_one_place(log: io.StringIO) -> None:
    """Ours and that of libraries; no logger has a way out of its own."""
    ours = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]  # pytest adds its own
    assert [handler.stream for handler in ours] == [log]
    others = [one for name in ("keyturn", "keyturn.web", *NOISY) for one in logging.getLogger(name).handlers]
    foreign = [one for one in others if not type(one).__module__.startswith("_pytest")]
    assert [one for one in foreign if not isinstance(one, logging.NullHandler)] == []
    # A server that ran in this process has switched the access log off, as we tell it to.
    heard = [name for name in NOISY if logging.getLogger(name).propagate]
    for name in heard:
        logging.getLogger(name).warning("from a library")
    assert len(log.getvalue().splitlines()) == len(heard) >= len(NOISY) - 1


def test_a_hostile_name_stays_on_its_line(log: io.StringIO) -> None:
    logging.getLogger("keyturn.app").info("refused", extra={"fields": {"who": 'x\n{"event":"forged"}\u2028'}})
    assert line(log)["event"] == "refused"


def test_a_planted_secret_is_found_by_the_search_that_guards_every_journey(log: io.StringIO, tmp_path: Path) -> None:
    """The search is only worth something if it goes red: here a careless line is written on purpose."""
    logging.getLogger("keyturn.app").info("reset to %s", CANARY)
    (tmp_path / "server.log").write_text(log.getvalue())
    assert leaks([CANARY], tmp_path) == [f"{tmp_path / 'server.log'}: raw"]
