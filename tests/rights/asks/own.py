"""How the routes of keyturn's own API are asked."""

from typing import Final

from keyturn.app.keeping.init import FOUNDER
from keyturn.core.outcomes import Refused
from keyturn.core.users import Handle, User
from tests.rights.asks import personal
from tests.rights.stage import GOOD, OTHER, Ask, Asks, OnSelf, Stage, bearer, key, nobody, someone


def sign(stage: Stage, user: User, role: str) -> dict[str, str]:
    """By name and password, for a session; whoever must change the password gets a restricted one."""
    answer = stage.door.sign_in(user.login, GOOD)
    assert answer.status == 201, answer
    return bearer(answer.json["token"])


def own_session(stage: Stage, target: str, actor: User) -> Ask:
    """A request about another session of the one who asks."""
    stage.door.sign_in(actor.login, GOOD)
    sessions = stage.door.house.administration(FOUNDER, "test").sessions.of(actor.key, Handle.KEY)
    assert not isinstance(sessions, Refused)
    return Ask(f"/keyturn/v1/me/sessions/{sessions[-1].id}")


ASKS: Final[Asks] = {
    ("GET", "/keyturn/v1/users"): {("user.list",): nobody("/keyturn/v1/users")},
    ("POST", "/keyturn/v1/users"): {("user.create",): nobody("/keyturn/v1/users", {"id": "{new}"})},
    ("GET", "/keyturn/v1/users/{id}"): {("user.read",): someone("/keyturn/v1/users/{id}")},
    ("DELETE", "/keyturn/v1/users/{id}"): {("user.delete",): someone("/keyturn/v1/users/{id}")},
    ("POST", "/keyturn/v1/users/{id}/reset"): {
        ("password.reset",): someone("/keyturn/v1/users/{id}/reset", {"new": OTHER})
    },
    ("POST", "/keyturn/v1/users/{id}/lock"): {("user.status",): someone("/keyturn/v1/users/{id}/lock", {})},
    ("POST", "/keyturn/v1/users/{id}/unlock"): {("user.status",): someone("/keyturn/v1/users/{id}/unlock", {})},
    ("GET", "/keyturn/v1/users/{id}/sessions"): {("session.list",): someone("/keyturn/v1/users/{id}/sessions")},
    ("DELETE", "/keyturn/v1/users/{id}/sessions"): {("session.end",): someone("/keyturn/v1/users/{id}/sessions")},
    ("GET", "/keyturn/v1/me/sessions"): {("session.list",): OnSelf(nobody("/keyturn/v1/me/sessions"))},
    ("DELETE", "/keyturn/v1/me/sessions"): {("session.end",): OnSelf(nobody("/keyturn/v1/me/sessions"))},
    ("DELETE", "/keyturn/v1/me/sessions/{id}"): {("session.end",): OnSelf(own_session)},
    ("GET", "/keyturn/v1/mails"): {("mail.list",): nobody("/keyturn/v1/mails")},
    ("GET", "/keyturn/v1/keys"): {("key.list",): nobody("/keyturn/v1/keys")},
    ("POST", "/keyturn/v1/keys"): {("key.create",): nobody("/keyturn/v1/keys", {"kind": "mas", "rights": []})},
    ("DELETE", "/keyturn/v1/keys/{id}"): {("key.revoke",): key("/keyturn/v1/keys/{id}")},
    ("GET", "/keyturn/v1/audit"): {("audit.read",): nobody("/keyturn/v1/audit")},
    **personal.ASKS,
    ("POST", "/keyturn/v1/me/password"): {
        ("password.change",): OnSelf(nobody("/keyturn/v1/me/password", {"old": GOOD, "new": OTHER}))
    },
}
