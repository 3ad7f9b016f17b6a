"""`keyturn postman export`: a collection, an environment and rows for our own server."""

from pathlib import Path

import click

from keyturn.cli.frame import Frame, pass_frame


@click.command()
@click.option("--kind", required=True, metavar="KIND", help="In which vendor's words; keyturn target add lists them.")
@click.option("--url", default="http://127.0.0.1:8080", help="Where the server is.")
@click.option(
    "-o",
    "--output-folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="FOLDER",
    help="Where the files go.",
)
@pass_frame
def export(frame: Frame, kind: str, url: str, output_folder: Path) -> None:
    """Write a collection of every call that keyturn answers in a vendor's words, for Postman, Bruno and newman.

    Secrets are variables of the environment, whatever changes from user to user is a column of the rows.

    \b
    Examples:
      keyturn postman export --kind scim
      keyturn postman export --kind scim --url https://keyturn.example.com -o collections
    """
    import csv
    import io
    import json

    from keyturn.app.postman.exported import exported

    frame.progress = "Nothing was written."
    made = exported(kind, url)
    rows = io.StringIO()
    csv.writer(rows).writerows(made.rows)
    texts = {
        f"{kind}.postman_collection.json": json.dumps(made.collection, indent=1, ensure_ascii=False) + "\n",
        f"{kind}.postman_environment.json": json.dumps(made.environment, indent=1, ensure_ascii=False) + "\n",
        f"{kind}-users.csv": rows.getvalue(),
    }
    output_folder.mkdir(parents=True, exist_ok=True)
    taken = [name for name in texts if (output_folder / name).exists()]
    if taken:
        raise click.UsageError(f"{output_folder / taken[0]} exists already")
    for name, text in texts.items():
        (output_folder / name).write_text(text, encoding="utf-8", newline="")
    if frame.wants_json:
        frame.json({"files": [str(output_folder / name) for name in texts]})
        return
    for name in texts:
        frame.data(str(output_folder / name))
    collection, environment, users = (output_folder / name for name in texts)
    frame.say(f"Fill in the secrets of {environment.name}, then choose a request:")
    frame.say(f"  keyturn postman run {collection} -e {environment} -d {users} --folder NAME")
