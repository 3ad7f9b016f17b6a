"""`keyturn postman import`: targets out of a collection, and the commands that do the same."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.core.harmless import harmless

if TYPE_CHECKING:
    from keyturn.app.postman.importing import Found

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("import")
@click.argument("collection", type=click.Path(path_type=Path, readable=False))
@click.option("-d", "--iteration-data", type=_FILE, metavar="FILE", help="The rows that it is run with.")
@click.option("-e", "--environment", type=_FILE, metavar="FILE", help="An environment.")
@click.option("-g", "--globals", "global_file", type=_FILE, metavar="FILE", help="Globals.")
@click.option("--folder", multiple=True, metavar="NAME", help="Only this folder or request.")
@click.option("--name", default="", help="What the target is to be called.")
@pass_frame
def import_collection(
    frame: Frame,
    collection: Path,
    iteration_data: Path | None,
    environment: Path | None,
    global_file: Path | None,
    folder: tuple[str, ...],
    name: str,
) -> None:
    """Save the server of a collection as a target, put its secret into a file of its own, and say what does the same.

    \b
    Examples:
      keyturn postman import resets.postman_collection.json -d users.csv
      keyturn postman import resets.json -d users.csv -e test.postman_environment.json --name maximo-test
    """
    from keyturn.app.postman.importing import columns_of, targets_in
    from keyturn.app.postman.playing import Table
    from keyturn.app.postman.recipe import Recipe

    frame.progress = "Nothing was saved."
    recipe = Recipe(str(collection), str(environment or ""), str(global_file or ""), folder)
    book = recipe.book()
    if iteration_data is not None:
        table = recipe.table(iteration_data)
    else:
        table = Table(columns_of(book, {**book.variables, **recipe.known()}))
    plays = recipe.played(book, recipe.requests(book, table), table, frame.settings)
    file, taken = str(iteration_data or "users.csv"), tuple(frame.settings.targets)
    made = [_saved(frame, found, file) for found in targets_in(plays, name, taken)]
    folders = frame.settings.folders
    left = [one.prepared.name for one in plays if one.known is None]
    frame.progress = ""
    if frame.wants_json:
        frame.json({"targets": made, "not_recognised": left, "config": str(folders.config)})
        return
    for one in made:
        frame.data(
            f"Saved target {one['target']} ({one['kind']}) to {folders.config}; its secret is in {one['secret']}"
        )
        for command in one["commands"]:
            frame.data(f"  {harmless(command)}")
    for request in left:
        frame.say(f"not recognised: {harmless(request)}; keyturn postman run sends it as it stands")
    frame.warn(
        f"the secret still stands in clear in {collection.name} or its environment: delete it there", code="KT-COL-022"
    )


def _saved(frame: Frame, found: "Found", file: str) -> dict[str, Any]:
    """Write a target into the settings and its secret into a file of its own; tells of both."""
    from keyturn.app.config.config_file import as_target, put_target
    from keyturn.app.postman.importing import command_of, place_of
    from keyturn.app.target.binding import Bindings, origins_of

    folders = frame.settings.folders
    where = place_of(found.secret, found.name, folders.config.parent)
    field = "password" if "username" in found.table else "token"
    table = {**found.table, field: {"file": str(where.absolute())}}
    put_target(folders.config, found.name, table, make_default=not frame.settings.targets)
    Bindings(folders.state).bind(found.name, origins_of(as_target(table)))
    frame.progress = f"Target {found.name} was saved."
    commands = [command_of(one, found.name, file) for one in found.played]
    return {"target": found.name, "kind": table["kind"], "secret": str(where), "commands": commands}
