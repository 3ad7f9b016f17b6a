"""The pages: everything has its heading, generated parts are current, examples exist, links lead somewhere."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import click
import pytest
from click.testing import CliRunner
from starlette.routing import Route

from keyturn.api.problems import PROBLEMS
from keyturn.api.routes import routes
from keyturn.app.dialects import DIALECTS
from keyturn.bulk.intake import columns
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.record.report import row_event
from keyturn.cli.catalogue import entries
from keyturn.cli.lazy import global_flags
from keyturn.cli.main import cli
from keyturn.cli.target.abilities import ABILITIES
from keyturn.core.capabilities import Capabilities
from keyturn.core.journal import Row, RowState
from keyturn.core.outcomes import Reason
from tests.support.sources import ROOT
from tests.test_architecture import rooms
from tools import make_docs

PAGES = sorted(
    path
    for folder in (ROOT, ROOT / "docs", ROOT / "src" / "keyturn")
    for path in (folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))
)
PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
COMMANDS = dict(make_docs.commands())
SHELL = ("|", ">", ">>", "2>", "<", "&&", "||", ";", "&")
"""Where a shell goes on with something else."""

PERSONAS = ("how-to", "reference", "explanation", "decisions")


def read(name: str) -> str:
    """A page of the project, by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of every table row of a page, without the back ticks."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]


def headings(text: str) -> list[str]:
    """The headings of a page, code blocks left out."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return re.findall(r"^#+ (.+)$", plain, flags=re.M)


def slug(heading: str) -> str:
    """The anchor that a heading gets on the usual hosting pages."""
    words = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def examples(page: Path) -> Iterator[str]:
    """Every line of a block that calls keyturn, continued lines joined; in a `console` after the prompt."""
    for kind, block in re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.M | re.S):
        prompt = r"\$ " if kind == "console" else r"(?!keyturn [A-Z])"
        for line in block.replace("\\\n", " ").splitlines():
            called = re.match(prompt + r"(?:\w+=\S* )*keyturn +(.*)", line)
            if called:
                yield called.group(1)


def resolve(example: str) -> tuple[click.Command, list[str]]:
    """The command that an example calls, and the flags that it gives."""
    words = shlex.split(example, comments=True)
    words = words[: next((number for number, word in enumerate(words) if word in SHELL), len(words))]
    command: click.Command = cli
    rest = [*words]
    with click.Context(cli) as context:
        while rest and isinstance(command, click.Group):
            if rest[0].startswith("-"):
                rest.pop(0)
                continue
            found = command.get_command(context, rest.pop(0))
            assert found is not None, f"keyturn{example}: no such command"
            command = found
    return command, [word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)]


def test_generated_pages_are_what_the_code_says() -> None:
    """`make format` writes them again."""
    assert [path.name for path in make_docs.stale(make_docs.pages())] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_heading_and_answers_to_help(command: str) -> None:
    """The page of commands is complete, and so is every command's own help."""
    assert command in headings(read("docs/reference/cli.md"))
    answer = CliRunner().invoke(cli, [*command.split()[1:], "--help"])
    assert answer.exit_code == 0, answer.output
    told = COMMANDS[command].help or ""
    assert "  keyturn " in told, f"{command} shows no example"


def test_every_flag_says_what_it_does() -> None:
    """A flag without a sentence is found by nobody."""
    silent = [
        f"{name} {param.opts[0]}"
        for name, command in COMMANDS.items()
        for param in command.params
        if isinstance(param, click.Option) and not param.help
    ]
    assert silent == []


def test_every_reason_has_its_row_with_status_and_code() -> None:
    """The page of refusals says what our own API answers."""
    page = {row[0]: row[-2:] for row in rows(read("docs/reference/refusals.md")) if len(row) == 5}
    wanted = {reason.value: [str(PROBLEMS[reason].status), PROBLEMS[reason].code] for reason in Reason}
    assert {name: cells for name, cells in page.items() if name != "reason"} == wanted


def test_every_exit_code_has_its_row() -> None:
    """Number and name, in order."""
    page = [(row[0], row[1]) for row in rows(read("docs/reference/exit-codes.md")) if row[0].isdigit()]
    assert page == [(str(code.value), code.name) for code in ExitCode]


@pytest.mark.proves("V5.1.1")
def test_every_column_that_is_understood_has_its_row() -> None:
    """The names that mean a field and those that probably do, as the reader of files knows them."""
    page = {row[0]: (row[1], row[2]) for row in rows(read("docs/reference/files-and-columns.md")) if len(row) == 3}
    known = {name: (", ".join(sure), ", ".join(likely)) for name, (sure, likely) in columns._NAMES.items()}
    assert {name: cells for name, cells in page.items() if name != "field"} == known


