"""`python -m bench [a b c d e f g h i]`: measures the cases and writes RESULTS.md."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.against_directory import known_values, one_time
from bench.against_limits import quota
from bench.against_stub import instant_server, long_run, million, slow_server
from bench.newman import NoNode, newman
from bench.paper import letters
from bench.results import PAGE, Finding, write
from bench.start import start_up

CASES: dict[str, Callable[..., Finding]] = {
    "a": slow_server,
    "b": instant_server,
    "c": known_values,
    "d": one_time,
    "e": long_run,
    "f": start_up,
    "g": quota,
    "h": letters,
    "i": million,
}
NEED_NEWMAN = {"a", "b"}


def main() -> int:
    """Measure what was asked for; 0 when that was done, whatever came out, 2 when something is missing."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {' '.join(CASES)}; none named: all")
    parser.add_argument("--rounds", type=int, default=3, help="how often each side is measured (3)")
    parser.add_argument("--quick", action="store_true", help="a handful of rows, to see that everything works")
    parser.add_argument("--page", type=Path, help="where to write; else RESULTS.md, and nowhere when quick")
    given = parser.parse_args()
    cases = given.cases or list(CASES)
    if unknown := set(cases) - CASES.keys():
        parser.error(f"there is no case {min(unknown)}")
    try:
        if NEED_NEWMAN & set(cases):
            newman()
    except NoNode as missing:
        print(f"bench: {missing}", file=sys.stderr)
        return 2
    return _measure(cases, 1 if given.quick else given.rounds, given.quick, given.page)


def _measure(cases: list[str], rounds: int, quick: bool, page: Path | None) -> int:
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        page = page or (Path(scratch) / "RESULTS.md" if quick else PAGE)
        for case in cases:
            finding = CASES[case](rounds, quick=quick)
            print(finding.text(), flush=True)
            write([finding], page)
            missed += [f"({case}) {aim.what}" for aim in finding.aims if not aim.met]
    if missed and not quick:
        print("missed: " + "; ".join(missed), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
