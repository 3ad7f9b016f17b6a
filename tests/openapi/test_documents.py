"""The OpenAPI documents: valid, complete, stored as they are served, and shown without anything from elsewhere."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from keyturn.api.manual import VIEWER
from keyturn.app.doors import DOORS
from keyturn.app.serving.openapi import document, manuals
from keyturn.core.outcomes import Reason
from keyturn.http.described import Answer, Api, Call, NotServed, Parameter, shape
from keyturn.http.faults import Fault, FaultTable
from tests.support.server import OpenDoor, served
from tests.support.sources import PACKAGE, ROOT

STORED = ROOT / "docs" / "openapi"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A served directory."""
    with served(tmp_path_factory.mktemp("openapi")) as found:
        yield found


def documents() -> Mapping[str, Any]:
    """Every document by the name of its door."""
    return {name: json.loads(manual.document) for name, manual in manuals().items()}


@pytest.mark.parametrize("name", manuals())
def test_a_document_is_valid_openapi_3_1(name: str) -> None:
    OpenAPIV31SpecValidator(documents()[name]).validate()
    assert documents()[name]["openapi"].startswith("3.1.")


def test_each_document_tells_how_much_its_own_door_takes() -> None:
    """Only doors whose calls carry many users take a batch."""
    told = {name: re.search(r"at most (\d+ .iB)", found["info"]["description"]) for name, found in documents().items()}
    assert {name: found and found[1] for name, found in told.items()} == dict.fromkeys(told, "64 KiB") | {
        name: "1 MiB" for name, door in DOORS.items() if door.batches
    }


@pytest.mark.parametrize("name", manuals())
def test_every_example_keeps_to_its_schema(name: str) -> None:
    """An example that a server would refuse teaches people the wrong thing."""
    found = documents()[name]
    validator = OpenAPIV31SpecValidator(found)
    bad = [
        f"{place}: {error.message}"
        for place, schema, example in examples(found)
        for error in schema_validator(schema, found).iter_errors(example)
    ]
    assert validator.is_valid()
    assert bad == []


def schema_validator(schema: Any, found: Any) -> Any:
    """A validator of a schema with the shapes that the document has."""

    return OAS31Validator({**schema, "components": found["components"]})


def examples(found: Any) -> Iterator[tuple[str, Any, Any]]:
    """Where, schema and value of every example."""
    for path, calls in found["paths"].items():
        for method, call in calls.items():
            for content in (call.get("requestBody", {}), *call["responses"].values()):
                for media in content.get("content", {}).values():
                    for example in media.get("examples", {}).values():
                        yield f"{method} {path}", media["schema"], example["value"]


def test_the_stored_documents_are_those_that_are_served(door: OpenDoor) -> None:
    """`make format` writes them again."""
    assert {path.stem for path in STORED.glob("*.json")} == set(manuals())
    for name in manuals():
        answer = door.ask("GET", f"/help/api/{name}.json")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert answer.body == (STORED / f"{name}.json").read_bytes()


def test_the_index_leads_to_a_page_and_a_document_for_each_door(door: OpenDoor) -> None:
    index = door.ask("GET", "/help/api")
    assert index.status == 200
    links = re.findall(r'href="([^"]+)"', index.text)
    assert len(links) == 2 * len(manuals())
    assert [door.ask("GET", link).status for link in links] == [200] * len(links)


def test_a_page_loads_nothing_from_elsewhere_and_runs_no_script_of_its_own(door: OpenDoor) -> None:
    """The policy would not let it, either."""
    page = door.ask("GET", "/help/api/keyturn")
    assert re.findall(r'(?:src|href|spec-url)="([^"]+)"', page.text) == [
        f"/help/api/{VIEWER}", "/help/api/keyturn.json", "/help/api/keyturn.json",
    ]  # fmt: skip
    assert re.findall(r"<script[^>]*>([^<]*)</script>", page.text) == [""]
    assert 'load-fonts="false"' in page.text
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert not any("http" in sources or "*" in sources for sources in policy.values())


def test_the_viewer_is_the_one_that_was_looked_at(door: OpenDoor) -> None:
    """Its digest stands in the notice beside it; it may be kept by browsers, for its name holds its version."""
    digest = hashlib.sha256((PACKAGE / "api" / "viewer" / VIEWER).read_bytes()).hexdigest()
    assert digest in (PACKAGE / "api" / "viewer" / "NOTICE").read_text(encoding="utf-8")
    answer = door.ask("GET", f"/help/api/{VIEWER}")
    assert hashlib.sha256(answer.body).hexdigest() == digest
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


def test_what_is_not_there_is_said_in_our_own_words(door: OpenDoor) -> None:
    answer = door.ask("GET", "/help/api/nothing.json")
    assert (answer.status, answer.json["code"]) == (404, "KT-SRV-404")
    assert door.ask("POST", "/help/api", send={}).status == 405


ODD = Api(
    name="odd",
    title="Odd",
    text="All that a call can say and none of the others does.",
    calls=(
        Call("GET", "/things/{id:path}", "A thing", {200: Answer("It.", headers={"etag": "Its version."})},
             parameters=(Parameter("id", "Its id.", {"type": "integer"}, "path", needed=True),), ways=("scoped",),
             scope="things", pages={404: "Gone."}),
    ),
    faults=FaultTable((Fault(Reason.OTHER, 418, "TEAPOT"), Fault(Reason.NOT_SIGNED_IN, 401, "WHO", "Who asks?"))),
    error=shape("Error"),
    ways={"scoped": {"type": "oauth2", "flows": {}}, "plain": {"type": "http", "scheme": "basic"}},
    usual=("plain",),
    not_served=(NotServed("GET", "/others", "nobody asked"),),
    places=("/api", "/{tenant}/api"),
    bare=frozenset({401}),
)  # fmt: skip


def test_a_call_says_all_that_is_described() -> None:
    found: Any = document(ODD)
    call = found["paths"]["/things/{id}"]["get"]
    assert found["servers"][1] == {"url": "/{tenant}/api", "variables": {"tenant": {"default": "default"}}}
    assert call["parameters"] == [
        {"name": "id", "in": "path", "description": "Its id.", "required": True, "schema": {"type": "integer"}}
    ]
    assert call["security"] == [{"scoped": ["things"]}]
    assert call["responses"]["200"]["headers"]["etag"]["description"] == "Its version."
    assert call["responses"]["401"] == {"description": "`WHO` Who asks?"}
    assert "text/html" in call["responses"]["404"]["content"]
    assert call["responses"]["418"]["description"] == "`TEAPOT`"
