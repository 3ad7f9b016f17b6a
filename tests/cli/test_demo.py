"""`keyturn demo`: the main job from start to end; it leaves nothing running and nothing of others touched."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from keyturn.app.demo.verdict import Verdict
from keyturn.app.trail.trail import Proof
from keyturn.cli import demo as module
from keyturn.cli.frame import Frame
from keyturn.cli.main import cli
from tests.support.server import ask

KEYTURN = Path(sys.executable).with_name("keyturn")


@contextmanager
def once_there(path: Path, seen: dict[str, object]) -> Iterator[None]:
    """As soon as the credentials are there: look whether the server answers, then press Ctrl-C."""
    give_up = threading.Event()

    def watch() -> None:
        while not path.exists():
            if give_up.wait(0.05):
                return
        seen["mode"] = path.stat().st_mode & 0o077
        seen["told"] = told = _complete(path)
        seen["ready"] = ask(told["address"], "GET", "/readyz").status
        os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        give_up.set()
        watcher.join()


def _complete(path: Path) -> Mapping[str, str]:
    while not (text := path.read_text(encoding="utf-8")).endswith("\n"):
        pass
    told: Mapping[str, str] = json.loads(text)
    return told


def test_the_demo_does_the_main_job_and_leaves_nothing_running(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """With --keep, so that the server can be looked at before Ctrl-C.  The run inside gives no hints."""
    folder, seen = tmp_path / "out", dict[str, object]()
    with once_there(folder / "credentials.json", seen):
        result = CliRunner().invoke(cli, ["demo", "--keep", "--dir", str(folder)])
    assert result.exit_code == 0, result.output
    for line in (
        r"~ changed +1,000 ",
        r"x failed +1 +row 503 ghost42",
        r"- skipped +3 +rows 12 and 640 repeat rows 3 and 77; row 1,005 is blank",
        r"\? uncertain +0 ",
        r"mails .*1,000 mails",
        r"chain intact, [\d,]+ records",
        r"All as expected\.",
    ):
        assert re.search(line, result.stdout), line
    inside = capfd.readouterr()
    assert "Plan for reset on demo-mas" in inside.err
    assert "Next:" not in inside.err
    assert (seen["mode"], seen["ready"]) == (0, 200)
    assert len(list((folder / "mail").glob("*.eml"))) == 1000
    assert {"report.html", "report.csv", "report.jsonl", "retry.csv"} <= {path.name for path in folder.iterdir()}
    assert not (folder / "credentials.json").exists()
    parts = urlsplit(re.search(r"http://\S+", result.stdout)[0])  # type: ignore[index]  # it is there
    with socket.socket() as probe:
        assert probe.connect_ex((str(parts.hostname), int(parts.port or 0))) != 0


def test_a_run_that_does_not_run_is_not_as_expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner is given another command, so that nothing is reset."""
    monkeypatch.setattr(module, "_command", lambda folder: ["explain"])
    result = CliRunner().invoke(cli, ["demo", "--dir", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "Not as expected" in result.stdout
    assert "warning: row 2: is missing, expected changed" in result.stderr


def test_a_demo_that_is_terminated_takes_its_server_with_it(tmp_path: Path) -> None:
    process = subprocess.Popen([KEYTURN, "demo", "--dir", str(tmp_path / "out")], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        address = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
        process.terminate()
        process.stdout.read()
        assert process.wait(60) == 143
    parts = urlsplit(address)
    with socket.socket() as probe:
        assert probe.connect_ex((str(parts.hostname), int(parts.port or 0))) != 0


def test_without_its_mailbox_the_demo_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("keyturn.app.demo.stage", "keyturn.app.demo.mailbox"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "aiosmtpd.smtp", None)
    result = CliRunner().invoke(cli, ["demo", "--dir", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert 'pip install "keyturn[demo]"' in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine", encoding="utf-8")
    result = CliRunner().invoke(cli, ["demo", "--dir", str(tmp_path)])
    assert result.exit_code == 2
    assert "left alone" in result.stderr
    assert (tmp_path / "precious.txt").read_text(encoding="utf-8") == "mine"


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    assert CliRunner().invoke(cli, ["demo", "--dir", str(tmp_path / "link")]).exit_code == 2


def test_a_folder_of_an_earlier_demo_is_written_anew(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    module._prepare(folder)
    (folder / "old").touch()
    module._prepare(folder)
    assert sorted(path.name for path in folder.iterdir()) == [module.MARK, "mail"]


def test_what_was_not_expected_is_said_but_not_a_thousand_times(capsys: pytest.CaptureFixture[str]) -> None:
    module._warn(Frame(), [f"row {number}" for number in range(1000)])
    assert capsys.readouterr().err.splitlines()[-2:] == ["warning: row 4", "warning: and 995 more"]


def test_a_broken_chain_and_a_surprise_are_not_called_expected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module._where(Frame(), tmp_path, Verdict({}, ("odd",)), 3, Proof(3, None, 4, "the record was changed"))
    out = capsys.readouterr().out
    assert "broken: the record was changed" in out
    assert "Not as expected" in out
