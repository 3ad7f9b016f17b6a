"""Speaks with the process that works on a run: finds it, leaves a word, waits until it was heard."""

import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from keyturn.cli.frame import Frame

if TYPE_CHECKING:
    from keyturn.bulk.record.folder import RunFolder
    from keyturn.bulk.running.channel import Standing, Word

PATIENCE = 10.0
LOOKS = 0.1


def worked_on(frame: Frame, run: str) -> "RunFolder":
    """The named run, else the newest that is worked on.  Raises RunError when nobody works on it."""
    from keyturn.app.run.machine import Machine
    from keyturn.bulk.record.folder import find_run, run_folders
    from keyturn.core.errors import RunError

    machine = Machine(frame.settings)
    runs = machine.folders.runs
    folders = [find_run(runs, run)] if run else run_folders(runs)
    for folder in folders:
        if machine.worker(folder.journal):
            return folder
    raise RunError(
        f"nobody works on run {run}" if run else "nobody works on a run here",
        code="KT-RUN-013",
        where=str(folders[0].path if run else runs),
        fix="keyturn runs list",
    )


def speak(frame: Frame, run: str, word: "Word") -> None:
    """Leave a word for a run and tell what it does now.  Raises RunError when it is not heard in time."""
    from keyturn.bulk.running.channel import Channel

    frame.progress = "Nothing was changed."
    folder = worked_on(frame, run)
    channel = Channel(folder.path)
    standing = _heard(frame, folder, channel.say(word))
    if frame.wants_json:
        frame.json({"run": folder.run, "word": str(word), **({} if standing is None else told_of(standing))})
        return
    frame.data(f"run {folder.run}: {_answer(word, standing)}")


def told_of(standing: "Standing") -> dict[str, object]:
    """How far a run is, for machines."""
    told = asdict(standing)
    del told["heard"]
    return {**told, "doing": str(standing.doing)}


def _heard(frame: Frame, folder: "RunFolder", number: str) -> "Standing | None":
    """How the run stands once the word was heard; None when it ended over it."""
    from keyturn.app.run.machine import Machine
    from keyturn.bulk.running.channel import Channel
    from keyturn.core.errors import RunError

    machine, channel = Machine(frame.settings), Channel(folder.path)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        standing = channel.standing()
        if standing is not None and standing.heard == number:
            return standing
        if not machine.worker(folder.journal):
            return None
        time.sleep(LOOKS)
    frame.progress = "The word stands: it is followed as soon as that process listens."
    raise RunError(
        f"the process that works on run {folder.run} did not listen within {PATIENCE:.0f} s",
        code="KT-RUN-014",
        why=machine.worker(folder.journal),
        fix=f"look at its terminal, where it may wait for an answer; keyturn runs go {folder.run} takes the word back",
    )


def _answer(word: "Word", standing: "Standing | None") -> str:
    if standing is None:
        return "it has ended"
    through = f"{standing.through:,} of {standing.total:,} rows are through, {standing.in_flight:,} in flight"
    return {
        "stop": f"stopping: {through}; then  keyturn {'runs verify' if standing.reading else 'resume'}",
        "pause": f"pausing: {through}; the handout is sealed when those are back",
        "go": f"going on: {through}",
    }[str(word)]
