"""The settings of a target."""

from typing import Annotated, Final

import msgspec

from keyturn.app.config.sections import Section
from keyturn.app.config.sources import Source

_ONE_RATE: Final = r"\d+(\.\d+)?(/(\d+(\.\d+)?)?(s|m|h|min))?"
Rate = Annotated[str, msgspec.Meta(pattern=rf"^{_ONE_RATE}(, ?{_ONE_RATE})*$")]
Share = Annotated[str, msgspec.Meta(pattern=r"^(100|[1-9]\d?)%$")]
VERSION: Final = r"^(\d{1,4}(\.\d{1,4}){0,3})?$"
Version = Annotated[str, msgspec.Meta(pattern=VERSION)]
Jobs = Annotated[int, msgspec.Meta(ge=1, le=1024)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]


class PasswordRules(Section, frozen=True):
    """What the target demands of a password; it goes before what the target tells and what its kind usually takes."""

    shortest: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 15
    """Fewest characters."""

    longest: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 64
    """Most characters."""

    classes: Annotated[int, msgspec.Meta(ge=0, le=4)] = 0
    """How many of lower case, upper case, digits and signs must occur."""


class TargetSettings(Section, frozen=True):
    """A directory to run against."""

    kind: str
    """Which kind of server it is; `keyturn target add --help` names the kinds."""

    url: str = ""
    """The address of its API, as in `https://api.inst1.example.com`; not for kind `local`."""

    production: bool = False
    """Ask for the name and the count before changing anything there."""

    approval: bool = False
    """Change users there only by a plan that somebody else has approved."""

    key_id: str = ""
    """The id of the API key to sign in with; its token is the secret."""

    token: Source | None = None
    """Where the token is: of the API key when `key_id` is given, else an access token."""

    username: str = ""
    """The login name to sign in with, where there is no API key."""

    password: Source | None = None
    """Where the password of `username` is."""

    sign_in_url: str = ""
    """Where to sign in, where that is another host than the API's."""

    repeats: bool = False
    """The server honours `Idempotency-Key`, as a keyturn does: even a password that it made can be asked for again."""

    sign_in_page: str = ""
    """The page where people sign in, for the letters that bring them their passwords."""

    tenant: str = ""
    """The tenant, organisation or instance, where one server has several."""

    version: Version = ""
    """The version of the server, as in `9.1`, where its calls depend on it."""

    manage_url: str = ""
    """Where users are made, where that is another host than the API's."""

    manage_key: Source | None = None
    """Where the API key is that is asked for at `manage_url`."""

    certificate: str = ""
    """A file with the TLS certificate to show at `manage_url`."""

    certificate_key: str = ""
    """The file with the key of `certificate`, where it is not in the same one."""

    jobs: Jobs | None = None
    """How many requests may be in flight at once; not said: as many as the server takes well, up to 32."""

    rate: Rate | None = None
    """Most requests, as in `20/s`; several with commas between all hold, as in `20/s,3000/150s,600/min`."""

    use_at_most: Share = "100%"
    """The part to use of the limits that the server tells in its answers, as in `80%`; the rest is left for others."""

    timeout: Seconds = 30.0
    """How many seconds to wait for one answer."""

    retries: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    """How often a row is tried again when the server is busy or does not answer."""

    protect: tuple[str, ...] = ()
    """Users that no run touches; `*` stands for any letters, as in `svc-*`."""

    ca_bundle: str = ""
    """A file with the certificates to trust, for servers with a company's own certificate."""

    allow_plain_http: bool = False
    """Allow `http://` to another machine.  Passwords and tokens then cross the network in clear."""

    password_rules: PasswordRules | None = None
    """What the target demands of a password."""

    data: str = ""
    """Of kind `local`: the folder that `keyturn init` made."""

    database: Source | str = ""
    """Of kind `local`: the database, where it is not in the folder.  A URL with a password in it goes in a source."""

    def paced(self, jobs: int | None, timeout: float) -> "TargetSettings":
        """The same target, with the requests in flight and the patience of one run."""
        return msgspec.structs.replace(self, jobs=jobs, timeout=timeout)
