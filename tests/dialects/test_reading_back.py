"""A server of each vendor that answers success and changes nothing is caught by what it shows, where it shows anything.

Each part answers as the vendor's pages print it; what is read before and after is held against each other as a run
does.  The same server, honest, is believed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.config.sources import Credentials
from keyturn.app.dialects import DIALECTS
from keyturn.bulk.running.proving import Case, judge
from keyturn.core.commands import ResetPassword
from keyturn.core.evidence import Evidence, Tried
from keyturn.core.journal import Row, RowState, Verified
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.ports import Directory
from keyturn.core.secret import Secret
from tests.support.player import Heard, Say, playing

OLD = datetime(2026, 1, 5, 8, 4, 50, tzinfo=UTC)
NEW = Secret("Kp7mTq3xWz9bRn4v")
GUID = "6f1c0f5e-3f7b-4c1e-9a39-0d4a2c7b1a55"
SCIM_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@dataclass
class Server:
    """Somebody at a vendor's server.  honest: a reset does what its answer says.  shows: some parts are left out."""

    honest: bool = True
    shows: bool = True
    closed: int = 0
    reset: datetime | None = None

    @property
    def version(self) -> int:
        """How often the user was changed."""
        return 7 + (self.reset is not None)

    @property
    def moment(self) -> datetime:
        """When the user was last changed."""
        return self.reset or OLD

    def set_password(self) -> None:
        """What an honest server does."""
        if self.honest:
            self.reset = datetime.now(UTC)


def mas(server: Server, heard: Heard) -> Say:
    """`GET /v3/users/{id}` as the page's sample has it; a reset is 200 (the how-to)."""
    if heard.method == "POST" and heard.target.startswith("/v3/users/jsmith/password"):
        server.set_password()
        return Say(200, {})
    stamp = {"id": "a-key", "timestamp": server.moment.isoformat().replace("+00:00", "Z")}
    local = {"type": "local", "forceTokenChange": server.reset is not None}
    body = {"id": "jsmith", "username": "jsmith", "version": server.version, "updated": stamp}
    return Say(200, {**body, "identities": {"_local": local}} if server.shows else body)


def hdp(server: Server, heard: Heard) -> Say:
    """A reset is 204, and `passwordStatus` becomes 2 (the page)."""
    if heard.method == "PUT":
        server.set_password()
        return Say(204)
    if heard.target == "/api/admin/users/123/passwordinfo":
        return Say(200, {"passwordStatus": 1 if server.reset is None else 2, "passwordExpiration": None})
    if heard.target == "/api/mgmt/user":
        return Say(200, {"userId": 123, "permissions": [1]})
    user = {"id": 123, "userName": "jsmith", "tenantId": 1}
    return Say(
        200,
        {"users": [user, {"id": 1, "userName": "d2cadmin", "tenantId": 1}]} if "users" in heard.target[-5:] else user,
    )


def primavera(server: Server, heard: Heard) -> Say:
    """A reset is 200 with an object a user (the page); times are plain, without a zone (the samples)."""
    if heard.method == "PUT":
        server.set_password()
        return Say(200, [{"loginId": "jsmith", "disabled": False, "locked": False, "password": "password"}])
    if heard.target.endswith("/roles"):
        return Say(200, [{"displayName": "R", "id": "1", "name": "R"}])
    plain = server.moment.replace(tzinfo=None).isoformat(timespec="seconds")
    user = {"loginId": "jsmith", "id": "7", "disabled": False, "firstName": "J", "lastName": "S", "emailAddress": "j@x"}
    return Say(200, [{**user, "lastPasswordResetDate": plain} if server.shows else user])


def scim(server: Server, heard: Heard) -> Say:
    """`meta` as RFC 7643 prints it; a change is 204 (RFC 7644, section 3.5.2)."""
    if heard.method == "PATCH":
        server.set_password()
        return Say(204)
    meta = {"resourceType": "User", "lastModified": server.moment.isoformat(), "version": f'W/"{server.version}"'}
    user = {"schemas": [SCIM_USER], "id": GUID, "userName": "jsmith", **({"meta": meta} if server.shows else {})}
    return Say(200, {"schemas": [LIST], "totalResults": 1, "Resources": [user]})


