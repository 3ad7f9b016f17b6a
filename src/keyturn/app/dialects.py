"""The table of vendors that we can call: one row each.  The doors that we answer at are in `doors.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from keyturn.app.asking import SECRET, Form, Question
from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.config.sources import Credentials
from keyturn.core.ports import Directory
from keyturn.dialects.hdp import wire_recorded as recorded_hdp
from keyturn.dialects.hdp.client import HdpDirectory
from keyturn.dialects.hdp.client_people import HdpSettings
from keyturn.dialects.mas import wire_recorded as recorded_mas
from keyturn.dialects.mas.client import MasDirectory
from keyturn.dialects.mas.client_session import MasSettings
from keyturn.dialects.primavera import wire_recorded as recorded_primavera
from keyturn.dialects.primavera.client import PrimaveraDirectory
from keyturn.dialects.primavera.client_session import PrimaveraSettings
from keyturn.dialects.scim import wire_recorded as recorded_scim
from keyturn.dialects.scim.client import ScimDirectory
from keyturn.dialects.scim.client_session import ScimSettings
from keyturn.dialects.uipath import wire_recorded as recorded_uipath
from keyturn.dialects.uipath.client import UipathDirectory
from keyturn.dialects.uipath.client_session import UipathSettings
from keyturn.http.call import Site
from keyturn.http.recorded import Recognised, Recorded

IN_FLIGHT: Final = 32
"""Connections at most to a target whose settings do not say."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What keys for a door are like.

    scopes: what they may be allowed; none where rights alone decide.  pair: how the vendor calls id and secret; an
    empty first word where there is one secret alone, which then holds the id as well: `id.secret`.
    of_person: the door knows people alone, so that a key is the password of somebody's name.
    """

    scopes: tuple[str, ...] = ()
    pair: tuple[str, str] = ("id", "token")
    of_person: bool = False

    def shown(self, id: str, secret: str) -> Mapping[str, str]:
        """What the person is given, by the vendor's words.

        >>> Keys(pair=("", "token")).shown("a-1", "s")
        {'token': 'a-1.s'}
        """
        name, word = self.pair
        return {name: id, word: secret} if name else {word: f"{id}.{secret}"}


OWN_KEYS: Final = Keys()
"""Keys as our own door has them, and every vendor's that does not say otherwise."""

_PASSWORDS: Final = Keys(pair=("login", "password"), of_person=True)
"""Keys of doors where people alone sign in, by name and password."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A vendor's client half.  title: as people call it; connect: points it at a target; form: what a new target is
    asked for; recognise: finds its calls in requests that somebody recorded; keys: of its door."""

    title: str
    connect: Callable[[TargetSettings, Credentials], Directory]
    form: Form
    recognise: Callable[[Recorded], Recognised | None]
    keys: Keys = OWN_KEYS


def _mas(target: TargetSettings, secrets: Credentials) -> Directory:
    return MasDirectory(
        MasSettings(
            site=_site(target),
            key_id=secrets.key_id,
            token=secrets.token,
            username=secrets.username,
            password=secrets.password,
            sign_in_url=target.sign_in_url,
            source=secrets.source,
            repeats=target.repeats,
            version=target.version,
            manage=_manage(target),
            manage_key=secrets.manage_key,
        )
    )


def _manage(target: TargetSettings) -> Site:
    """Where users of later versions are made: the one host that is shown a certificate."""
    url = target.manage_url or target.url
    return replace(_site(target), url=url, certificate=target.certificate, certificate_key=target.certificate_key)


def _uipath(target: TargetSettings, secrets: Credentials) -> Directory:
    return UipathDirectory(
        UipathSettings(
            site=_site(target),
            client_id=secrets.key_id,
            secret=secrets.token,
            organization=target.tenant,
            sign_in_url=target.sign_in_url,
            source=secrets.source,
            repeats=target.repeats,
        )
    )


