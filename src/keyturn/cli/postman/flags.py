"""newman's flags: read as newman reads them, and those that change nothing here told once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keyturn.cli.desk.flags import Seconds

if TYPE_CHECKING:
    from keyturn.app.postman.playing import Manners

REPORTERS = ("cli", "json", "junit", "html")

_FILE = click.Path(path_type=Path, dir_okay=False)
_MILLISECONDS = Seconds(0)
Command = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Flags:
    """What was said, as it was said.  Numbers of time are milliseconds, as with newman."""

    collection: Path
    iteration_data: Path | None
    iteration_count: int | None
    environment: Path | None
    globals: Path | None
    folder: tuple[str, ...]
    env_var: tuple[str, ...]
    global_var: tuple[str, ...]
    delay_request: float
    timeout: float
    timeout_request: float
    bail: str
    suppress_exit_code: bool
    reporters: str
    reporter_json_export: Path | None
    reporter_junit_export: Path | None
    reporter_html_export: Path | None
    insecure: bool
    ssl_extra_ca_certs: Path | None
    ssl_client_cert: Path | None
    ssl_client_key: Path | None
    disable_unicode: bool
    silent: bool
    ignore_scripts: bool
    again: bool
    newman_types: bool
    newman_addresses: bool
    newman_variables: bool
    repeats: bool
    as_is: bool
    jobs: int | None
    rate: str
    retries: int | None
    max_failures: str
    encoding: str | None
    expect: int | None
    yes: bool

    def wants(self, reporter: str) -> bool:
        """Whether a reporter was asked for."""
        return reporter in self.reporters.split(",")

    @property
    def manners(self) -> "Manners":
        """How far newman is followed where it does otherwise."""
        from keyturn.app.postman.playing import Manners

        return Manners(
            self.again, self.newman_types, self.newman_addresses, self.newman_variables, self.repeats, self.as_is
        )


_WITHOUT_EFFECT: dict[str, tuple[str, bool]] = {
    "--timeout-script": ("no script is run", True),
    "--working-dir": ("no file but those that are named is read", True),
    "--no-insecure-file-read": ("no file but those that are named is read", False),
    "--ignore-redirects": ("no redirect is ever followed", False),
    "--export-environment": ("not done, because no script changes a variable", True),
    "--export-globals": ("not done, because no script changes a variable", True),
    "--export-collection": ("not done, because the collection stays as it is", True),
    "--cookie-jar": ("not done, because no cookie is kept", True),
    "--export-cookie-jar": ("not done, because no cookie is kept", True),
    "--ssl-client-cert-list": ("not done: give the certificate with --ssl-client-cert", True),
    "--verbose": ("-v says more of keyturn", False),
}
"""Flags that are taken and do nothing: why, and whether a value stands behind them."""


def parted(args: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The flags that keyturn knows, and those without effect with the reason; `--bail` gets a value."""
    kept, idle, rest = [], [], list(args)
    while rest:
        word = rest.pop(0)
        name, equals, _ = word.partition("=")
        if name == "--bail" and not equals:
            follows = rest.pop(0) if rest and rest[0] in ("folder", "failure") else "all"
            kept.append(f"--bail={follows}")
        elif name in _WITHOUT_EFFECT:
            why, valued = _WITHOUT_EFFECT[name]
            idle.append((name, why))
            if valued and not equals and rest:
                rest.pop(0)
        elif name.startswith("--reporter-") and not _known(name):
            idle.append((name, "no reporter of ours has it"))
            switch = name.startswith("--reporter-cli-")
            if not switch and not equals and rest and not rest[0].startswith("-"):
                rest.pop(0)
        else:
            kept.append(word)
    return kept, idle


def _known(name: str) -> bool:
    return name in {f"--reporter-{one}-export" for one in ("json", "junit", "html")}


class NewmanCommand(click.Command):
    """Takes flags of newman's that do nothing here, and remembers them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take out what has no effect, then as click does."""
        kept, ctx.meta["idle"] = parted(args)
        return super().parse_args(ctx, kept)


