"""Who asks is said once and in the header; who did not say it is told how, and who said it wrongly what was wrong."""

import base64
from collections.abc import Iterator, Mapping

import pytest

from tests.support.server import OpenDoor, served


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A served directory; nothing here changes it."""
    with served(tmp_path_factory.mktemp("carriers"), profile="vendor") as found:
        yield found


PATHS = {
    "keyturn": ("/keyturn/v1/me", 'Bearer realm="keyturn"'),
    "mas": ("/v3/users/amal", 'Bearer realm="MAS"'),
    "uipath": ("/identity/api/User/users/default", "Bearer"),
    "primavera": ("/cloudapi/restapi/user", 'Basic realm="Primavera Administration", charset="UTF-8"'),
    "hdp": ("/api/admin/users", 'Basic realm="keyturn", charset="UTF-8"'),
    "scim": ("/scim/v2/Users", 'Bearer realm="SCIM", Basic realm="SCIM", charset="UTF-8"'),
}
"""An address of each door that only those see who are signed in, and how it says to sign in."""

BAD: dict[str, Mapping[str, str]] = {
    "none": {},
    "an unknown scheme": {"authorization": "Digest x"},
    "an empty token": {"authorization": "Bearer "},
    "a wrong token": {"authorization": "Bearer a.b.c"},
    "a wrong password": {"authorization": "Basic " + base64.b64encode(b"nobody:x").decode()},
}


@pytest.mark.proves("TK-2")
@pytest.mark.parametrize("name", PATHS)
def test_who_is_not_signed_in_is_told_how_and_without_credentials_no_error(name: str, door: OpenDoor) -> None:
    path, challenge = PATHS[name]
    for said, headers in BAD.items():
        answer = door.ask("GET", path, headers=headers)
        assert answer.status == 401, (said, answer)
        told = answer.headers["www-authenticate"]
        assert told.startswith(challenge), said
        assert said != "a wrong token" or name not in ("keyturn", "uipath") or 'error="invalid_token"' in told
        assert said.startswith("a wrong") or "error" not in told, said


@pytest.mark.proves("TK-2")
@pytest.mark.parametrize("name", PATHS)
def test_a_token_in_an_address_or_a_body_opens_nothing(name: str, door: OpenDoor) -> None:
    token, (path, _) = door.admin_token(), PATHS[name]
    for word in ("access_token", "token", "authorization"):
        assert door.ask("GET", f"{path}?{word}={token}").status == 401
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert door.ask("POST", path, headers=form, body=f"access_token={token}".encode()).status in (401, 405, 415)


@pytest.mark.proves("TK-2")
def test_two_carriers_that_contradict_each_other_are_refused(door: OpenDoor) -> None:
    token = door.key_token()
    both = {"x-access-token": token, "authorization": "Bearer " + token[:-2] + "xx"}
    assert door.ask("GET", "/v3/users", headers=both).status == 400


@pytest.mark.proves("TK-2", "TK-6", "V14.3.2")
def test_the_token_endpoint_takes_no_grant_but_that_of_clients_and_is_never_stored(door: OpenDoor) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    for grant in ("password", "implicit", "authorization_code", "refresh_token", "urn:x", ""):
        body = f"grant_type={grant}&username=admin&password={door.made.password.reveal()}".encode()
        answer = door.ask("POST", "/identity/connect/token", headers=form, body=body)
        assert answer.status in (400, 401), grant
        assert answer.headers["cache-control"] == "no-store"
    wrong = b"grant_type=client_credentials&client_id=x&client_secret=y"
    answer = door.ask("POST", "/identity/connect/token", headers=form, body=wrong)
    assert (answer.json["error"], answer.headers["cache-control"]) == ("invalid_client", "no-store")
    twice = b"grant_type=client_credentials&client_id=x&client_id=z&client_secret=y"
    assert door.ask("POST", "/identity/connect/token", headers=form, body=twice).status == 400
    carried = {**form, "authorization": "Basic " + base64.b64encode(b"x:y").decode()}
    assert door.ask("POST", "/identity/connect/token", headers=carried, body=wrong).status in (400, 401)
