"""Writes the pages of the reference that the code already knows: commands, settings, errors, exit codes, dialects.

python -m tools.make_docs            write them
python -m tools.make_docs --check    fail when a page is not what the code says
"""

import ast
import importlib
import inspect
import itertools
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
import msgspec

from keyturn.app.config import sections, sections_runs, sections_target, settings
from keyturn.app.config.sources import Source
from keyturn.app.dialects import DIALECTS
from keyturn.app.doors import DOORS
from keyturn.app.serving.openapi import manuals
from keyturn.cli.catalogue import Entry, entries
from keyturn.cli.main import cli
from keyturn.cli.target.abilities import ABILITIES, plain
from keyturn.core.commands import VERBS
from keyturn.core.directory import LOCAL
from keyturn.core.permissions import NEEDS
from keyturn.http.described import Api, Call
from tools import audit_page, bill, man_page, rights_table, self_statement

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "reference"
NOTE = "<!-- Made by tools/make_docs.py from the code; change it there. -->\n\n"
WIDTH = 88

FAMILIES: Mapping[str, str] = {
    "AUTH": "Signing in and rights",
    "BAK": "Backup and restore",
    "CFG": "Settings and keys",
    "IN": "The file of a run",
    "NET": "Reaching a server",
    "PLN": "Frozen plans",
    "POL": "Passwords",
    "RUN": "Runs",
    "SRV": "The directory server",
    "TGT": "What a target answered",
    "COL": "Collections of Postman",
}