def uipath(server: Server, heard: Heard) -> Say:
    """A change is 200 with a verdict (the page); a user has `lastModificationTime` (the package)."""
    if heard.method == "POST":
        return Say(200, {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"})
    if heard.method == "PUT":
        server.set_password()
        return Say(200, {"succeeded": True, "errors": []})
    user = {
        "id": GUID,
        "userName": "jsmith",
        "lastModificationTime": server.moment.isoformat() if server.shows else None,
    }
    return Say(200, {"totalCount": 1, "results": [user]} if "/users/" in heard.target else user)


PARTS: Mapping[str, Callable[[Server, Heard], Say]] = {
    "mas": mas, "hdp": hdp, "primavera": primavera, "scim": scim, "uipath": uipath,
}  # fmt: skip
BY_NAME = Credentials(username="d2cadmin", password=Secret("x"))
BY_TOKEN = Credentials(key_id="a-key", token=Secret("t"), source="a file")


def directory_of(kind: str, url: str, *, repeats: bool = False) -> Directory:
    """The vendor's client half."""
    settings = TargetSettings(kind=kind, url=url, tenant="default" if kind == "uipath" else "", repeats=repeats)
    return DIALECTS[kind].connect(settings, BY_NAME if kind in ("hdp", "primavera") else BY_TOKEN)


def part_of(kind: str, server: Server) -> Callable[[Heard], Say]:
    """What answers, with the time that it is there."""

    def part(heard: Heard) -> Say:
        if kind == "mas" and "authenticate" in heard.target:
            return Say(200, {"token": "t"})
        if server.closed and heard.method != "POST":
            return Say(server.closed, {})
        said = PARTS[kind](server, heard)
        return replace(said, headers={**said.headers, "date": format_datetime(datetime.now(UTC), usegmt=True)})

    return part


async def read(directory: Directory) -> Evidence:
    """One reading of the one user."""
    [seen] = await directory.read_back(["jsmith"])
    assert isinstance(seen, Evidence), seen
    return seen


async def found(kind: str, server: Server, *, looked: bool = True, repeats: bool = False) -> tuple[Verified, str]:
    """What is found of a reset that was answered with success.  looked: it was read before, too."""
    async with playing(part_of(kind, server)) as player:
        directory = directory_of(kind, player.url, repeats=repeats)
        able = directory.capabilities
        before = await read(directory) if looked else None
        sent = datetime.now(UTC)
        [outcome] = await directory.execute(
            [ResetPassword("jsmith", NEW, permanent=not able.temporary and able.permanent)]
        )
        assert isinstance(outcome, Changed), outcome
        row = Row(2, "jsmith", RowState.CHANGED, first_sent=sent, settled=datetime.now(UTC))
        seen, at = await read(directory), datetime.now(UTC)
        await directory.close()
    case = Case(able.tells, directory.account, asks=able.temporary is True)
    finding = judge(case, row, before, seen, at)
    return finding.verified, finding.proof


@pytest.mark.proves("RN-5")
@pytest.mark.parametrize("looked", [True, False], ids=["looked before", "not looked before"])
@pytest.mark.parametrize("kind", ["mas", "hdp", "primavera", "scim"])
async def test_a_lying_success_is_caught_at_each_vendor_that_tells(kind: str, *, looked: bool) -> None:
    """With a reading before and without."""
    verified, proof = await found(kind, Server(honest=False), looked=looked)
    assert verified is Verified.NO, proof


@pytest.mark.parametrize("kind", PARTS)
async def test_an_honest_success_is_proven_at_each_vendor(kind: str) -> None:
    """Where it was looked at before."""
    verified, proof = await found(kind, Server())
    assert verified is Verified.YES, proof


@pytest.mark.parametrize(
    ("kind", "verified"),
    [
        ("mas", Verified.YES),
        ("hdp", Verified.CANNOT_TELL),
        ("primavera", Verified.YES),
        ("scim", Verified.YES),
        ("uipath", Verified.YES),
    ],
)
async def test_what_is_proven_later_without_a_reading_before(kind: str, verified: Verified) -> None:
    """A time proves by itself; that it must be changed does not."""
    assert (await found(kind, Server(), looked=False))[0] is verified


async def test_what_no_page_says_is_no_proof_of_a_lie() -> None:
    """UiPath shows when a user was last modified, and nobody says that a password counts; at a keyturn it does."""
    assert (await found("uipath", Server(honest=False)))[0] is Verified.CANNOT_TELL
    assert (await found("uipath", Server(honest=False), repeats=True))[0] is Verified.NO


@pytest.mark.parametrize("kind", ["mas", "primavera", "scim", "uipath"])
async def test_a_server_that_leaves_the_signs_out_proves_nothing(kind: str) -> None:
    """An older release, a `meta` that is not there: never yes because it was said to be done, never no."""
    verified, _ = await found(kind, Server(shows=False, honest=False), looked=False)
    assert verified is Verified.CANNOT_TELL


@pytest.mark.parametrize("kind", PARTS)
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, Reason.NOT_ALLOWED),
        (429, Reason.TOO_MANY),
        (503, Reason.BUSY),
        (401, Reason.NOT_SIGNED_IN),
        (500, Reason.OTHER),
    ],
)
async def test_a_reading_that_is_not_answered_is_refused_as_a_value(kind: str, status: int, reason: Reason) -> None:
    """Nothing is raised, and nothing is taken for an answer."""
    async with playing(part_of(kind, Server(closed=status))) as player:
        directory = directory_of(kind, player.url)
        [seen] = await directory.read_back(["jsmith"])
        await directory.close()
    assert isinstance(seen, Refused)
    allowed = {reason, Reason.UNREACHABLE} if status == 500 else {reason}
    assert seen.reason in allowed
    assert seen.who == "jsmith"


