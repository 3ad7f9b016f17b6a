"""Filters and sort orders of SCIM as conditions that our own lists understand; what cannot be said is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from scim2_models import (
    AttributeBinding,
    InvalidFilterException,
    InvalidPathException,
    Resource,
    Returned,
)
from scim2_models import ScimFilter as Filter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    ValuePath,
)
from scim2_models.path import Not as Negation
from scim2_models.path import Present as Presence
from scim2_models.path.resolution import coerce_value

from keyturn.core import conditions
from keyturn.core.conditions import Compare, Condition, Field, Kept, Many, Not, Order, Part, Present, Some, Test
from keyturn.core.users import Status
from keyturn.dialects.scim.wire_user import MORE

AnyResource: TypeAlias = Resource[Any]

TESTS: Final = {
    CompareOperator.eq: Test.EQUAL,
    CompareOperator.ne: Test.UNEQUAL,
    CompareOperator.lt: Test.LESS,
    CompareOperator.le: Test.AT_MOST,
    CompareOperator.gt: Test.MORE,
    CompareOperator.ge: Test.AT_LEAST,
    CompareOperator.co: Test.CONTAINS,
    CompareOperator.sw: Test.STARTS,
    CompareOperator.ew: Test.ENDS,
}


@dataclass(frozen=True, slots=True)
class Words:
    """Where the attributes of one resource type are kept.  kept: those that are not named are kept as they came."""

    fields: Mapping[str, Field]
    lists: Mapping[str, tuple[Many, Mapping[str, Part]]]
    kept: bool = True


_CONTACT: Final = {"value": Part.VALUE, "type": Part.KIND, "primary": Part.PRIMARY}
_META: Final = {"id": Field.UID, "meta.created": Field.ADDED, "meta.lastModified": Field.UPDATED}
WORDS: Final[Mapping[str, Words]] = {
    "User": Words(
        {
            **_META, "userName": Field.LOGIN, "externalId": Field.EXTERNAL_ID, "displayName": Field.DISPLAY_NAME,
            "title": Field.TITLE, "preferredLanguage": Field.LANGUAGE, "timezone": Field.TIMEZONE,
            "name.givenName": Field.GIVEN_NAME, "name.familyName": Field.FAMILY_NAME,
        },
        {
            "emails": (Many.EMAILS, _CONTACT),
            "phoneNumbers": (Many.PHONES, _CONTACT),
            "addresses": (
                Many.ADDRESSES,
                {
                    "streetAddress": Part.STREET, "locality": Part.LOCALITY, "region": Part.REGION,
                    "postalCode": Part.POSTAL_CODE, "country": Part.COUNTRY, "formatted": Part.FORMATTED,
                    "type": Part.KIND, "primary": Part.PRIMARY,
                },
            ),
            "groups": (Many.GROUPS, {"value": Part.UID, "display": Part.NAME}),
        },
    ),
    "Group": Words(
        {**_META, "displayName": Field.NAME, "externalId": Field.EXTERNAL_ID},
        {"members": (Many.MEMBERS, {"value": Part.UID, "display": Part.NAME})},
        kept=False,
    ),
}  # fmt: skip
_PASSWORD: Final = re.compile(r"(?<![\[.\w])password\b", re.IGNORECASE)
_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?')
_NAMES: Final = (Field.GIVEN_NAME, Field.FAMILY_NAME, Kept((MORE, "name")))
_OURS: Final = ("schemas", "meta", "password", "groups", "members")


def condition_of(filter: Filter[Any], model: type[AnyResource], kind: str) -> Condition:
    """The condition of a filter on one type of resource.  Raises InvalidFilterException for what cannot be said."""
    bound = Filter.__class_getitem__(model)(filter.ast)
    return _Translator(bound, WORDS[kind], kind).visit(bound.ast)


def asks_for_password(text: str) -> bool:
    """Whether a filter as it is written names the password, outside of the texts in it."""
    return _PASSWORD.search(_TEXT.sub("", text)) is not None


def name_alone(filter: Filter[Any], model: type[AnyResource]) -> str | None:
    """The userName that a filter asks for, when it asks for nothing else."""
    node = filter.ast
    if not isinstance(node, Comparison) or node.op != CompareOperator.eq or not isinstance(node.value, str):
        return None
    binding = Filter.__class_getitem__(model)(node).resolve_comparison(node.attr_path, strict=False)
    return node.value if binding is not None and _name(binding) == "userName" else None


def order_of(binding: AttributeBinding | None, kind: str, *, descending: bool) -> tuple[Order, ...]:
    """The order by an attribute.  Raises InvalidPathException for what lists are not put in order by."""
    if binding is None:
        return ()
    name = _name(binding)
    if name == "active":
        return (Order(Field.STATUS, descending=not descending),)
    if name == "emails.value":
        return (Order(Field.MAIL, descending=descending),)
    field = WORDS[kind].fields.get(name)
    if field is None and (binding.is_multivalued or not WORDS[kind].kept or name.split(".")[0] in _OURS):
        raise InvalidPathException(detail=f"Lists are not sorted by {name}")
    return (Order(field or _kept(binding), descending=descending),)


class _Translator(FilterVisitor[Condition]):
    """Walks a filter.  element: the list that a value selection is inside of."""

    def __init__(self, filter: Filter[Any], words: Words, kind: str, element: AttrPath | None = None) -> None:
        self._filter, self._words, self._kind, self._element = filter, words, kind, element

    def visit_comparison(self, node: Comparison) -> Condition:
        """`userName eq "amal"`; on a list any element will do, and for `ne` none may be equal."""
        binding = self._binding(node.attr_path)
        if binding is None:
            return _never()
        if node.value is None:
            return self._null(node, binding)
        self._refuse_secret(binding)
        value = coerce_value(binding, node.value, node.op)
        if _name(binding) == "active":
            return _active(node.op, value)
        if _name(binding) == "meta.resourceType":
            return _constant(node.op, value, self._kind)
        self._fit(binding, node, value)
        test, exact = TESTS[node.op], binding.case_exact
        value = value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
        if not binding.is_multivalued or self._element is not None:
            return Compare(self._single(binding), test, value, exact)
        of, part = self._many(binding)
        if test is Test.UNEQUAL:
            return Not(Some(of, Compare(part, Test.EQUAL, value, exact)))
        return Some(of, Compare(part, test, value, exact))

    def visit_present(self, node: Presence) -> Condition:
        """`title pr`."""
        binding = self._binding(node.attr_path, whole=True)
        if binding is None:
            return _never()
        name = _name(binding)
        if name in ("active", "meta", "schemas", "meta.resourceType", "meta.location", "meta.version"):
            return conditions.All(())
        self._refuse_secret(binding)
        if name == "name":
            return conditions.Any(tuple(Present(one) for one in _NAMES))
        if not binding.is_multivalued or self._element is not None:
            return Present(self._single(binding))
        if binding.sub_field_name is None:
            return Some(self._many(binding)[0], conditions.All(()))
        of, part = self._many(binding)
        return Some(of, Present(part))

    def visit_not(self, node: Negation) -> Condition:
        """`not (...)`."""
        return Not(self.visit(node.expr))

    def visit_logical_expr(self, node: LogicalExpr) -> Condition:
        """`... and ...`, `... or ...`."""
        terms = tuple(self.visit(term) for term in node.terms)
        return conditions.All(terms) if node.op == LogicalOperator.and_ else conditions.Any(terms)

    def visit_value_path(self, node: ValuePath) -> Condition:
        """`emails[type eq "work"]`."""
        binding = self._binding(node.attr_path, whole=True)
        if binding is None:
            return _never()
        inside = _Translator(self._filter, self._words, self._kind, node.attr_path)
        return Some(self._many(binding)[0], inside.visit(node.val_filter))

    def _binding(self, path: AttrPath, *, whole: bool = False) -> AttributeBinding | None:
        if self._element is not None:
            path = AttrPath(self._element.attr, path.attr, self._element.uri)
        resolve = self._filter.resolve if whole else self._filter.resolve_comparison
        return resolve(path, strict=False)

    def _null(self, node: Comparison, binding: AttributeBinding) -> Condition:
        present = self.visit_present(Presence(node.attr_path))
        if node.op == CompareOperator.eq:
            return Not(present)
        if node.op == CompareOperator.ne:
            return present
        raise InvalidFilterException(detail=f"{_name(binding)} cannot be compared with null in this way")

    def _fit(self, binding: AttributeBinding, node: Comparison, value: object) -> None:
        """Refuse what our lists cannot compare: binary values, moments as pieces of text."""
        moment = binding.target_type is not None and issubclass(binding.target_type, datetime)
        if not isinstance(value, str | bool | datetime) or moment != isinstance(value, datetime):
            raise InvalidFilterException(detail=f"{_name(binding)} cannot be compared like this")

    def _refuse_secret(self, binding: AttributeBinding) -> None:
        secret = Returned.never in (
            binding.model.get_field_annotation(binding.field_name, Returned),
            binding.get_annotation(Returned),
        )
        if secret:
            raise InvalidFilterException(detail=f"{_name(binding)} is never looked at by a filter")

    def _single(self, binding: AttributeBinding) -> Field | Part | Kept:
        name = _name(binding)
        if self._element is not None:
            of, part = self._many(binding)
            if of != self._many_of(binding):
                raise InvalidFilterException(detail=f"{name} cannot be asked for beside others of its element")
            return part
        if name in self._words.fields:
            return self._words.fields[name]
        if not self._words.kept or name.split(".")[0] in _OURS:
            raise InvalidFilterException(detail=f"Lists are not filtered by {name}")
        return _kept(binding)

    def _many_of(self, binding: AttributeBinding) -> Many | Kept:
        head = _name(binding).split(".")[0]
        return self._words.lists[head][0] if head in self._words.lists else Kept((MORE, head))

    def _many(self, binding: AttributeBinding) -> tuple[Many | Kept, Part | Kept]:
        """The list, and in it the part: in our own lists where it is one of theirs, else as the client sent it."""
        head, _, sub = _name(binding).partition(".")
        if head in self._words.lists:
            of, parts = self._words.lists[head]
            if not sub or sub in parts:
                return of, parts.get(sub, Part.VALUE)
        if not self._words.kept or head in _OURS:
            raise InvalidFilterException(detail=f"Lists are not filtered by {_name(binding)}")
        return Kept((MORE, head)), Kept((sub,))


def _name(binding: AttributeBinding) -> str:
    """The attribute as its schema writes it, without the schema: `name.givenName`."""
    return binding.urn.rpartition(":")[2]


def _kept(binding: AttributeBinding) -> Kept:
    """An attribute that is kept as it came; those of an extension under its URN."""
    schema, _, name = binding.urn.rpartition(":")
    core = schema.casefold().endswith(":core:2.0:user")
    return Kept((MORE, *(() if core else (schema,)), *name.split(".")))


def _never() -> Condition:
    return conditions.Any(())


def _active(op: CompareOperator, value: object) -> Condition:
    wanted = (op == CompareOperator.eq) == bool(value)
    return Compare(Field.STATUS, Test.EQUAL if wanted else Test.UNEQUAL, Status.ACTIVE.value, exact=True)


def _constant(op: CompareOperator, value: object, kind: str) -> Condition:
    """A comparison with what is the same for all of a type."""
    if op not in (CompareOperator.eq, CompareOperator.ne):
        raise InvalidFilterException(detail="meta.resourceType can be equal or not")
    return conditions.All(()) if (value == kind) == (op == CompareOperator.eq) else _never()
