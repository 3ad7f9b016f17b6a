"""One file over five targets of five kinds, with the installed command and real servers: one run, one report."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.fleet import KINDS, fleet

EACH = 60
ROWS = [(KINDS[number % len(KINDS)], f"user{number:03d}") for number in range(EACH * len(KINDS))]


def test_300_users_over_five_targets_are_one_run_with_one_report(tmp_path: Path) -> None:
    """Every new password works, and every row of plan, report and handout says where it went."""
    with fleet(tmp_path, [who for _, who in ROWS]) as here:
        path = here.file(ROWS)
        [plan] = here.run("plan", "reset", path, "--json").lines
        assert plan["counts"] == {"change": 300, "skip": 0, "block": 0}
        assert plan["targets"] == [{"target": kind, "change": EACH, "skip": 0, "block": 0} for kind in KINDS]
        done = here.run("reset", path, "--expect", "300", "--no-input")
        assert done.code == 0, done.err
        assert "Plan for reset on 5 targets" in done.err
        assert done.out.startswith("300 changed")
        [folder] = (here.home / "state" / "runs").iterdir()
        sheet = list(csv.DictReader(io.StringIO((folder / "report.csv").read_text("utf-8-sig"))))
        assert [(row["target"], row["user"]) for row in sheet] == ROWS
        assert {row["outcome"] for row in sheet} == {"changed"}
        handed = here.kit.handed_out()
        assert [(line["target"], line["user"]) for line in handed] == ROWS
        assert len({line["password"] for line in handed}) == 300
        with ThreadPoolExecutor(4) as pool:
            good = list(pool.map(lambda line: here.signs_in(line["user"], line["password"]), handed))
        assert good == [True] * 300
