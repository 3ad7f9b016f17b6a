"""Every call of our own API, of mailed links and of what watches over the server, as clients see it."""

from collections.abc import Mapping
from typing import Final

from keyturn.api.problems import MEDIA_TYPE, PROBLEMS
from keyturn.api.wire_mails import MAILS
from keyturn.api.wire_mails import SHAPES as MAIL_SHAPES
from keyturn.api.wire_personal import PERSONAL
from keyturn.api.wire_personal import SHAPES as PERSONAL_SHAPES
from keyturn.api.wire_sessions import SESSIONS
from keyturn.api.wire_sessions import SHAPES as SESSION_SHAPES
from keyturn.core.outcomes import Reason
from keyturn.core.users import RIGHT_NAMES
from keyturn.http.described import (
    COUNT,
    FLAG,
    NAME,
    OPERATION,
    SECRET,
    TEXT,
    TIME,
    WHOLE,
    Answer,
    Api,
    Body,
    Call,
    Parameter,
    Schema,
    many,
    maybe,
    members,
    one_of,
    shape,
)
from keyturn.http.faults import Fault, FaultTable

FAULTS: Final = FaultTable(
    tuple(Fault(reason, problem.status, problem.code, problem.title) for reason, problem in PROBLEMS.items())
)
"""Our own refusals as the vendors' are kept."""

_ROOT: Final = "/keyturn/v1"
_FORM: Final = "application/x-www-form-urlencoded"
_PAGE: Final = "text/html"

_OPERATION: Final = Parameter(
    "idempotency-key", "A repeat within 24 hours gets the first answer again.", OPERATION, "header"
)
_STAMP: Final = members({"by": TEXT, "at": TIME}, "by", "at")
_RIGHTS: Final = many(TEXT)
_USER: Final[Mapping[str, object]] = {
    "id": "amal",
    "login": "amal",
    "status": "active",
    "display_name": "Amal Haddad",
    "mails": ["amal@example.com"],
    "rights": [],
    "version": 1,
}
_KEY: Final[Mapping[str, object]] = {"id": "automation", "kind": "keyturn", "rights": ["users"], "active": True}
_FORM_FIELDS: Final[Mapping[str, Schema]] = {"new": SECRET, "again": SECRET}

SHAPES: Final[Mapping[str, Schema]] = {
    "Problem": members(
        {
            "type": TEXT,
            "title": TEXT,
            "status": WHOLE,
            "code": {"type": "string", "pattern": "^KT-[A-Z]+-[0-9]{3}$"},
            "detail": TEXT,
            "reason": one_of(*(reason.value for reason in Reason)),
        },
        "type",
        "title",
        "status",
        "code",
        closed=True,
    ),
    "User": members(
        {
            "id": TEXT,
            "login": TEXT,
            "uid": TEXT,
            "number": WHOLE,
            "status": one_of("active", "locked", "disabled"),
            "display_name": TEXT,
            "given_name": TEXT,
            "family_name": TEXT,
            "mails": many(TEXT),
            "rights": _RIGHTS,
            "version": WHOLE,
            "has_password": FLAG,
            "must_change": FLAG,
            "password_changed": maybe(TIME),
            "added": _STAMP,
            "updated": _STAMP,
        },
        "id",
        "login",
        "status",
    ),
    "Users": members({"users": many(shape("User")), "total": maybe(COUNT)}, "users", "total"),
    "NewUser": members(
        {
            "id": NAME,
            "login": TEXT,
            "display_name": TEXT,
            "given_name": TEXT,
            "family_name": TEXT,
            "mail": TEXT,
            "password": maybe(SECRET),
            "notify": FLAG,
        },
        "id",
        closed=True,
    ),
    "Done": members(
        {
            "outcome": one_of("created", "changed", "unchanged"),
            "delivery": one_of("mailed", "held", "mail-refused", "handout", "none"),
            "user": shape("User"),
        },
        "outcome",
        "delivery",
    ),
    "Reset": members({"new": maybe(SECRET), "notify": FLAG}, closed=True),
    "SignIn": members({"login": TEXT, "password": SECRET, "tenant": TEXT}, "login", "password", closed=True),
    "Oneself": members({"id": TEXT, "name": TEXT, "rights": _RIGHTS, "user": shape("User")}, "id", "name", "rights"),
    "NewPassword": members({"new": SECRET, "old": maybe(SECRET)}, "new", closed=True),
    "Key": members(
        {
            "id": TEXT,
            "kind": TEXT,
            "description": TEXT,
            "rights": _RIGHTS,
            "active": FLAG,
            "added": _STAMP,
            "expires": maybe(TIME),
            "owner": TEXT,
            "token": SECRET,
        },
        "id",
        "kind",
        "rights",
        "active",
    ),
    **PERSONAL_SHAPES,
    **MAIL_SHAPES,
    **SESSION_SHAPES,
    "NewKey": members({"kind": NAME, "description": TEXT, "rights": many(one_of(*RIGHT_NAMES))}, "kind", closed=True),
    "Entry": members(
        {
            "sequence": WHOLE,
            "at": TIME,
            "tenant": WHOLE,
            **dict.fromkeys(
                ("actor", "verb", "outcome", "target", "who", "reason", "door", "source", "request", "run", "hash"),
                TEXT,
            ),
            "row": {},
            "detail": {},
        },
        "sequence",
        "at",
        "verb",
        "outcome",
    ),
}

