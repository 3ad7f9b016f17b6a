"""What the community's own tester says of the door."""

import re
import subprocess
import sys
from pathlib import Path

from tests.dialects.scim.kit import token_of
from tests.support.server import OpenDoor

SCIM2 = Path(sys.executable).parent / "scim2"


def test_every_check_of_scim2_tester_passes(door: OpenDoor) -> None:
    """The command that its documentation gives, with its exit code."""
    header = f"Authorization: Bearer {token_of(door)}"
    command = [str(SCIM2), "-u", f"{door.url}/scim/v2", "-h", header, "test"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    checks = re.findall(r"^(SUCCESS|ERROR|SKIPPED|CRITICAL|ACCEPTABLE|DEVIATION)\b", ran.stdout, re.M)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert (set(checks), len(checks) >= 135) == ({"SUCCESS"}, True)
