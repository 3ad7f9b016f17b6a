"""Users, keys and the audit over our own API: thin commands, refused as the directory refuses."""

import pytest

from tests.api.conftest import PHRASE
from tests.api.test_sessions import problem
from tests.support.server import Door


def test_users_are_listed_in_parts(door: Door, admin: str) -> None:
    first = door.ask("GET", "/keyturn/v1/users?count=2", token=admin).json
    second = door.ask("GET", "/keyturn/v1/users?count=2&start=2", token=admin).json
    assert [user["id"] for user in first["users"] + second["users"]] == ["admin", "amal", "bo", "chika"]
    assert first["total"] >= 11
    [found] = door.ask("GET", "/keyturn/v1/users?search=goran", token=admin).json["users"]
    assert (found["id"], found["must_change"], found["mails"]) == ("goran", True, ["goran@example.com"])


def test_a_query_given_twice_is_refused(door: Door, admin: str) -> None:
    assert problem(door.ask("GET", "/keyturn/v1/users?count=1&count=2", token=admin))[0] == 400
    assert problem(door.ask("GET", "/keyturn/v1/users?count=many", token=admin))[0] == 400


def test_a_user_is_shown_without_anything_of_the_password(door: Door, admin: str) -> None:
    answer = door.ask("GET", "/keyturn/v1/users/bo", token=admin)
    assert answer.json["has_password"] is True
    assert "argon2" not in answer.text
    assert problem(door.ask("GET", "/keyturn/v1/users/nobody", token=admin)) == (404, "KT-TGT-030")


def test_a_user_is_created_once(door: Door, admin: str) -> None:
    send = {"id": "kofi", "display_name": "Kofi", "mail": "kofi@example.com", "notify": True}
    made = door.ask("POST", "/keyturn/v1/users", token=admin, send=send)
    assert (made.status, made.json["outcome"], made.json["delivery"]) == (201, "created", "mailed")
    assert problem(door.ask("POST", "/keyturn/v1/users", token=admin, send=send)) == (409, "KT-TGT-031")


def test_a_repeat_with_the_same_idempotency_key_changes_nothing(door: Door, admin: str) -> None:
    head = {"idempotency-key": "create-lena-1"}
    send = {"id": "lena", "display_name": "Lena"}
    first = door.ask("POST", "/keyturn/v1/users", token=admin, headers=head, send=send)
    second = door.ask("POST", "/keyturn/v1/users", token=admin, headers=head, send=send)
    assert (first.status, second.status) == (201, 201)
    other = door.ask("POST", "/keyturn/v1/users", token=admin, headers=head, send={**send, "id": "mona"})
    assert problem(other) == (422, "KT-TGT-036")


@pytest.mark.parametrize("key", ["x" * 256, "a\tb"])
def test_an_idempotency_key_that_cannot_be_kept_is_refused(door: Door, admin: str, key: str) -> None:
    answer = door.ask("POST", "/keyturn/v1/users/jun/lock", token=admin, headers={"idempotency-key": key})
    assert problem(answer)[0] == 400
    assert door.ask("GET", "/keyturn/v1/users/jun", token=admin).json["status"] == "active"


def test_what_is_so_already_is_unchanged(door: Door, admin: str) -> None:
    answer = door.ask("POST", "/keyturn/v1/users/jun/unlock", token=admin)
    assert (answer.status, answer.json["outcome"]) == (200, "unchanged")


def test_a_reset_without_a_password_is_mailed_and_never_answered(door: Door, admin: str) -> None:
    done = door.ask("POST", "/keyturn/v1/users/dara/reset", token=admin, send={})
    assert (done.status, done.json["outcome"], done.json["delivery"]) == (200, "changed", "mailed")
    assert "secret" not in done.json
    assert door.sign_in("dara", PHRASE).status == 401


def test_a_known_value_is_temporary(door: Door, admin: str) -> None:
    send = {"new": "thirteen silver spoons in a drawer"}
    done = door.ask("POST", "/keyturn/v1/users/emre/reset", token=admin, send=send)
    assert done.json["delivery"] == "none"
    assert door.sign_in("emre", send["new"]).json["must_change"] is True


def test_a_locked_user_cannot_sign_in_until_unlocked(door: Door, admin: str) -> None:
    assert door.ask("POST", "/keyturn/v1/users/farah/lock", token=admin).json["outcome"] == "changed"
    assert door.sign_in("farah", PHRASE).status == 401
    assert door.ask("POST", "/keyturn/v1/users/farah/unlock", token=admin).status == 200
    assert door.sign_in("farah", PHRASE).status == 201


def test_a_deleted_user_is_gone_and_the_last_administrator_stays(door: Door, admin: str) -> None:
    assert door.ask("DELETE", "/keyturn/v1/users/hana", token=admin).status == 204
    assert problem(door.ask("DELETE", "/keyturn/v1/users/hana", token=admin)) == (404, "KT-TGT-030")
    assert problem(door.ask("DELETE", "/keyturn/v1/users/admin", token=admin)) == (409, "KT-TGT-037")


