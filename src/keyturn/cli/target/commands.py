"""`keyturn target`: the directories to run against; a command a file."""

from keyturn.cli.lazy import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "add": ("keyturn.cli.target.add:add", "Add a target to the config file; asks for what no flag says."),
    "list": ("keyturn.cli.target.list:list_targets", "List the targets in the config file."),
    "show": ("keyturn.cli.target.show:show", "Show one target; of a secret, where it is."),
    "test": ("keyturn.cli.target.test:test", "Sign in and look, changing nothing."),
    "caps": ("keyturn.cli.target.caps:caps", "What a target can and cannot do, and what runs do about it."),
    "login": ("keyturn.cli.target.login:login", "Put the secret of a target into the keyring."),
    "logout": ("keyturn.cli.target.login:logout", "Take the secret of a target out of the keyring."),
    "bind": ("keyturn.cli.target.bind:bind", "Let the secret of a target go to its new address."),
    "remove": ("keyturn.cli.target.remove:remove", "Take a target out of the config file."),
}

target = LazyGroup(
    name="target",
    table=COMMANDS,
    help="""The directories to run against.

    \b
    Examples:
      keyturn target add maximo-test
      keyturn target login maximo-test
      keyturn target test maximo-test
      keyturn target caps maximo-test
    """,
)
