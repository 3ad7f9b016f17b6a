"""The life of a user whose every password is a canary: set, used, changed and guessed wrong at each door, and taken."""

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from keyturn.core.users import Handle
from tests.canaries.knocks import Canaries
from tests.openapi.fuzzing import Asking
from tests.rights.stage import basic, bearer
from tests.support.mailsink import MailSink
from tests.support.server import Answer, OpenDoor

FORM = {"content-type": "application/x-www-form-urlencoded"}
SHORT = 0
"""Beginning of canaries for doors whose clients send ASCII."""


@dataclass
class Life:
    """One user at all doors.  ways: how each door is asked with every right."""

    door: OpenDoor
    ways: Mapping[str, Asking]
    sink: MailSink
    canaries: Canaries
    who: str

    def live(self) -> Iterator[Answer]:
        """Everything that is done to the user and by them; each has to succeed, or the search would prove little."""
        mas = {"x-access-token": self.ways["mas"].ways["token"]["api_key"]}
        mail = f"{self.who}@example.com"
        user = {"id": self.who, "username": self.who, "displayName": self.who, "emails": [{"value": mail}]}
        yield self._good("POST", "/v3/users", mas, user | {"token": self.canaries.next()})
        first = self.canaries.next()
        yield self._good("POST", f"/v3/users/{self.who}/password", mas, {"token": first})
        signed = self._good("POST", "/keyturn/v1/sessions", {}, {"login": self.who, "password": first})
        yield signed
        session, own = bearer(str(signed.json["token"])), self.canaries.next()
        yield self._good("POST", "/keyturn/v1/me/password", session, {"new": own})
        yield from self._by_names(own)
        present = yield from self._by_numbers()
        again = self.canaries.next()
        form = {"login": self.who, "present": present, "new": again, "again": again}
        yield self.door.ask("POST", "/", headers=FORM, body=urlencode(form).encode())
        yield self._wrong(401)
        yield from self._by_link(mas)

    def _by_names(self, present: str) -> Iterator[Answer]:
        """Changed by the user at one door, then by others with the present password and without."""
        known = self._stored()
        mine, third, fourth, fifth = (self.canaries.next(SHORT) for _ in range(4))
        path, change = "/api/admin/userdetails/changePassword", {"currentPassword": present, "newPassword": mine}
        yield self._good("PUT", path, basic(self.who, present), change)
        client = bearer(self.ways["uipath"].ways["client"]["bearer"])
        path = f"/identity_/api/User/{known['uid']}"
        yield self._good("POST", f"{path}/changepassword", client, {"oldPassword": mine, "newPassword": third})
        yield self._good("PUT", path, client, {"password": fourth})
        scim = bearer(self.ways["scim"].ways["bearer"]["bearer"])
        patch = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "password", "value": fifth}],
        }
        yield self._good("PATCH", f"/scim/v2/Users/{known['uid']}", scim, patch)

    def _by_numbers(self) -> Generator[Answer, None, str]:
        """Reset by an administrator where users have numbers, then letter by letter; answers the last password."""
        known, admin = self._stored(), basic(self.door.made.admin, self.door.made.password.reveal())
        first, last = self.canaries.next(SHORT), self.canaries.next()
        path = f"/api/admin/users/{known['number']}/resetpassword"
        yield self._good("PUT", path, admin, {"newPassword": first})
        path = f"/default/cloudapi/restapi/user/manual-reset-pwd/{quote('false')}"
        yield self._good("PUT", path, admin, [{"loginId": self.who, "password": [*last]}])
        return last

    def _by_link(self, mas: Mapping[str, str]) -> Iterator[Answer]:
        """A value that is given and not mailed; the link that is mailed in its place; what the user sets by it."""
        before = len(self.sink.to(f"{self.who}@example.com"))
        path = f"/v3/users/{self.who}/password?emailPassword=true"
        yield self._good("POST", path, mas, {"token": self.canaries.next()})
        while len(self.sink.to(f"{self.who}@example.com")) == before:
            self.sink.wait_for(len(self.sink.received) + 1)
        [link] = re.findall(r"/claim/\S+", self.sink.to(f"{self.who}@example.com")[-1].body("plain"))
        yield self.door.ask("GET", link)
        new = self.canaries.next()
        yield self.door.ask("POST", link, headers=FORM, body=urlencode({"new": new, "again": new}).encode())
        yield self._good("POST", "/keyturn/v1/sessions", {}, {"login": self.who, "password": new})

    def _good(self, method: str, path: str, headers: Mapping[str, str], send: object) -> Answer:
        answer = self.door.ask(method, path, headers=headers, send=send)
        assert answer.status < 300, (method, path, answer)
        return answer

    def _wrong(self, status: int) -> Answer:
        answer = self.door.sign_in(self.who, self.canaries.next())
        assert answer.status == status
        return answer

    def _stored(self) -> Mapping[str, str]:
        with self.door.house.store.reading() as view:
            user = view.users.get(1, self.who, Handle.KEY)
        assert user is not None
        return {"uid": user.uid, "number": str(user.number)}
