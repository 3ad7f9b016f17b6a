"""`keyturn runs evidence`: a signed account of a run, and its verification anywhere."""

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.runs.opened import chosen, opened
from keyturn.core.errors import ConfigError
from keyturn.core.harmless import harmless

if TYPE_CHECKING:
    from keyturn.bulk.record.folder import RunFolder

_HEX: Final = re.compile("[0-9a-fA-F]{64}")


@click.command()
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@click.option("-o", "--out", "into", metavar="FILE", help="Where it goes; otherwise into the folder of the run.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--redact", default="", type=click.Choice(["", "ids"]), metavar="ids", help="Digests in place of ids.")
@click.option("--verify", "file", type=click.Path(path_type=Path, dir_okay=False), help="Verify a file instead.")
@click.option("--key", metavar="PUBLIC", default="", help="With --verify: the public key, or a file that holds it.")
@click.option("--public-key", is_flag=True, help="Print the public key that verifies what this machine signs.")
@pass_frame
def evidence(
    frame: Frame, run: str, into: str | None, redact: str, file: Path | None, key: str, *, force: bool, public_key: bool
) -> None:
    """A signed account of a run: who, where, when, which plan and file, every row; it holds no password.

    Whoever has the public key verifies it, without this machine; a single changed byte is found.

    \b
      keyturn runs evidence r7f3k2a -o evidence.jsonl
      keyturn runs evidence --public-key
      keyturn runs evidence --verify evidence.jsonl --key evidence.pub
    """
    from keyturn.app.run.machine import Machine

    if public_key:
        public = Machine(frame.settings).signer().public_key
        if frame.wants_json:
            frame.json({"key": public})
        else:
            frame.data(public)
    elif file is not None:
        _verify(frame, file, key)
    else:
        _write(frame, chosen(frame, run), into, redact, force=force)


def _write(frame: Frame, folder: "RunFolder", into: str | None, redact: str, *, force: bool) -> None:
    from keyturn import __version__
    from keyturn.app.operator import account_name
    from keyturn.app.run.machine import Machine
    from keyturn.bulk.record.evidence import Made, write_evidence
    from keyturn.bulk.record.report import Told
    from keyturn.bulk.record.veil import veil_of, veiled
    from keyturn.cli.newfile import STDOUT, write_new

    machine = Machine(frame.settings)
    path = into or str(folder.path / f"evidence-{folder.run}.jsonl")
    with opened(frame, folder) as (journal, facts):
        veil = veiled(journal, facts) if redact else veil_of(facts)
        code, found = int(facts["exit"] or 0), journal.verdicts()
        told = Told(folder.run, facts, journal.counts(), journal.reasons(), code, __version__, veil, found)
        made = Made(machine.clock().now(), account_name(), __version__, folder.handouts())
        signer = machine.signer()
        rows = write_new(
            frame,
            path,
            lambda file: write_evidence(file, journal, told, made, signer),
            force=force or into is None,
        )
    if path == STDOUT:
        return
    if frame.wants_json:
        frame.json({"run": folder.run, "evidence": path, "rows": rows, "key": signer.public_key})
        return
    frame.data(path)
    frame.say(f"{rows:,} rows, signed; whoever has the public key verifies it:")
    frame.say(f"  keyturn runs evidence --verify {shlex.quote(str(path))} --key {signer.public_key}")


def _public_key(key: str) -> str:
    """The key itself, or what is in a file of that name.

    Raises ConfigError for what is neither: a file that is not there must not be taken for a wrong key.
    """
    found = Path(key).read_text("ascii", "replace").strip() if key and Path(key).is_file() else key
    if not found or _HEX.fullmatch(found):
        return found.lower()
    raise ConfigError(
        "that is no public key",
        code="KT-CFG-070",
        where=key,
        why="neither 64 hexadecimal digits nor a file that holds them",
        fix="keyturn runs evidence --public-key  prints it, on the machine that signed",
    )


def _verify(frame: Frame, file: Path, key: str) -> None:
    from keyturn.app.run.machine import proven as prove
    from keyturn.bulk.regular import open_regular

    try:
        wanted = _public_key(key)
        with open_regular(file) as lines:
            proven = prove(lines, wanted)
    except OSError as error:
        raise ConfigError(
            "the evidence cannot be read", code="KT-CFG-070", where=str(file), why=error.strerror or ""
        ) from None
    facts = proven.facts
    if frame.wants_json:
        frame.json({"intact": True, "key": proven.key, "rows": proven.rows, "facts": facts})
        return
    counts = ", ".join(f"{count:,} {outcome}" for outcome, count in facts["outcomes"].items() if count)
    targets = ", ".join(target["name"] for target in facts["targets"])
    frame.data(harmless(f"intact: run {facts['run']}, {facts['operation']} on {targets}, {proven.rows:,} rows"))
    frame.data(harmless(f"  outcomes  {counts or 'none'}"))
    frame.data(harmless(f"  made      {facts['made']['at'][:19]}Z by {facts['made']['by']}"))
    frame.data(f"  signed by {proven.key}")
    if not key:
        frame.warn("the key is the one that the file names; hold it against the one you were given", code="KT-RUN-073")