def test_the_fields_of_a_row_event_are_those_of_the_page() -> None:
    """Scripts are written by this page."""
    page = {row[0]: re.findall(r"\w+", row[2]) for row in rows(read("docs/reference/events.md")) if len(row) == 3}
    event = row_event("r7f3k2a", Row(2, "amal", RowState.CHANGED))
    assert ["v", "type", "run", *page["row"]] == list(event)


def test_every_code_has_its_heading() -> None:
    """What `keyturn explain` knows is on the page, too."""
    assert {entry.code for entry in entries()} - set(headings(read("docs/reference/errors.md"))) == set()


def test_every_capability_has_its_row() -> None:
    """The comparison is made from what runs ask."""
    assert {field.name for field in fields(Capabilities)} == {"carries", *ABILITIES}


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_every_dialect_has_its_page(dialect: str) -> None:
    """The vendor on a page, which the index of the pages leads to."""
    assert (ROOT / "docs" / "reference" / "dialects" / f"{dialect}.md").exists()
    assert f"reference/dialects/{dialect}.md" in read("docs/README.md")


def test_every_call_of_our_own_api_is_on_its_page() -> None:
    """The page is made from what the endpoints say of themselves; none may say nothing."""
    nobody = cast(Any, object())
    paths = {route.path for route in routes(nobody, nobody, nobody, nobody) if isinstance(route, Route)}
    told = {(method, path) for method, path, *_ in make_docs.calls()}
    own = ("/keyturn/v1", *make_docs.WATCHED)
    assert {path for path in paths if path.startswith(own)} == {path for _, path in told}
    described = json.loads(read("docs/openapi/keyturn.json"))["paths"]
    assert {(verb.upper(), path) for path in described if path.startswith(own) for verb in described[path]} == told


@pytest.mark.parametrize("room", sorted({name.partition(".")[0] for name in rooms()}))
def test_every_room_has_its_heading(room: str) -> None:
    """A newcomer finds each folder of the house in ARCHITECTURE.md."""
    assert room in headings(read("ARCHITECTURE.md"))


def test_every_page_is_reached_from_the_index() -> None:
    """A page that nothing leads to is not there."""
    index = read("docs/README.md")
    lost = [
        page.relative_to(ROOT / "docs").as_posix()
        for page in (ROOT / "docs").rglob("*.md")
        if page.parent.name != "decisions" and page != ROOT / "docs" / "README.md"
    ]
    assert [page for page in lost if page not in index] == []


def test_decisions_are_numbered_dated_and_reasoned() -> None:
    """Context, decision, consequences; none is missing from the list."""
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert re.search(r"^Date: \d{4}-\d\d-\d\d\. Status: \w+", text, re.M), page.name
        assert headings(text)[1:] == ["Context", "Decision", "Consequences"], page.name
        assert page.name in read("docs/decisions/README.md")


def test_the_readme_fits_a_screen_and_begins_with_two_commands() -> None:
    """What it is, how to try it, where to go on."""
    text = read("README.md")
    assert len(text.splitlines()) < 120
    assert text.index("make demo") < text.index("make test") < 1500
    assert all(f"docs/{folder}" in text for folder in PERSONAS)


def test_ci_runs_the_test_command_of_the_readme_and_nothing_else() -> None:
    """Who runs `make test` sees what CI sees, in the same order; plain `make` does the same."""
    steps = [line for line in read(".ci/run").splitlines() if line and line.split()[0] not in ("#", "#!/usr/bin/env")]
    assert "time make test" in steps
    assert [line for line in steps if not re.match(r"set |cd |echo |time make test$|#", line)] == []
    makefile = read("Makefile")
    assert ".DEFAULT_GOAL := test\n" in makefile
    assert "\ntest: setup lint types docs pytest\n" in makefile


@PAGE
def test_examples_call_commands_and_flags_that_exist(page: Path) -> None:
    """Every `keyturn ...` at the beginning of a line of a block is parsed against the commands."""
    everywhere = {name for flag in global_flags(hidden=True) for name in flag.opts} | {"-h", "--help", "--version"}
    for example in examples(page):
        command, flags = resolve(example)
        known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | everywhere
        assert [flag for flag in flags if flag not in known] == [], f"keyturn{example}"


@PAGE
def test_links_lead_somewhere(page: Path) -> None:
    """Files exist, and so do the headings that anchors name."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    broken = []
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        goal = (page.parent / path).resolve() if path else page
        anchors = [slug(each) for each in headings(goal.read_text(encoding="utf-8"))] if anchor else []
        if not goal.exists() or (anchor and anchor not in anchors):
            broken.append(link)
    assert broken == []


def test_the_manual_page_has_every_command_and_no_request_by_accident() -> None:
    """A line of help that begins with a dot would vanish."""
    text = read("man/keyturn.1")
    assert [name for name in COMMANDS if f".SS {name}\n".replace("-", "\\-") not in text] == []
    requests = {line.split()[0] for line in text.splitlines() if line.startswith((".", "'"))}
    assert requests == {".TH", ".SH", ".B", ".SS", ".nf", ".fi", ".TP"}