def commands(command: click.Command = cli, path: str = "keyturn") -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, a group before what is in it."""
    yield path, command
    if isinstance(command, click.Group):
        with click.Context(command, info_name=path) as context:
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                if child is not None and not child.hidden:
                    yield from commands(child, f"{path} {name}")


def help_of(path: str, command: click.Command) -> str:
    """What `--help` prints, at a width that fits a page."""
    context = click.Context(command, info_name=path, terminal_width=WIDTH, max_content_width=WIDTH)
    context.help_option_names = ["-h", "--help"]
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def cli_page() -> str:
    """One heading a command."""
    text = "# Commands\n\n" + NOTE
    text += "`keyturn COMMAND --help` prints the same. The flags of the first section work behind every command.\n"
    text += "Every long flag can be set as `KEYTURN_` and its name in capitals.\n"
    for path, command in commands():
        text += f"\n## {path}\n\n```text\n{help_of(path, command)}\n```\n"
    return text


def said(section: type) -> dict[str, str]:
    """The sentence below each field of a class."""
    lines = [node for each in ast.parse(inspect.getsource(section)).body for node in ast.iter_child_nodes(each)]
    texts: dict[str, str] = {}
    for field, text in itertools.pairwise(lines):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match text:
                case ast.Expr(value=ast.Constant(value=str(sentence))):
                    texts[field.target.id] = " ".join(sentence.split())
    return texts


def default_of(field: msgspec.structs.FieldInfo) -> str:
    """The value that holds when nobody sets one."""
    if field.required:
        return "must be given"
    value = field.default
    if value in ("", None, ()) or value is msgspec.NODEFAULT:
        return ""
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{item}"' for item in value) + "]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def settings_table(section: type, prefix: str, file_only: frozenset[str] = frozenset()) -> str:
    """The settings of one table of the config file."""
    texts = said(section)
    text = "| setting | default | environment | what it is |\n|---|---|---|---|\n"
    for field in msgspec.structs.fields(section):
        lone = field.name in file_only or field.default_factory is dict or not prefix
        variable = "only in the file" if lone else f"`{prefix}{field.name.upper()}`"
        text += f"| `{field.name}` | {default_of(field)} | {variable} | {texts[field.name]} |\n"
    return text


def config_page() -> str:
    """One heading a table of the config file."""
    never = settings._OF_FILE_ALONE  # the page must say exactly what the reader of settings does
    text = "# Settings\n\n" + NOTE
    text += (
        "The config file is `config.toml` in your system's folder for settings (`~/.config/keyturn` on Linux), or\n"
        "the file that `--config` or `KEYTURN_CONFIG` names, or the one in `KEYTURN_HOME`. It is never taken from the\n"
        "current folder. A flag wins over the environment, the environment over the file, the file over the defaults.\n"
    )
    text += "\n## Top of the file\n\n"
    text += "| setting | environment | what it is |\n|---|---|---|\n"
    text += f"| `default_target` | `KEYTURN_DEFAULT_TARGET` | {said(settings.Document)['default_target']} |\n"
    for name, section in (
        ("runs", sections_runs.RunSettings),
        ("handout", sections_runs.HandoutSettings),
        ("serve", sections.ServeSettings),
    ):
        text += f"\n## [{name}]\n\n{section.__doc__}\n\n{settings_table(section, f'KEYTURN_{name.upper()}_')}"
    target = sections_target.TargetSettings
    text += f"\n## [targets.NAME]\n\n{target.__doc__} In the environment's names, NAME stands in\n"
    text += (
        "capitals with `_` for every sign that is no letter or digit; a variable of a target that the file does not\n"
    )
    text += "know has no effect.\n\n"
    text += settings_table(target, "KEYTURN_TARGET_NAME_", never)
    text += f"\n## [targets.NAME.password_rules]\n\n{sections_target.PasswordRules.__doc__}\n\n"
    text += settings_table(sections_target.PasswordRules, "")
    text += f"\n## Secrets\n\n{Source.__doc__}\n\n" + settings_table(Source, "")
    text += (
        "\nThe variables `KEYTURN_TARGET_NAME_TOKEN` and `..._PASSWORD` hold the secret itself, `..._TOKEN_FILE` and\n"
    )
    return text + "`..._PASSWORD_FILE` name a file that holds it.\n"


def errors_page() -> str:
    """One heading a code."""
    text = "# Errors and warnings\n\n" + NOTE + "`keyturn explain CODE` prints the same.\n"
    family = ""
    for entry in sorted(entries(), key=lambda each: each.code):
        if entry.code.split("-")[1] != family:
            family = entry.code.split("-")[1]
            text += f"\n## KT-{family}: {FAMILIES[family]}\n"
        text += error_section(entry)
    return text


def error_section(entry: Entry) -> str:
    """One code: title, cause, fix, and how a command ends with it."""
    cause, fix = (" ".join(part.split()) for part in (entry.cause, entry.fix))
    ends = f"Exit code {entry.exit}." + (f" {entry.progress}" if entry.progress else "")
    return f"\n### {entry.code}\n\n**{entry.title}.** {cause}\n\n*What to do:* {fix}\n\n{ends}\n"


def capabilities_page() -> str:
    """One column a directory, one row an ability."""
    known = {"local": LOCAL} | {
        name: importlib.import_module(f"keyturn.dialects.{name}.wire").CAPABILITIES for name in DIALECTS
    }
    text = "# What each kind of directory can do\n\n" + NOTE
    text += "A run asks this table and never the vendor's name. An empty cell: no limit that is documented.\n\n"
    text += f"| | {' | '.join(known)} |\n|---|{'---|' * len(known)}\n"
    for command, verb in VERBS.items():
        cells = ["yes" if command in can.carries else "no" for can in known.values()]
        text += f"| `{verb}` | {' | '.join(cells)} |\n"
    for words, told in ABILITIES.values():
        text += f"| {words} | {' | '.join(plain(told(can)) for can in known.values())} |\n"
    return text + served_table()


def served_table() -> str:
    """One column a vendor, one row an operation: how many calls of the vendor's API do it here."""
    apis = {name: door.api for name, door in DOORS.items()}
    text = "\n## What of each vendor's API a keyturn server answers\n\n"
    text += "How many calls decide on which right; [every call by name](served.md), and what is not answered.\n\n"
    text += f"| | {' | '.join(apis)} |\n|---|{'---|' * len(apis)}\n"
    counts: dict[str, Callable[[Api], int]] = {
        "calls that are answered": lambda api: len(api.calls),
        "of these, in no page of the vendor's": lambda api: sum(call.invented for call in api.calls),
        "documented and not answered": lambda api: len(api.not_served),
    }
    for words, count in counts.items():
        text += f"| {words} | {' | '.join(str(count(api)) for api in apis.values())} |\n"
    for operation in NEEDS:
        cells = [sum(operation in call.needs for call in api.calls) for api in apis.values()]
        if any(cells):
            text += f"| `{operation}` | {' | '.join(str(cell or '') for cell in cells)} |\n"
    return text


OWN = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/[^\s?]+)(\?\S*)? ?(\{.*\})?: (.+)", re.S)
"""How the docstring of an endpoint of our own API begins: method, path, query, body, what it does."""


