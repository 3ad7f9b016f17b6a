"""Case g: the runner against a server that enforces several limits at once and tells them in its answers."""

import tempfile
from pathlib import Path

from bench.keyturn import home, reset, users_file
from bench.limits import ALL, most_in
from bench.processes import limited, run, stats
from bench.results import Aim, Finding

A_SECOND = min(limit / window for limit, window in ALL)
"""How many a second that comes to."""


def quota(rounds: int, *, quick: bool) -> Finding:
    """Case g: a quota is used up and not run into.  One round: three minutes are spent waiting, not computing."""
    rows = 40 if quick else 1800
    told = ", ".join(f"{limit:,} in {window:g} s" for limit, window in ALL)
    finding = Finding("g", f"{rows:,} rows against a server that takes {told} in every window", 1)
    with limited(0.02) as address, tempfile.TemporaryDirectory(prefix="keyturn-bench-") as name:
        folder = Path(name)
        users = users_file(folder / "users.csv", rows)
        stats(address)
        ended = run(reset(users, rows, in_flight=None), env=home(folder / "home", address))
        counts = stats(address)
    moments = counts["moments"]
    if ended.code or len(moments) != rows:
        raise SystemExit(f"keyturn reset ended with {ended.code} after {len(moments)} of {rows} requests")
    used = (rows - 1) / (moments[-1] - moments[0]) / A_SECOND
    finding.aims.append(Aim("part of the quota that was used, first request to last", used, 0.97))
    finding.aims.append(Aim("requests that were refused", counts["refused"], 0, at_most=True))
    for limit, window in ALL:
        most = most_in(window, moments)
        finding.aims.append(Aim(f"most requests in any {window:g} s", most, limit * 1.02, at_most=True))
    finding.figure("from first request to last", [moments[-1] - moments[0]], "s", f"no -j and no --rate; {rows:,} rows")
    finding.figure("in flight at most", [counts["most_in_flight"]], "requests")
    return finding
