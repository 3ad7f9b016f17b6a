"""The outermost command: what it says alone, how it ends, how fast it starts."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from keyturn import __version__
from keyturn.cli import main as module
from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.lazy import LazyGroup, adopt
from keyturn.cli.main import COMMANDS, WELCOME, cli
from keyturn.core.errors import KeyturnError, SourceError

KEYTURN = Path(sys.executable).with_name("keyturn")


def run(*args: str, **given: str) -> Result:
    """Run keyturn in this process."""
    return CliRunner(env={"NO_COLOR": None, **given}).invoke(cli, list(args))


def ending(act: Callable[[Frame], object], *args: str, frame_flags: tuple[str, ...] = ()) -> Result:
    """Run a command that does `act`, through the same boundary as every other."""

    @click.command("act")
    @pass_frame
    def command(frame: Frame) -> object:
        return act(frame)

    root = module.Root(name="keyturn", table={"act": ("", "")}, params=list(cli.params))
    root._loaded["act"] = adopt(command)
    return CliRunner().invoke(root, [*frame_flags, "act", *args])


def fail(error: BaseException) -> Callable[[Frame], object]:
    """Something that raises."""

    def act(frame: Frame) -> object:
        raise error

    return act


def test_alone_it_says_in_eight_lines_what_it_is() -> None:
    result = run()
    assert result.output == f"{WELCOME}\n"
    assert len(WELCOME.splitlines()) <= 8
    assert result.exit_code == 0


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_lists_every_command_without_importing_any(flag: str) -> None:
    result = run(flag)
    assert result.exit_code == 0
    assert all(f"\n  {name} " in result.output for name in COMMANDS)


def test_the_version_is_printed() -> None:
    assert run("--version").output == f"keyturn {__version__}\n"


def test_a_version_in_the_environment_is_not_a_wish_to_see_it() -> None:
    assert run(KEYTURN_VERSION="9").output == f"{WELCOME}\n"


@pytest.mark.parametrize(
    ("args", "meant"), [(["rest"], "reset"), (["target", "lst"], "list"), (["explain", "--jsn"], "--json")]
)
def test_a_mistyped_word_is_answered_with_the_one_that_was_meant(args: list[str], meant: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert result.stderr.startswith("error[KT-CFG-002]: no such ")
    assert meant in result.stderr
    assert result.stderr.endswith("Nothing was changed.\n")


def test_an_error_reads_as_what_where_why_fix_more_and_how_far_it_got() -> None:
    error = SourceError("it is odd", where="row 3", why="because\nof that", fix="mend it")
    result = ending(fail(error))
    assert result.stderr == (
        "error[KT-IN-001]: it is odd\n"
        "  where  row 3\n"
        "  why    because\n"
        "         of that\n"
        "  fix    mend it\n"
        "  more   keyturn explain KT-IN-001\n"
        "Nothing was sent.\n"
    )
    assert (result.exit_code, result.stdout) == (5, "")


def test_an_error_can_know_how_far_it_got() -> None:
    error = SourceError("it is odd")
    error.progress = "3 users are done."  # type: ignore[attr-defined]  # optional on purpose
    assert ending(fail(error)).stderr.endswith("\n3 users are done.\n")


def test_a_command_can_know_how_far_it_got() -> None:
    def act(frame: Frame) -> object:
        frame.progress = "2 users are done."
        raise SourceError("it is odd")

    assert ending(act).stderr.endswith("\n2 users are done.\n")


def test_an_error_without_a_page_is_still_drawn() -> None:
    result = ending(fail(KeyturnError("odd", code="NONE")))
    assert (result.stderr, result.exit_code) == ("error[NONE]: odd\n", 1)


def test_a_machine_gets_the_error_as_an_object_too() -> None:
    told = json.loads(ending(fail(SourceError("it is odd", fix="mend it")), "--json").stdout)
    assert (told["code"], told["what"], told["fix"], told["exit"]) == ("KT-IN-001", "it is odd", "mend it", 5)


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_ends_with_130_and_says_how_far_it_got(stop: BaseException) -> None:
    result = ending(fail(stop))
    assert result.exit_code == 130
    assert result.stderr.strip().splitlines()[-1] == "Interrupted."


def test_a_fault_of_our_own_shows_the_place_but_no_value() -> None:
    result = ending(fail(ValueError("opensesame")))
    assert result.exit_code == 1
    assert "(ValueError)" in result.stderr
    assert "test_main.py" in result.stderr
    assert "opensesame" not in result.output


def test_the_places_of_a_fault_are_shown_when_asked_for() -> None:
    result = ending(fail(ValueError("opensesame")), "-vv")
    assert "main.py" in result.stderr
    assert "opensesame" not in result.output


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    done = subprocess.run(
        f"{KEYTURN} explain | head -1", shell=True, capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


def test_a_reader_that_went_away_is_told_no_more() -> None:
    result = ending(fail(BrokenPipeError()))
    assert (result.exit_code, result.output) == (1, "")


@pytest.mark.parametrize(("answer", "code"), [(None, 0), (0, 0), (9, 9), ("text", 0)])
def test_a_command_ends_with_the_code_that_it_returns(answer: object, code: int) -> None:
    assert ending(lambda _: answer).exit_code == code


def test_a_command_can_exit_as_click_does() -> None:
    assert ending(lambda _: click.get_current_context().exit(7)).exit_code == 7


def test_global_flags_may_stand_in_front_of_the_command_and_behind_it() -> None:
    seen: list[Frame] = []
    ending(seen.append, "--no-input", "--json", "-q", frame_flags=("-v",))
    ending(seen.append, frame_flags=("--no-input", "--json"))
    assert [(f.manners.may_ask, f.wants_json, f.loud) for f in seen] == [(False, True, 0), (False, True, 0)]


def test_every_long_flag_is_also_a_variable() -> None:
    seen: list[object] = []

    @click.command("act")
    @click.option("--max-failures")
    @pass_frame
    def act(frame: Frame, max_failures: str) -> None:
        seen.extend([max_failures, frame.manners.may_ask])

    root = module.Root(
        name="keyturn", table={"act": ("", "")}, params=list(cli.params), context_settings=cli.context_settings
    )
    root._loaded["act"] = adopt(act)
    CliRunner(env={"KEYTURN_MAX_FAILURES": "7", "KEYTURN_NO_INPUT": "1"}).invoke(root, ["act"])
    assert seen == ["7", False]


def test_a_flag_that_a_command_defines_itself_is_left_to_it() -> None:
    @click.command("act")
    @click.option("--json", "path")
    def act(path: str) -> None:
        click.echo(path)

    assert CliRunner().invoke(adopt(act), ["--json", "x"]).output == "x\n"


def test_a_table_names_the_module_of_each_command(tmp_path: Path) -> None:
    group = LazyGroup(name="g", table={"explain": ("keyturn.cli.explain:explain", "")})
    context = click.Context(group)
    assert group.list_commands(context) == ["explain"]
    assert group.get_command(context, "explain") is group.get_command(context, "explain")
    assert group.get_command(context, "other") is None


def test_it_can_be_called_without_ending_the_process() -> None:
    assert cli.main([], standalone_mode=False) is None


@pytest.mark.parametrize(("flag", "limit"), [("--version", 0.150), ("--help", 0.250)])
def test_it_starts_fast(flag: str, limit: float) -> None:
    """Start-up only computes, so the processor's time is what a person waits; unlike the clock, it does not count
    what else the machine is doing."""

    def once() -> float:
        quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
        number = os.posix_spawn(KEYTURN, [str(KEYTURN), flag], unwatched, file_actions=quiet)
        _, status, used = os.wait4(number, 0)
        assert status == 0
        return used.ru_utime + used.ru_stime

    unwatched = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    assert min(once() for _ in range(5)) < limit


def test_nothing_heavy_is_imported_for_help() -> None:
    code = "import sys, keyturn.cli.main; print(*sorted(m for m in sys.modules if m.split('.')[0] in sys.argv[1:]))"
    heavy = ["aiohttp", "sqlalchemy", "starlette", "rich", "msgspec", "asyncio", "nacl", "tomlkit"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], check=True, capture_output=True, text=True)
    assert done.stdout == "\n"


def test_a_group_without_a_command_shows_its_help() -> None:
    """As it stands, and not squeezed into a line; for a machine it is an error like others."""
    shown = CliRunner().invoke(cli, ["runs"])
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert shown.stderr.startswith("Usage: ")
    assert "\n  rows " in shown.stderr
    told = CliRunner().invoke(cli, ["--json", "runs"])
    assert told.exit_code == 2
    assert json.loads(told.stdout)["what"] == "keyturn runs alone is no command"
