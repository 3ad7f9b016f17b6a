"""The bodies of the SCIM door as JSON Schema: attributes of RFC 7643, messages of RFC 7644."""

from collections.abc import Mapping
from typing import Final

from keyturn.dialects.scim.wire import BULK, ERROR, LIST, MOST_OPERATIONS, PATCH_OP, SEARCH
from keyturn.dialects.scim.wire_user import HASH, IMPORT
from keyturn.http.described import (
    ANYTHING,
    COUNT,
    FLAG,
    OBJECT,
    SECRET,
    TEXT,
    TIME,
    Schema,
    either,
    many,
    maybe,
    members,
    one_of,
    shape,
)

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
BULK_ANSWER: Final = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

INDEX: Final[Schema] = {"type": "integer"}
_TEXT: Final = maybe(TEXT)
_NAMES: Final = either(many(TEXT), TEXT, {"type": "null"})
_VALUE: Final = {"value": _TEXT, "display": _TEXT, "type": _TEXT, "primary": maybe(FLAG)}
_VALUES: Final = maybe(many(members(_VALUE)))
_REFERENCE: Final = {"value": _TEXT, "$ref": _TEXT, "display": _TEXT, "type": _TEXT}
_ADDRESS: Final = ("formatted", "streetAddress", "locality", "region", "postalCode", "country", "type")
_NAME: Final = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
_COMPANY: Final = ("employeeNumber", "costCenter", "organization", "division", "department")
_META: Final = members({"resourceType": TEXT, "created": TIME, "lastModified": TIME, "location": TEXT, "version": TEXT})

_TEXTS: Final = (
    "externalId", "displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale",
    "timezone",
)  # fmt: skip
_LISTS: Final = ("emails", "phoneNumbers", "ims", "photos", "entitlements", "roles", "x509Certificates")

_USER: Final[Mapping[str, Schema]] = {
    **dict.fromkeys(_TEXTS, _TEXT),
    **dict.fromkeys(_LISTS, _VALUES),
    "name": maybe(members(dict.fromkeys(_NAME, _TEXT))),
    "active": maybe(FLAG),
    "addresses": maybe(many(members({**dict.fromkeys(_ADDRESS, _TEXT), "primary": maybe(FLAG)}))),
    ENTERPRISE: maybe(
        members(
            {
                **dict.fromkeys(_COMPANY, _TEXT),
                "manager": maybe(either(members({"value": _TEXT, "displayName": _TEXT}), TEXT)),
            }
        )
    ),
}
_MEMBERS: Final = maybe(many(members(_REFERENCE)))


def _message(name: str) -> Schema:
    """The schemas of a message, which are one."""
    return many(one_of(name))


def _of(name: str, *more: str) -> Schema:
    """Schemas with this one among them."""
    return {
        "type": "array",
        "items": one_of(name, *more),
        "minItems": 1,
        "uniqueItems": True,
        "contains": {"const": name},
    }


_OPERATION: Final[Mapping[str, Schema]] = {
    "method": {"description": "POST, PUT, PATCH or DELETE."},
    "path": {"description": "Below the base address: `/Users`, or `/Users/` and an id."},
    "bulkId": {"description": "A name for what is made, for `bulkId:NAME` in place of its id."},
    "version": {"description": "As `If-Match`."},
    "data": {"description": "What would be the body."},
}
"""Of an operation that cannot be understood the answer says so, beside what became of the others."""

SHAPES: Final[Mapping[str, Schema]] = {
    "Error": members(
        {"schemas": _message(ERROR), "status": TEXT, "scimType": TEXT, "detail": TEXT}, "schemas", "status"
    ),
    "User": members(
        {
            "schemas": many(TEXT),
            "id": TEXT,
            "userName": TEXT,
            "meta": _META,
            "groups": many(members(_REFERENCE)),
            **_USER,
        },
        "schemas",
    ),
    "SentUser": members(
        {
            "schemas": _of(USER, ENTERPRISE, IMPORT),
            "userName": _TEXT,
            "password": maybe(SECRET),
            IMPORT: maybe(members({HASH: maybe(SECRET)})),
            **_USER,
        },
        "schemas",
    ),
    "Group": members(
        {"schemas": many(TEXT), "id": TEXT, "displayName": TEXT, "meta": _META, "members": _MEMBERS}, "schemas"
    ),
    "SentGroup": members(
        {
            "schemas": _of(GROUP),
            "displayName": _TEXT,
            "externalId": _TEXT,
            "members": maybe(many(members({"value": _TEXT}))),
        },
        "schemas",
    ),
    "List": members(
        {
            "schemas": _message(LIST),
            "totalResults": COUNT,
            "startIndex": INDEX,
            "itemsPerPage": COUNT,
            "Resources": many(OBJECT),
        },
        "schemas",
        "totalResults",
    ),
    "Search": members(
        {
            "schemas": _message(SEARCH),
            "filter": _TEXT,
            "sortBy": _TEXT,
            "sortOrder": maybe(one_of("ascending", "descending")),
            "startIndex": ANYTHING,
            "count": ANYTHING,
            "attributes": _NAMES,
            "excludedAttributes": _NAMES,
        }
    ),
    "Patch": members(
        {
            "schemas": _message(PATCH_OP),
            "Operations": {
                **many(members({"op": one_of("add", "remove", "replace"), "path": TEXT, "value": ANYTHING}, "op")),
                "minItems": 1,
            },
        },
        "Operations",
    ),
    "Bulk": members(
        {
            "schemas": {**many(TEXT), "description": BULK},
            "failOnErrors": {"description": "How many errors end it."},
            "Operations": {**many({"properties": _OPERATION}), "maxItems": MOST_OPERATIONS},
        },
        "Operations",
    ),
    "BulkAnswer": members(
        {
            "schemas": _message(BULK_ANSWER),
            "Operations": many(
                members({"method": TEXT, "bulkId": TEXT, "location": TEXT, "status": TEXT, "response": OBJECT})
            ),
        },
        "schemas",
        "Operations",
    ),
    "Resource": members({"schemas": many(TEXT), "id": TEXT, "name": TEXT, "meta": OBJECT}, "schemas"),
    "AnyOfBoth": {"anyOf": [shape("User"), shape("Group")]},
}
