"""`python -m compat`: fetches the clients and runs the checks; needs Node for newman, and an index of packages."""

import subprocess
import sys

from bench.newman import NoNode, newman
from bench.processes import ROOT


def main() -> int:
    """0 when all checks pass, 2 with one line when something is missing."""
    try:
        newman()
    except NoNode as missing:
        print(f"compat: {missing}", file=sys.stderr)
        return 2
    command = [sys.executable, "-m", "pytest", "compat", "-q", "-p", "no:cacheprovider", *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