@pytest.mark.parametrize("kind", ["hdp", "primavera"])
@pytest.mark.parametrize(
    ("closed", "came"), [(0, Tried.RIGHT), (403, Tried.RIGHT), (401, Tried.NOT_TOLD)], ids=["200", "403", "401"]
)
async def test_a_trial_by_name_and_password_claims_no_more_than_is_answered(
    kind: str, closed: int, came: Tried
) -> None:
    """A refusal to read says that they are right; a 401 may mean more than a wrong password, so it tells nothing."""
    server = Server()

    def part(heard: Heard) -> Say:
        mine = heard.headers["authorization"] != "Basic ZDJjYWRtaW46eA=="
        server.closed = closed if mine else 0
        return part_of(kind, server)(heard)

    async with playing(part) as player:
        directory = directory_of(kind, player.url)
        assert await directory.try_password("jsmith", NEW) is came
        await directory.close()
    assert [heard.method for heard in player.heard if "resetpassword" in heard.target] == []


@pytest.mark.parametrize("kind", ["mas", "scim", "uipath"])
async def test_where_no_trial_is_offered_nothing_is_sent(kind: str) -> None:
    """A sign-in there would need a browser, or use a one-time secret up."""
    async with playing(part_of(kind, Server())) as player:
        directory = directory_of(kind, player.url)
        assert not directory.capabilities.trial
        assert await directory.try_password("jsmith", NEW) is Tried.NOT_TOLD
        await directory.close()
    assert player.heard == []


async def test_a_clock_of_a_server_that_is_hours_off_proves_by_the_date_of_its_answer() -> None:
    """Both come from the same machine."""
    off = timedelta(hours=5)
    server = Server()

    def part(heard: Heard) -> Say:
        if heard.method == "PATCH":
            server.reset = datetime.now(UTC) + off
            return Say(204)
        return replace(scim(server, heard), headers={"date": format_datetime(datetime.now(UTC) + off, usegmt=True)})

    async with playing(part) as player:
        directory = directory_of("scim", player.url)
        sent = datetime.now(UTC)
        await directory.execute([ResetPassword("jsmith", NEW)])
        row = Row(2, "jsmith", RowState.CHANGED, first_sent=sent, settled=datetime.now(UTC))
        seen = await read(directory)
        finding = judge(Case(directory.capabilities.tells), row, None, seen, datetime.now(UTC))
        await directory.close()
    assert finding.verified is Verified.YES, finding.proof
