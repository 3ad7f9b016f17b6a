"""Case h: a thousand letters from a sealed handout, whole process, beside a bare loop that prints as many sheets."""

import io
import tempfile
import time
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]  # reportlab ships no annotations

from bench.keyturn import NOBODY, PROGRAM
from bench.processes import run
from bench.results import Aim, Finding, Spread
from keyturn.core.handout import Handed, as_line
from keyturn.crypto.handout import AgeSealer, new_identity
from keyturn.crypto.runkeys import RunKeys

LETTERS = 1000
SITES = ("Lyon", "Nantes", "Kassel")
NAMES = ("Zoë Müller", "Amal Haddad", "山田 太郎", "Дмитрий Иванов", "Bo Li")
LINES = 20
"""What a letter says of one person, in lines."""


def letters(rounds: int, *, quick: bool) -> Finding:
    """Case h: they are printed while somebody stands at the printer."""
    count = 20 if quick else LETTERS
    finding = Finding("h", f"{count:,} letters from a sealed handout", rounds)
    took: list[float] = []
    processor: list[float] = []
    memory: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        command = _command(folder, count)
        for _ in range(rounds):
            ended = run([*command], env=NOBODY.environment, cwd=folder)
            took.append(ended.seconds)
            processor.append(ended.cpu)
            memory.append(ended.memory)
            bare.append(_bare(count))
        size = (folder / "letters.pdf").stat().st_size / count
    finding.aims.append(Aim("whole process, from start to exit", Spread.of(took).median, 5, " s", at_most=True))
    finding.figure(
        "keyturn handout letters", took, "s", f"peak memory {max(memory):.0f} MB; {size:,.0f} bytes a letter"
    )
    finding.figure("processor time", processor, "s", "what it takes on a core of its own")
    finding.figure(
        "a bare loop of the same library, processor time",
        bare,
        "s",
        f"{LINES} lines a sheet in a font of the printer's",
    )
    return finding


def _command(folder: Path, count: int) -> list[str | Path]:
    """A handout of so many people, and the command that prints it."""
    keys, file = RunKeys(b"k" * 32), folder / "handout.age"
    people = (
        Handed(row, f"user{row:04}", keys.password("r7f3k2a", row), "there", "changed", NAMES[row % len(NAMES)],
               columns={"Site": SITES[row % len(SITES)]})
        for row in range(2, count + 2)
    )  # fmt: skip
    recipient = new_identity(folder / "key.txt")
    with file.open("wb") as sealed:
        AgeSealer().seal(map(as_line, people), [recipient], sealed)
    flags = [
        "--by",
        "Site",
        "--sort",
        "Name",
        "--sign-in-page",
        "https://login.example.com",
        "-o",
        "letters.pdf",
        "--force",
    ]
    return [PROGRAM, "handout", "letters", file, "--identity", folder / "key.txt", *flags]


def _bare(count: int) -> float:
    began = time.process_time()
    canvas = Canvas(io.BytesIO(), pageCompression=1)
    for sheet in range(count):
        for line in range(LINES):
            canvas.drawString(70, 700 - 14 * line, f"sheet {sheet}, line {line}, as long as a line usually is")
        canvas.showPage()
    canvas.save()
    return time.process_time() - began