_NOTHING: Final = Answer("Done; there is no body.")
_DONE: Final = Answer("What happened.", shape("Done"), {"outcome": "changed", "delivery": "mailed", "user": _USER})
_HTML: Final = Answer("A page.", TEXT, "<!doctype html>...", _PAGE)

_PEOPLE: Final = (
    Call("POST", _ROOT + "/sessions", "Sign in",
         {201: Answer("A token, and what it is short of: a new password, a second factor to show or to add.",
                      shape("Session"), {"token": "eyJhbGciOi...", "must_change": False, "second_factor": ["totp"],
                                         "must_enrol": False})},
         body=Body(shape("SignIn"), {"login": "amal", "password": "a phrase of several words"}), anybody=True,
         refuses=frozenset({Reason.NOT_SIGNED_IN})),
    Call("DELETE", _ROOT + "/sessions/current", "Sign out", {204: _NOTHING}),
    Call("GET", _ROOT + "/me", "Who is signed in",
         {200: Answer("The user, or the key.", shape("Oneself"), {"id": "...", "name": "amal", "rights": []})},
         also={403: "The password must be changed first."}),
    Call("POST", _ROOT + "/me/password", "Change one's own password", {204: _NOTHING}, needs=("password.change",),
         body=Body(shape("NewPassword"), {"old": "the present one", "new": "a phrase of several words"})),
)  # fmt: skip

_USERS: Final = (
    Call("GET", _ROOT + "/users", "List users",
         {200: Answer("Users.", shape("Users"), {"users": [_USER], "total": 1})}, needs=("user.list",),
         parameters=(Parameter("start", "How many to leave out.", COUNT),
                     Parameter("count", "How many at most, up to 1,000.", COUNT),
                     Parameter("search", "Part of a name or address."))),
    Call("POST", _ROOT + "/users", "Create a user",
         {201: Answer("The user.", shape("Done"), {"outcome": "created", "delivery": "none", "user": _USER})},
         needs=("user.create",), parameters=(_OPERATION,),
         body=Body(shape("NewUser"), {"id": "amal", "display_name": "Amal Haddad", "mail": "amal@example.com"})),
    Call("GET", _ROOT + "/users/{id}", "Read a user", {200: Answer("The user.", shape("User"), _USER)},
         needs=("user.read",)),
    Call("DELETE", _ROOT + "/users/{id}", "Delete a user; id, sign-in name and mail stay reserved", {204: _NOTHING},
         needs=("user.delete",), parameters=(_OPERATION,)),
    Call("POST", _ROOT + "/users/{id}/reset", "Reset a password, to a given one or to one that is mailed",
         {200: _DONE}, needs=("password.reset",), parameters=(_OPERATION,), body=Body(shape("Reset"), {})),
    *(
        Call("POST", f"{_ROOT}/users/{{id}}/{word}", summary, {200: _DONE}, needs=("user.status",),
             parameters=(_OPERATION,))
        for word, summary in (("lock", "Lock a user out"), ("unlock", "Let a locked user in again"))
    ),
)  # fmt: skip

