"""Scripts are read and never run: a test of the status is a rule, and of everything else the line is told."""

import pytest

from keyturn.dialects.postman.wire import Script
from keyturn.dialects.postman.wire_scripts import read_scripts


def rules(text: str, *, after: bool = True) -> tuple[frozenset[int] | None, list[tuple[int, str]]]:
    """The statuses of a script, and what of it is not read."""
    found = read_scripts([Script("Reset, tests", text, after)])
    return found.statuses, [(one.line, one.text) for one in found.unread]


@pytest.mark.parametrize(
    ("text", "statuses"),
    [
        ('pm.test("Status code is 200", function () {\n    pm.response.to.have.status(200);\n});', {200}),
        ("pm.test('ok', () => pm.response.to.be.ok);", {200}),
        ("// made by hand\npm.test(`x`, () => { pm.expect(pm.response.code).to.be.oneOf([200, 201]); });", {200, 201}),
        ('pm.test("a", function () { pm.expect(pm.response.code).to.equal(204) })', {204}),
        ('tests["Status code is 200"] = responseCode.code === 200;', {200}),
        ('pm.test("a", () => pm.response.to.be.success);\npm.test("b", () => pm.response.to.have.status(201));', {201}),
    ],
)
def test_tests_of_the_status_are_rules(text: str, statuses: set[int]) -> None:
    """In the forms that the program's own snippets have; several hold together."""
    assert rules(text) == (frozenset(statuses), [])


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("\npm.environment.set('t', pm.response.json().t);", 2, "pm.environment.set('...', pm.response.json().t);"),
        ("f(\"it's\", 'a\\'b', `many", 1, "f(\"...\", '...', `...`"),
        ('pm.test("a", () => { g("x"); });', 1, 'pm.test("a", () => { g("..."); });'),
        ('pm.test("a", () => pm.response.to.have.status(200));\nconsole.log(1);', 2, "console.log(1);"),
        ('pm.test("a", () => {\n pm.response.to.be.ok;\n pm.sendRequest("x");\n});', 1, 'pm.test("a", () => {'),
        ('pm.test("nothing", function () {});', 1, 'pm.test("nothing", function () {});'),
    ],
)  # fmt: skip
def test_anything_else_is_told_with_its_line(text: str, line: int, told: str) -> None:
    """A script that does more gives no rule either: half a rule would be a promise.  What it quotes may be a secret."""
    assert rules(text) == (None, [(line, told)])


def test_a_script_before_the_request_is_never_a_rule() -> None:
    """It can only change what is sent; comments alone do nothing."""
    assert rules("// nothing here\n", after=False) == (None, [])
    assert rules("pm.variables.set('a', 1);", after=False) == (None, [(1, "pm.variables.set('...', 1);")])
