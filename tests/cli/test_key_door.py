"""A key whose token stands alone opens its door from the moment it is made until it is revoked."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from keyturn.cli.main import cli
from tests.support.server import served


def run(*args: str) -> Result:
    """Run keyturn in this process."""
    result = CliRunner().invoke(cli, list(args))
    assert result.exit_code == 0, result.output
    return result


def test_a_token_that_stands_alone_opens_its_door_until_it_is_revoked(tmp_path: Path) -> None:
    """It holds the id of its key, and is all that is printed."""
    with served(tmp_path / "directory") as door:
        place = ("--data", str(door.house.place.data))
        made = json.loads(run("key", "create", *place, "--kind", "scim", "--json").stdout)
        assert set(made) == {"token"}
        headers = {"authorization": f"Bearer {made['token']}"}
        assert door.ask("GET", "/scim/v2/Users", headers=headers).status == 200
        key, _, secret = made["token"].rpartition(".")
        assert door.ask("GET", "/scim/v2/Users", headers={"authorization": f"Bearer {secret}"}).status == 401
        assert door.ask("GET", "/v3/users", headers={"x-access-token": made["token"]}).status == 401
        run("key", "revoke", key, *place)
        assert door.ask("GET", "/scim/v2/Users", headers=headers).status == 401
        shown = run("key", "create", *place, "--kind", "scim").stdout
        assert len(shown.splitlines()) == 1
        assert shown.startswith("token  ")