_ADMINISTRATION: Final = (
    Call("GET", _ROOT + "/keys", "List API keys",
         {200: Answer("Keys.", members({"keys": many(shape("Key"))}, "keys"), {"keys": [_KEY]})}, needs=("key.list",)),
    Call("POST", _ROOT + "/keys", "Make an API key",
         {201: Answer("The key with its token, for this once.", shape("Key"), {**_KEY, "token": "Zk3vQx..."})},
         needs=("key.create",), body=Body(shape("NewKey"), {"kind": "keyturn", "rights": ["users"]}),
         refuses=frozenset({Reason.INVALID})),
    Call("DELETE", _ROOT + "/keys/{id}", "Revoke an API key", {204: _NOTHING}, needs=("key.revoke",)),
    Call("GET", _ROOT + "/audit", "Read the audit",
         {200: Answer("Entries.", members({"entries": many(shape("Entry")), "next": WHOLE}, "entries", "next"),
                      {"entries": [], "next": 0})}, needs=("audit.read",),
         parameters=(Parameter("after", "Sequence number after which to begin.", COUNT),
                     Parameter("count", "How many at most, up to 1,000.", COUNT),
                     Parameter("since", "Only from then on, as ISO 8601 writes it: 2026-11-01T00:00:00Z."),
                     Parameter("verb", "Only entries of this verb."),
                     Parameter("who", "Only on whom has this uid, or was asked for by this id."))),
)  # fmt: skip

_PAGES: Final = (
    Call("GET", "/", "The form for people with a one-time password", {200: _HTML}, anybody=True),
    Call("POST", "/", "Sign in with a one-time password and set one's own", {200: _HTML}, anybody=True,
         body=Body(members({"login": TEXT, "present": SECRET, "session": SECRET, **_FORM_FIELDS}, "new", "again"),
                   {"login": "amal", "present": "the one-time password", "new": "a phrase", "again": "a phrase"},
                   (_FORM,)),
         pages={400: "The form is not complete.", 403: "Name or password are wrong.", 422: "The password is refused."}),
    Call("GET", "/claim/{token}", "The form behind a mailed link", {200: _HTML}, anybody=True),
    Call("POST", "/claim/{token}", "Set a new password with a mailed link, by form or as JSON",
         {200: _HTML, 204: Answer("Done; the answer to JSON.")}, anybody=True,
         body=Body(members({"new": SECRET, "again": SECRET}, "new"), {"new": "a phrase of several words"},
                   ("application/json", _FORM)),
         also={410: "The link no longer works.", 422: "The password is refused."},
         pages={400: "The form is not complete.", 410: "The link no longer works.", 422: "The password is refused."}),
)  # fmt: skip

_HELP: Final = (
    Call("GET", "/help/api", "The list of the API documents", {200: _HTML}, anybody=True),
    Call("GET", "/help/api/{page}", "A viewer for a document, or the document itself where the name ends in .json",
         {200: Answer("A page, a document, or a part of the viewer.")}, anybody=True),
)  # fmt: skip

_WATCH: Final = tuple(
    Call("GET", path, summary, {200: Answer(text, TEXT, example, "text/plain")}, anybody=True)
    for path, summary, text, example in (
        ("/livez", "Whether the process answers", "It does.", "ok"),
        ("/readyz", "Whether the store answers too", "It does.", "ready"),
        ("/metrics", "Numbers for Prometheus", "Numbers; nothing of any user.", "keyturn_audit_records_total 12"),
    )
)

API: Final = Api(
    name="keyturn",
    title="keyturn",
    text="Our own API: sign-in, users, keys, the audit, and the pages behind mailed links.",
    calls=(*_PEOPLE, *PERSONAL, *SESSIONS, *MAILS, *_USERS, *_ADMINISTRATION, *_PAGES, *_HELP, *_WATCH),
    faults=FAULTS,
    error=shape("Problem"),
    ways={"bearer": {"type": "http", "scheme": "bearer"}},
    usual=("bearer",),
    shapes=SHAPES,
    kind=MEDIA_TYPE,
)
