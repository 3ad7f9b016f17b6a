"""`keyturn config`: the settings that hold, and where each comes from."""

import json
from typing import Any

import click

from keyturn.cli.frame import Frame, Tone, pass_frame
from keyturn.cli.words import counted


@click.group()
def config() -> None:
    """The settings that hold, and where each comes from.

    \b
    Examples:
      keyturn config path
      keyturn config show --origin
      keyturn config check
    """


@config.command()
@pass_frame
def path(frame: Frame) -> None:
    """Where the config file is, and with --json every folder that keyturn uses.

    \b
      keyturn config path
      keyturn config path --json
    """
    folders = frame.settings.folders
    if frame.wants_json:
        frame.json({"config": folders.config, "data": folders.data, "state": folders.state, "keys": folders.keys})
        return
    frame.data(str(folders.config))


@config.command()
@click.option("--origin", is_flag=True, help="Also where each comes from.")
@click.option("--given", is_flag=True, help="Only what somebody said; not what stands in the code.")
@pass_frame
def show(frame: Frame, origin: bool, given: bool) -> None:
    """Every setting that holds for this call; of a secret, where it is.

    \b
      keyturn config show --given
      keyturn config show --origin
    """
    from keyturn.app.config.origins import told

    found = [each for each in told(frame.settings) if each.given or not given]
    if frame.wants_json:
        frame.json([{"setting": each.name, "value": each.value, "origin": each.origin} for each in found])
        return
    rows = [(each.name, _written(each.value), *([each.origin] if origin else [])) for each in found]
    frame.table(("setting", "value", *(("origin",) if origin else ())), rows, empty="nothing is set")


@config.command()
@pass_frame
def check(frame: Frame) -> int:
    """Read the settings and judge every target, sending nothing; exit 2 when something is wrong.

    \b
      keyturn config check
    """
    from keyturn.app.target.targets import check as judged
    from keyturn.core.errors import ConfigError

    settings = frame.settings
    faults = []
    for name, target in settings.targets.items():
        try:
            judged(name, target, settings.folders.config.parent)
        except ConfigError as error:
            faults.append(
                {"target": name, "code": error.code, "what": error.what, "where": error.where, "fix": error.fix}
            )
    if frame.wants_json:
        frame.json({"config": settings.folders.config, "targets": len(settings.targets), "faults": faults})
    else:
        _draw(frame, faults, len(settings.targets))
    return 2 if faults else 0


def _draw(frame: Frame, faults: list[dict[str, Any]], targets: int) -> None:
    for fault in faults:
        frame.data(
            f"{frame.tone('problem', Tone.BAD)}  {fault['where']}: {fault['what']}   keyturn explain {fault['code']}"
        )
        frame.data(f"         {fault['fix']}")
    if not faults:
        frame.data(f"{frame.tone('ok', Tone.GOOD)}  {frame.settings.folders.config}: {counted(targets, 'target')}")


@config.command()
@pass_frame
def schema(frame: Frame) -> None:
    """The JSON Schema of the config file, for editors and reviews.

    \b
      keyturn config schema > keyturn.schema.json
    """
    from keyturn.app.config import config_file

    frame.data(json.dumps(config_file.schema(), indent=2))


def _written(value: Any) -> str:
    """A value as the config file writes it."""
    return json.dumps(value, ensure_ascii=False)