_OPTIONS = (
    click.argument("collection", type=click.Path(path_type=Path, readable=False)),
    click.option("-d", "--iteration-data", type=_FILE, metavar="FILE", help="The rows."),
    click.option("-n", "--iteration-count", type=click.IntRange(1), metavar="N", help="So many rows; confirms them."),
    click.option("-e", "--environment", type=_FILE, metavar="FILE", help="An environment."),
    click.option("-g", "--globals", type=_FILE, metavar="FILE", help="Globals."),
    click.option("--folder", multiple=True, metavar="NAME", help="Only this folder or request."),
    click.option("--env-var", multiple=True, metavar="K=V", help="A variable of the environment."),
    click.option("--global-var", multiple=True, metavar="K=V", help="A global variable."),
    click.option("--delay-request", type=_MILLISECONDS, default=0.0, metavar="MS", help="One at a time, so far apart."),
    click.option("--timeout", type=_MILLISECONDS, default=0.0, metavar="MS", help="Of everything."),
    click.option("--timeout-request", type=_MILLISECONDS, default=0.0, metavar="MS", help="Of one answer."),
    click.option("--bail", default="", metavar="[folder|failure]", help="Stop at the first failure."),
    click.option("-x", "--suppress-exit-code", is_flag=True, help="Exit 0 whatever became of the rows."),
    click.option("-r", "--reporters", default="cli", metavar="LIST", help="cli,json,junit,html"),
    *(click.option(f"--reporter-{one}-export", type=_FILE, metavar="FILE", hidden=True, help="Where it goes.")
      for one in ("json", "junit", "html")),
    click.option("-k", "--insecure", is_flag=True, help="Refused; trust a certificate in its place."),
    click.option("--ssl-extra-ca-certs", type=_FILE, metavar="FILE", hidden=True, help="Believe these certificates."),
    click.option("--ssl-client-cert", type=_FILE, metavar="FILE", hidden=True, help="Show this certificate."),
    click.option("--ssl-client-key", type=_FILE, metavar="FILE", hidden=True, help="The key of that certificate."),
    click.option("--ssl-client-passphrase", expose_value=False, callback=lambda *given: _no_passphrase(given[2]),
                 hidden=True, help="Refused: it would be in your shell history."),
    click.option("--color", type=click.Choice(["auto", "on", "off", "always", "never"]), expose_value=False,
                 callback=lambda *given: _coloured(given[0], given[2]), hidden=True, help="Colour."),
    click.option("--disable-unicode", is_flag=True, hidden=True, help="Draw in ASCII."),
    click.option("--silent", is_flag=True, help="Say nothing."),
    click.option("--ignore-scripts", is_flag=True, help="Run although scripts are left out."),
    click.option("--again", is_flag=True, help="Also send what an earlier run has done."),
    click.option("--newman-types", is_flag=True, help="Let 007 become 7, as newman does."),
    click.option("--newman-addresses", is_flag=True, help="Put cells into addresses as they are, as newman does."),
    click.option("--newman-variables", is_flag=True, help="Send {{x}} as it is where nothing stands for it."),
    click.option("--repeats", is_flag=True, help="Also send rows that ask for the same."),
    click.option("--as-is", is_flag=True, help="Recognise nothing; send requests as they stand."),
    click.option("-j", "--jobs", type=click.IntRange(1, 1024), help="Requests in flight."),
    click.option("--rate", default="", metavar="N/s", help="Most requests a second."),
    click.option("--retries", type=click.IntRange(0, 100), hidden=True, help="Tries again when busy or unanswered."),
    click.option("--max-failures", default="", metavar="N|N%", help="Stop at so many failures."),
    click.option("--encoding", metavar="NAME", hidden=True, help="How the letters of the file are written."),
    click.option("--expect", type=click.IntRange(0), metavar="N", help="Confirm: exactly N rows are sent."),
    click.option("--yes", is_flag=True, help="Confirm a small run."),
)  # fmt: skip


def newman_flags(command: Command) -> Command:
    """Give a command newman's flags; it gets them as one `Flags`."""

    @wraps(command)
    def read(*args: Any, **given: Any) -> Any:
        unknown = [one for one in given["reporters"].split(",") if one not in REPORTERS]
        if unknown:
            raise click.UsageError(f"there is no reporter {unknown[0]}; there are {', '.join(REPORTERS)}")
        return command(*args, flags=Flags(**given))

    for option in reversed(_OPTIONS):
        read = option(read)
    return read


def _no_passphrase(given: str | None) -> None:
    if given is not None:
        raise click.UsageError(
            "a pass phrase on the command line would be in your shell history and in `ps`: leave it away, and be asked"
        )


def _coloured(ctx: click.Context, given: str | None) -> None:
    if given not in (None, "auto"):
        from keyturn.cli.frame import Frame

        ctx.ensure_object(Frame).adjust(color=given in ("on", "always"))


def pairs(texts: Sequence[str], flag: str) -> dict[str, str]:
    """Names and values of `NAME=VALUE`."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{flag} wants NAME=VALUE")
        found[name] = value
    return found
