"""New users who come with the hash of a password: by an extension of ours, which is in no answer and no filter."""

import bcrypt
import pytest

from keyturn.core.commands import CreateUser
from keyturn.core.outcomes import Created
from keyturn.core.secret import Secret
from keyturn.core.users import Profile
from keyturn.dialects.scim.client import ScimDirectory
from keyturn.dialects.scim.client_session import ScimSettings
from keyturn.dialects.scim.wire_user import HASH, IMPORT
from keyturn.http.call import Site
from tests.dialects.scim.kit import GOOD, OTHER, USER, Client, fresh, token_of
from tests.support.server import OpenDoor

TEXT = bcrypt.hashpw(GOOD.encode(), bcrypt.gensalt(4)).decode()


def body(text: object = TEXT, **more: object) -> dict[str, object]:
    return {"schemas": [USER, IMPORT], "userName": fresh(), IMPORT: {HASH: text}, **more}


def test_a_user_who_comes_with_a_hash_goes_on_with_the_old_password(client: Client) -> None:
    sent = body()
    answer = client.ask("POST", "/Users", sent)
    assert answer.status == 201, answer
    for shown in (answer, client.ask("GET", f"/Users/{answer.json['id']}"), client.ask("GET", "/Users?count=1000")):
        assert TEXT not in shown.text
        assert HASH not in shown.text
    assert client.door.sign_in(str(sent["userName"]), GOOD).status == 201
    with client.door.house.parts.store.reading() as view:
        [subject] = view.users.logins(str(sent["userName"]))
        user = view.users.get_many(1, [subject.uid])[subject.uid]
    assert HASH not in repr(user.profile)


@pytest.mark.parametrize(
    "sent",
    [
        body("nonsense"),
        body(""),
        body(7),
        body("$2b$31$" + "a" * 53),
        body(password=OTHER),
    ],
)
def test_what_cannot_be_imported_is_refused_and_not_repeated(client: Client, sent: dict[str, object]) -> None:
    answer = client.ask("POST", "/Users", sent)
    assert answer.status == 400, answer
    assert "nonsense" not in answer.text
    assert OTHER not in answer.text


def test_a_hash_counts_for_new_users_alone(client: Client) -> None:
    """It is immutable: a provider that sends the whole user again changes nothing by it."""
    name = fresh()
    uid = client.add(userName=name, password=OTHER)
    replaced = client.ask("PUT", f"/Users/{uid}", {**body(), "userName": name})
    patched = client.patch(uid, {"op": "add", "path": f"{IMPORT}:{HASH}", "value": TEXT})
    assert (replaced.status, patched.status) == (200, 204)
    assert HASH not in replaced.text
    assert client.door.sign_in(name, OTHER).status == 201
    assert client.door.sign_in(name, GOOD).status == 401


def test_no_filter_and_no_order_looks_at_it(client: Client) -> None:
    asked = client.ask("GET", f'/Users?filter={IMPORT}:{HASH} sw "$2b"'.replace(" ", "%20").replace("$", "%24"))
    assert asked.status == 400
    assert client.ask("GET", f"/Users?sortBy={IMPORT}:{HASH}").status in (400, 200)


def test_the_schema_says_that_it_is_written_once_and_never_read(client: Client) -> None:
    schema = client.ask("GET", f"/Schemas/{IMPORT}").json
    [attribute] = schema["attributes"]
    assert (attribute["name"], attribute["mutability"], attribute["returned"]) == (HASH, "immutable", "never")
    [user] = [one for one in client.ask("GET", "/ResourceTypes").json["Resources"] if one["id"] == "User"]
    assert IMPORT not in str(user)  # nobody who fills in all that a user has makes one up


@pytest.mark.parametrize("repeats", [True, False])
async def test_as_a_target_only_a_keyturn_is_sent_a_hash(door: OpenDoor, repeats: bool) -> None:
    settings = ScimSettings(Site(door.url), token=Secret(token_of(door)), repeats=repeats)
    directory = ScimDirectory(settings)
    assert directory.capabilities.imports is repeats
    who = fresh()
    [outcome] = await directory.execute([CreateUser(who, Profile(), imported=Secret(TEXT))])
    await directory.close()
    assert isinstance(outcome, Created) is repeats
    assert (door.sign_in(who, GOOD).status == 201) is repeats
