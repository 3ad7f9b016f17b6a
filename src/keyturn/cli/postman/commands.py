"""`keyturn postman`: collections as they are, turned into targets, and made for others; a command a file."""

from keyturn.cli.lazy import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("keyturn.cli.postman.run:run", "Run a collection with newman's flags, on keyturn's engine."),
    "import": (
        "keyturn.cli.postman.importing:import_collection",
        "Targets out of a collection, and what does the same.",
    ),
    "export": ("keyturn.cli.postman.export:export", "A collection for our own server."),
}

postman = LazyGroup(
    name="postman",
    table=COMMANDS,
    help="""Use the collections that you have.

    \b
    Examples:
      keyturn postman run resets.postman_collection.json -d users.csv
      keyturn postman import resets.postman_collection.json -d users.csv
      keyturn postman export --kind scim
    """,
)