def calls() -> Iterator[tuple[str, str, str, str, str]]:
    """Every call of our own API as its endpoint describes it: method, path, query, body, sentence."""
    for module in sorted((ROOT / "src" / "keyturn" / "api").glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                told = OWN.fullmatch(" ".join((ast.get_docstring(node) or "").split()))
                if told:
                    method, path, query, body, sentence = told.groups(default="")
                    root = "" if path in WATCHED else "/keyturn/v1"
                    yield method, root + path, query, body, sentence


WATCHED = ("/livez", "/readyz", "/metrics")


def api_page() -> str:
    """One row a call."""
    text = "# Our own API\n\n" + NOTE
    text += (
        "JSON in and out; `Authorization: Bearer` with the token of a session, or the one that\n"
        "`GET /v1/authenticate` answers to the id and the token of an API key (HTTP Basic). What is refused is\n"
        "answered with problem details (RFC 9457): reason, status and code as in [refusals](refusals.md). Calls that\n"
        "change something take an `Idempotency-Key` and answer a repeat within 24 hours with the first "
        "outcome; a key that was used\n"
        "for another request is refused (422).\n\n"
        "A `?` behind a field: it may be left out. What a mailed link leads to is under `/claim/`: GET shows a plain\n"
        "form and changes nothing, POST sets the new password and uses the link up. At `/` people set a new password\n"
        "who know their present or one-time one.\n\n"
        "| call | query, body | what it does |\n|---|---|---|\n"
    )
    for method, path, query, body, sentence in calls():
        asked = " ".join(f"`{part}`" for part in (query, body) if part)
        text += f"| `{method} {path}` | {asked} | {sentence[:1].upper()}{sentence[1:]} |\n"
    return text


def dialect_page(folder: Path) -> str:
    """The vendor on a page, as it stands in its folder."""
    readme = (folder / "README.md").read_text(encoding="utf-8")
    title, _, rest = readme.partition("\n")
    rest = re.sub(r"\]\((?!https?:|#)([^)]+)\)", lambda link: f"]({_from_page(folder / link[1])})", rest)
    return f"{title}\n\n{NOTE.strip()}\n{rest}"


def _from_page(file: Path) -> str:
    """A file as the page of a vendor links to it."""
    return os.path.relpath(file, PAGES / "dialects")


def served_page() -> str:
    """One table a vendor: what is answered, what it needs, and what of the documented is not answered."""
    text = "# What of each vendor's API is served\n\n" + NOTE
    text += (
        "Every call that a door answers, with the rows of the table of rights that decide it, then what the vendor\n"
        "documents and we do not answer. What each kind of directory can do in a run stands in\n"
        "[capabilities](capabilities.md). The same calls with their bodies, answers and refusals are OpenAPI\n"
        "documents in [docs/openapi](../openapi), and a running server shows them under `/help/api`.\n"
    )
    for api in (door.api for door in DOORS.values()):
        text += f"\n## {api.title}\n\n"
        if any(api.places):
            text += f"Before each call stands one of {', '.join(f'`{place}`' for place in api.places)}.\n\n"
        text += "| call | what it does | right |\n|---|---|---|\n"
        for call in api.calls:
            invented = " (no vendor's page says so)" if call.invented else ""
            text += f"| `{call.method} {call.path}` | {call.summary}{invented} | {needed(call)} |\n"
        text += "\n| not served | why |\n|---|---|\n" if api.not_served else ""
        for row in api.not_served:
            text += f"| `{row.path if row.method == '*' else f'{row.method} {row.path}'}` | {row.why} |\n"
    return text


def needed(call: Call) -> str:
    """What decides whether somebody may make a call."""
    if call.anybody:
        return "anybody"
    words = [f"`{operation}`" for operation in call.needs] + ([f"scope `{call.scope}`"] if call.scope else [])
    return ", ".join(words) or "signed in"


def pages() -> dict[Path, str]:
    """Every page that is made, by where it belongs."""
    makers: Mapping[str, Callable[[], str]] = {
        "api.md": api_page,
        "bill-of-materials.cdx.json": bill.as_json,
        "audit-events.md": lambda: audit_page.page(NOTE),
        "capabilities.md": capabilities_page,
        "cli.md": cli_page,
        "config.md": config_page,
        "errors.md": errors_page,
        "rights.json": rights_table.as_json,
        "rights.md": lambda: rights_table.as_page(NOTE),
        "security-self-statement.md": lambda: self_statement.as_page(
            NOTE.replace("code", "tests and requirements*.json")
        ),
        "served.md": served_page,
    }
    made = {PAGES / name: make() for name, make in makers.items()}
    for readme in sorted((ROOT / "src" / "keyturn" / "dialects").glob("*/README.md")):
        made[PAGES / "dialects" / f"{readme.parent.name}.md"] = dialect_page(readme.parent)
    made[ROOT / "man" / "keyturn.1"] = man_page.page((path, help_of(path, each)) for path, each in commands())
    for name, manual in manuals().items():
        made[ROOT / "docs" / "openapi" / f"{name}.json"] = manual.document.decode()
    return made


def stale(made: Mapping[Path, str]) -> list[Path]:
    """The pages on disk that are not what the code says."""
    return [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def main() -> None:
    """Write or check."""
    made = pages()
    old = stale(made)
    if "--check" in sys.argv[1:]:
        for path in old:
            print(f"docs: {path.relative_to(ROOT)} is not what the code says", file=sys.stderr)
        sys.exit("hint: make format writes it again" if old else 0)
    for path in old:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[path], encoding="utf-8")


if __name__ == "__main__":
    main()
