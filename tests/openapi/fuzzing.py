"""Schemathesis as a process beside a served directory: what it is told of each door, and how it is asked."""

import base64
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from keyturn.app.keeping.init import FOUNDER
from keyturn.core.outcomes import Reason
from keyturn.core.ports import NewKey
from keyturn.core.users import ALL_RIGHTS
from keyturn.http.described import REASONS, Api, Call, refusals
from tests.support.server import OpenDoor

ST = str(Path(sys.executable).parent / "st")
HOOKS = Path(__file__).with_name("hooks.py")
ALWAYS = ("2xx", "304", "401", "403", "404", "409", "413", "429")
"""What may be answered to a request that keeps to its schema: it was done, or refused for what is stored here, or for
its size in bytes, of which a schema cannot speak."""

REFUSED = ("400", "401", "403", "404", "405", "409", "410", "413", "415", "422")
"""What may be answered to a request that breaks its schema."""

PASSWORD = "nine green bottles on a wall"


@dataclass(frozen=True)
class Asking:
    """How the calls of a door are made.

    base: in front of the paths; ways: credentials by way; known: parameters that must be what the directory has.
    """

    base: str
    ways: Mapping[str, Mapping[str, str]]
    known: Mapping[str, str] = field(default_factory=dict)


def asking(name: str, door: OpenDoor) -> Asking:
    """The address and the credentials for a door, with every right."""
    basic = {"username": door.made.admin, "password": door.made.password.reveal()}
    match name:
        case "mas":
            key = door.made.key
            token = door.key_token()
            pair = {"username": key.key.id, "password": key.token.reveal()}
            tokens = {"token": {"api_key": token}, "bearer": {"bearer": token}, "apikey": {"api_key": token}}
            return Asking(door.url, {**tokens, "basic": pair})
        case "uipath":
            known = {"path.partition": door.made.tenant.guid}
            return Asking(f"{door.url}/identity_", {"client": {"bearer": client_token(door)}}, known)
        case "scim":
            made = door.house.administration(FOUNDER, "test").create_key("scim", "fuzzing", ALL_RIGHTS, ("scim",))
            assert isinstance(made, NewKey), made
            return Asking(door.url, {"bearer": {"bearer": f"{made.key.id}.{made.token.reveal()}"}})
        case "keyturn" | "primavera":
            ways = {"bearer": {"bearer": door.admin_token()}, "basic": basic}
            return Asking(door.url, ways, {"path.tenant": door.made.tenant.name})
        case _:
            return Asking(door.url, {"basic": basic})


def client_token(door: OpenDoor) -> str:
    """An access token of a new client with every scope."""
    made = door.house.administration(FOUNDER, "test").create_key(
        "uipath", "fuzzing", ALL_RIGHTS, ("PM.User", "PM.Group")
    )
    assert isinstance(made, NewKey), made
    pair = base64.b64encode(f"{made.key.id}:{made.token.reveal()}".encode()).decode()
    answer = door.ask(
        "POST",
        "/identity_/connect/token",
        headers={"authorization": f"Basic {pair}", "content-type": "application/x-www-form-urlencoded"},
        body=b"grant_type=client_credentials",
    )
    return str(answer.json["access_token"])


def settings(api: Api, how: Asking, skipped: Sequence[str]) -> str:
    """The settings file: credentials, and for each call the refusals that its content may meet."""
    text = f"request-timeout = 60\nhooks = {json.dumps(str(HOOKS))}\n[parameters]\n" + "".join(
        f"{json.dumps(name)} = {json.dumps(value)}\n" for name, value in how.known.items()
    )
    text += f"[checks.negative_data_rejection]\nexpected-statuses = {json.dumps([*REFUSED, *unsupported(api)])}\n"
    text += "[checks.not_a_server_error]\n"
    text += f"expected-statuses = {json.dumps(['2xx', '3xx', '4xx', *unsupported(api)])}\n"
    for way, parts in how.ways.items():
        if way in api.ways:
            text += f"[auth.openapi.{way}]\n" + "".join(
                f"{part} = {json.dumps(told)}\n" for part, told in parts.items()
            )
    for call in api.calls:
        name = f"{call.method} {call.path}"
        text += f"\n[[operations]]\ninclude-name = {json.dumps(name)}\n"
        text += "enabled = false\n" if name in skipped else ""
        text += (
            f"[operations.checks.positive_data_acceptance]\nexpected-statuses = {json.dumps(may_answer(call, api))}\n"
        )
    return text


def unsupported(api: Api) -> list[str]:
    """The status with which a door says that it cannot do something: a refusal, also where it is above 500."""
    return [str(api.faults.of(Reason.UNSUPPORTED).status)]


def may_answer(call: Call, api: Api) -> list[str]:
    """What a request that keeps to its schema may be answered with: refusals that no schema can foresee, too."""
    content = {reason for need in call.needs for reason in REASONS.get(need, ())} | call.refuses
    said = {status for status, faults in refusals(call, api).items() if any(one.reason in content for one in faults)}
    if not call.answers:
        said |= set(refusals(call, api))
    return [*ALWAYS, *(str(status) for status in sorted(said | set(call.also) | set(call.pages)))]


def run(
    api: Api, document: bytes, how: Asking, folder: Path, *, examples: int, phases: str, skipped: Sequence[str] = ()
) -> "subprocess.CompletedProcess[str]":
    """All checks on all calls of a door; deterministic, so that a red build is red again at one's desk."""
    (folder / "document.json").write_bytes(document)
    (folder / "settings.toml").write_text(settings(api, how, skipped), encoding="utf-8")
    command = [ST, "--config-file", "settings.toml", "run", "document.json", "--url", how.base, "--checks", "all"]
    command += ["--generation-deterministic", "--generation-with-security-parameters", "false"]
    command += ["--generation-allow-x00", "false"]  # no text anywhere may hold it, as each document says at its top
    command += ["--max-examples", str(examples), "--phases", phases]
    command += ["--continue-on-failure", "--no-color", "--warnings", "off"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
