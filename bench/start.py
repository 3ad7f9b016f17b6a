"""Case f: how long the smallest commands take, whole process."""

from bench.keyturn import PROGRAM
from bench.processes import run
from bench.results import Aim, Finding, Spread


def start_up(rounds: int, *, quick: bool) -> Finding:
    """Case f: nobody waits for --version and --help."""
    starts = 3 if quick else max(21, rounds)
    finding = Finding("f", "Starting", starts)
    for flag, wanted in (("--version", 150), ("--help", 250)):
        run([PROGRAM, flag])
        took = [run([PROGRAM, flag]).seconds * 1000 for _ in range(starts)]
        finding.aims.append(Aim(f"keyturn {flag}", Spread.of(took).median, wanted, " ms", at_most=True))
        finding.figure(f"keyturn {flag}", took, "ms", "whole process, warm")
    return finding