def _primavera(target: TargetSettings, secrets: Credentials) -> Directory:
    return PrimaveraDirectory(
        PrimaveraSettings(
            site=_site(target),
            username=secrets.username,
            password=secrets.password,
            token=secrets.token,
            organization=target.tenant,
            source=secrets.source,
        )
    )


def _hdp(target: TargetSettings, secrets: Credentials) -> Directory:
    return HdpDirectory(
        HdpSettings(
            site=_site(target),
            username=secrets.username,
            password=secrets.password,
            tenant=target.tenant,
            repeats=target.repeats,
        )
    )


def _scim(target: TargetSettings, secrets: Credentials) -> Directory:
    return ScimDirectory(
        ScimSettings(
            site=_site(target),
            token=secrets.token,
            username=secrets.username,
            password=secrets.password,
            source=secrets.source,
            repeats=target.repeats,
        )
    )


def _site(target: TargetSettings) -> Site:
    return Site(
        url=target.url,
        ca_bundle=target.ca_bundle,
        timeout=target.timeout,
        in_flight=target.jobs or IN_FLIGHT,
        allow_plain_http=target.allow_plain_http,
    )


_MAS: Final = Form(
    (
        Question("url", "Address of the API", "https://api.<instance>.<domain>"),
        Question(SECRET, "Where is the token", "file ~/maximo.token"),
        Question("key_id", "Id of the API key", empty="the token is an access token"),
    ),
    also=("username",),
)
_HDP: Final = Form(
    (
        Question("url", "Address of the server", "https://hdp.example.com:8443"),
        Question("username", "Login name of an administrator", "d2cadmin"),
        Question(SECRET, "Where is the password", "file ~/hdp.password"),
    )
)
_PRIMAVERA: Final = Form(
    (
        Question("url", "Address of the tenant", "https://<pod>/<tenant>"),
        Question("username", "Login name of an administrator", empty="what follows is an access token"),
        Question(SECRET, "Where is the password or the token", "file ~/primavera.password"),
    )
)
_SCIM: Final = Form(
    (
        Question("url", "Address of the API", "https://idp.example.com/scim/v2"),
        Question("username", "Login name", empty="what follows is a token"),
        Question(SECRET, "Where is the token or the password", "file ~/scim.token"),
    )
)
_UIPATH: Final = Form(
    (
        Question("url", "Address of the server", "https://uipath.example.com"),
        Question("tenant", "Organization, its name or GUID", empty="users are given by their number alone"),
        Question("key_id", "Client id of the application", empty="what follows is an access token"),
        Question(SECRET, "Where is the client secret or the token", "file ~/uipath.secret"),
    )
)

DIALECTS: Final[Mapping[str, Dialect]] = {
    "mas": Dialect("IBM Maximo Application Suite", _mas, _MAS, recorded_mas.recognise),
    "hdp": Dialect("Progress DataDirect Hybrid Data Pipeline", _hdp, _HDP, recorded_hdp.recognise, _PASSWORDS),
    "primavera": Dialect(
        "Oracle Primavera Administration", _primavera, _PRIMAVERA, recorded_primavera.recognise, _PASSWORDS
    ),
    "scim": Dialect("SCIM 2.0", _scim, _SCIM, recorded_scim.recognise, Keys(("scim",), ("", "token"))),
    "uipath": Dialect(
        "UiPath Identity",
        _uipath,
        _UIPATH,
        recorded_uipath.recognise,
        Keys(
            ("PM.User", "PM.User.Read", "PM.User.Write", "PM.Group", "PM.Group.Read", "PM.Group.Write"),
            ("client_id", "client_secret"),
        ),
    ),
}
"""By the name that `kind` of a target has."""

KEY_FORMS: Final[Mapping[str, Keys]] = {name: one.keys for name, one in DIALECTS.items()} | {"keyturn": OWN_KEYS}
"""The doors that keys can be for, by the kind of the key."""

FIRST_KIND: Final = next(iter(DIALECTS))
"""The door that the API key of a new directory is for."""
