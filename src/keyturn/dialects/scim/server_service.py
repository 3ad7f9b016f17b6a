"""What we say of ourselves in SCIM, and the protocol's steps where ours differ from the library's."""

import logging
import re
from typing import Final, TypeVar

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Error,
    ETag,
    Filter,
    Mutability,
    NotFoundException,
    Patch,
    ResourceType,
    Returned,
    Schema,
    SchemaExtension,
    SCIMException,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
)
from scim2_server.requests import ScimRequest
from scim2_server.service import ScimService
from scim2_server.utils import load_default_resource_types, load_default_schemas

from keyturn.core.errors import Busy, KeyturnError, StoreError
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor, Proof
from keyturn.dialects.scim.wire import FAULTS, MOST_LISTED, MOST_OPERATIONS, error_body
from keyturn.dialects.scim.wire_group import GROUP
from keyturn.dialects.scim.wire_user import HASH, IMPORT, Unreadable
from keyturn.http.answers import sentence
from keyturn.http.faults import FaultTable
from keyturn.http.json import BATCH

_INPUT: Final = re.compile(r"\[type=.*?, input_value=.*", re.DOTALL)
"""Where the model library begins to repeat what was sent."""

_Told = TypeVar("_Told", ResourceType, Schema, ServiceProviderConfig)
_log = logging.getLogger("keyturn.scim")

BEARER: Final = AuthenticationScheme(
    type=AuthenticationScheme.Type.oauthbearertoken,
    name="API key",
    description="The token of an API key made for SCIM, as Authorization: Bearer.",
    primary=True,
)
BASIC: Final = AuthenticationScheme(
    type=AuthenticationScheme.Type.httpbasic,
    name="Sign-in name and password",
    description="Of a person; what the person may do here follows from the person's rights.",
)
CONFIG: Final = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=True, max_operations=MOST_OPERATIONS, max_payload_size=BATCH),
    filter=Filter(supported=True, max_results=MOST_LISTED),
    change_password=ChangePassword(supported=True),
    sort=Sort(supported=True),
    etag=ETag(supported=True),
    authentication_schemes=[BEARER, BASIC],
)


OURS: Final = Schema.model_validate(
    {
        "id": IMPORT,
        "name": "Import",
        "description": "What a new user brings from another system.",
        "attributes": [
            {
                "name": HASH,
                "type": "string",
                "multiValued": False,
                "description": "The hash of the password that the person has had there, and goes on using.",
                "required": False,
                "caseExact": True,
                "mutability": "immutable",
                "returned": "never",
                "uniqueness": "none",
            }
        ],
    }
)

AS_SENT: Final = ScimPolicy(
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""What Microsoft Entra sends and the RFC does not have: members to be removed as the value of a `remove`, and parts of
`emails[type eq "work"]` where there is no such element yet.  What nobody declares is refused, and not dropped."""


class Turned(SCIMException):
    """A refusal of the directory, on its way out as a SCIM error."""

    def __init__(self, refused: Refused, faults: FaultTable = FAULTS) -> None:
        self.status, self.scim_type, text = error_body(refused, faults)
        self.refused = refused
        super().__init__(detail=text)


class Service(ScimService):
    """The protocol, for a subject that is an `Actor`."""

    def me_target(self, request: ScimRequest) -> tuple[ResourceType, str]:
        """Who asks, when it is a person."""
        actor = request.subject
        if not isinstance(actor, Actor) or actor.proof is Proof.KEY:
            raise NotFoundException(detail="The token is that of an API key, who is no user")
        return self.get_resource_type("User"), actor.id

    @staticmethod
    def locate(resource: _Told, location: str) -> _Told:
        """What is told of us.  Our extension is among the schemas and not among what a user has: those who fill in
        all that there is must not make a hash up."""
        found = ScimService.locate(resource, location)
        if isinstance(found, ResourceType):
            others = [one for one in found.schema_extensions or [] if str(one.schema_) != IMPORT]
            found.schema_extensions = others or None
        return found

    @staticmethod
    def error_of(exception: Exception) -> Error:
        """The error of what was raised, also inside of a bulk request; only what is a mistake of ours is logged."""
        if isinstance(exception, Unreadable):
            return Turned(Refused("", Reason.INVALID, str(exception))).to_error()
        if isinstance(exception, Busy | StoreError):
            return Turned(Refused("", Reason.BUSY)).to_error()
        if not isinstance(exception, SCIMException | KeyturnError):
            _log.error("request.broke", exc_info=exception)
        error = ScimService.error_of(exception)
        error.detail = sentence(_INPUT.sub("", error.detail or ""))
        return error


def make_service() -> Service:
    """The service of this door: users with the enterprise extension and one of ours, and groups."""
    schemas, types = load_default_schemas(), load_default_resource_types()
    for attribute in schemas[GROUP].attributes or []:
        for part in attribute.sub_attributes or []:
            if part.name == "display":
                # How a member is called follows from the member, and is told to those who ask for it: the schema of
                # RFC 7643, section 8.7.1, has no such attribute, its example in section 8.4 has one.
                part.mutability, part.returned = Mutability.read_only, Returned.request
    schemas[IMPORT] = OURS
    types["User"].schema_extensions = [
        *(types["User"].schema_extensions or []),
        SchemaExtension.model_validate({"schema": IMPORT, "required": False}),
    ]
    return Service(ScimProvider.from_discovery(schemas.values(), types.values(), config=CONFIG, policy=AS_SENT))