def test_a_person_without_rights_sees_and_changes_nobody_else(door: Door) -> None:
    restricted = door.sign_in("ivo", PHRASE).json["token"]
    fresh = "nineteen paper boats on a pond"
    door.ask("POST", "/keyturn/v1/me/password", token=restricted, send={"new": fresh})
    token = door.sign_in("ivo", fresh).json["token"]
    assert door.ask("GET", "/keyturn/v1/me", token=token).json["user"]["id"] == "ivo"
    assert problem(door.ask("GET", "/keyturn/v1/users", token=token)) == (403, "KT-AUTH-003")
    assert problem(door.ask("GET", "/keyturn/v1/users/jun", token=token)) == (404, "KT-TGT-030")
    assert problem(door.ask("POST", "/keyturn/v1/users/jun/reset", token=token, send={})) == (403, "KT-AUTH-003")
    assert problem(door.ask("GET", "/keyturn/v1/keys", token=token)) == (403, "KT-AUTH-003")
    made = door.ask("POST", "/keyturn/v1/keys", token=token, send={"kind": "keyturn", "rights": []})
    assert problem(made) == (403, "KT-AUTH-003")
    assert problem(door.ask("DELETE", "/keyturn/v1/keys/x", token=token)) == (403, "KT-AUTH-003")
    assert problem(door.ask("GET", "/keyturn/v1/audit", token=token)) == (403, "KT-AUTH-003")


def test_a_key_shows_its_token_once_and_is_revoked(door: Door, admin: str) -> None:
    send = {"kind": "keyturn", "description": "HR feed", "rights": ["users"]}
    made = door.ask("POST", "/keyturn/v1/keys", token=admin, send=send)
    assert made.status == 201
    assert len(made.json["token"]) == 86
    listed = door.ask("GET", "/keyturn/v1/keys", token=admin)
    assert made.json["id"] in [key["id"] for key in listed.json["keys"]]
    assert made.json["token"] not in listed.text
    assert door.ask("DELETE", f"/keyturn/v1/keys/{made.json['id']}", token=admin).status == 204
    assert problem(door.ask("DELETE", f"/keyturn/v1/keys/{made.json['id']}", token=admin))[0] == 404


def test_a_right_or_a_flag_that_nobody_knows_is_refused(door: Door, admin: str) -> None:
    nameless = door.ask("POST", "/keyturn/v1/keys", token=admin, send={"kind": "", "rights": []})
    assert problem(nameless) == (400, "KT-SRV-400")
    unknown = door.ask("POST", "/keyturn/v1/keys", token=admin, send={"kind": "keyturn", "rights": ["all"]})
    assert problem(unknown)[0] == 400
    no_list = door.ask("POST", "/keyturn/v1/keys", token=admin, send={"kind": "keyturn", "rights": "users"})
    assert problem(no_list)[0] == 400
    no_flag = door.ask("POST", "/keyturn/v1/users/jun/reset", token=admin, send={"notify": "yes"})
    assert problem(no_flag)[0] == 400


def test_the_audit_is_read_in_parts_and_by_verb(door: Door, admin: str) -> None:
    first = door.ask("GET", "/keyturn/v1/audit?count=2", token=admin).json
    assert [entry["sequence"] for entry in first["entries"]] == [1, 2]
    second = door.ask("GET", f"/keyturn/v1/audit?count=1&after={first['next']}", token=admin).json
    assert second["entries"][0]["sequence"] == 3
    created = door.ask("GET", "/keyturn/v1/audit?verb=user.create&count=1", token=admin).json
    assert created["entries"][0]["who"] == "admin"
    assert door.ask("GET", "/keyturn/v1/audit?after=999999999", token=admin).json == {"entries": [], "next": 999999999}


def test_the_audit_is_read_from_a_time_on_and_about_somebody(door: Door, admin: str) -> None:
    def found(query: str) -> list[str]:
        return [entry["verb"] for entry in door.ask("GET", f"/keyturn/v1/audit?{query}", token=admin).json["entries"]]

    assert "user.create" in found("since=2026-01-01T00:00:00Z")
    assert found("since=2999-01-01") == []
    assert found("who=admin&verb=user.create") == ["user.create"]
    assert found("who=nobody-at-all") == []
    [created] = door.ask("GET", "/keyturn/v1/audit?who=admin&verb=user.create", token=admin).json["entries"]
    assert "password.reset" in found(f"who={created['target']}")
    assert problem(door.ask("GET", "/keyturn/v1/audit?since=yesterday", token=admin))[0] == 400


def test_the_watchers_are_answered_without_signing_in(door: Door) -> None:
    assert door.ask("GET", "/livez").text == "ok\n"
    assert door.ask("GET", "/readyz").text == "ready\n"
    numbers = door.ask("GET", "/metrics").text
    assert "keyturn_audit_records_total " in numbers
    assert 'keyturn_outbox_mails{state="waiting"} ' in numbers


def test_a_key_for_a_door_opens_that_door_and_a_kind_that_no_door_has_is_refused(door: Door, admin: str) -> None:
    made = door.ask("POST", "/keyturn/v1/keys", token=admin, send={"kind": "scim", "rights": ["view-users"]})
    assert door.ask("GET", "/scim/v2/Users?count=1", token=made.json["token"]).status == 200
    for kind in ("bogus", "hdp"):
        refused = door.ask("POST", "/keyturn/v1/keys", token=admin, send={"kind": kind, "rights": []})
        assert (refused.status, "keyturn, mas, scim, uipath" in refused.json["detail"]) == (400, True)
