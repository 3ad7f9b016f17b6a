"""newman, the command line of Postman, and IBM's recipe for it: what people use today for the same job.

The recipe is "How to bulk update user password using MAS API", IBM Support, document ibm17253783.
"""

import json
import shutil
import subprocess
from pathlib import Path

from bench.processes import ROOT

HERE = ROOT / "bench"
PROGRAM = HERE / "node_modules" / ".bin" / "newman"
KNOWN = '{\n   "token": "NewUserPasswordHere1c"\n}'
GENERATED = "{}"


class NoNode(Exception):
    """newman cannot be had; the text says why in a line."""


def newman() -> Path:
    """The program, fetched at first need as `package-lock.json` says.  Raises NoNode."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NoNode("newman needs Node.js 18 or newer with npm (on Debian: apt install nodejs npm)")
    if not PROGRAM.exists():
        fetching = ["npm", "ci", "--silent", "--no-fund", "--no-audit"]
        if subprocess.run(fetching, cwd=HERE, check=False).returncode:
            raise NoNode("npm could not fetch newman; is the package registry reachable?")
    return PROGRAM


def collection(folder: Path, address: str, *, token: str, body: str = KNOWN) -> Path:
    """The collection that IBM's page describes, for a server at this address."""
    request = {
        "method": "POST",
        "header": [{"key": "x-access-token", "value": token}, {"key": "Content-Type", "value": "application/json"}],
        "body": {"mode": "raw", "raw": body, "options": {"raw": {"language": "json"}}},
        "url": "{{baseUrl}}/v3/users/{{userid}}/password?emailPassword=true",
    }
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    path = folder / "collection.json"
    content = {
        "info": {"name": "MAS API", "schema": schema},
        "variable": [{"key": "baseUrl", "value": address}],
        "item": [{"name": "Reset a user's password", "request": request}],
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def command(collection: Path, users: Path, *more: str) -> list[str | Path]:
    """The command line that runs a collection once for each user of a CSV file."""
    return [newman(), "run", collection, "--iteration-data", users, *more]
