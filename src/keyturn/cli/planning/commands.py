"""`keyturn plan`: what a run would do, without doing it; frozen into a file, looked at and approved."""

from keyturn.cli.lazy import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "reset": ("keyturn.cli.planning.plan:reset", "New passwords for the users of a file."),
    "create": ("keyturn.cli.planning.plan:create", "The creation of the users of a file."),
    "show": ("keyturn.cli.planning.show:show", "A frozen plan in words, and who approved it."),
    "approve": ("keyturn.cli.planning.approve:approve", "Say yes to a plan that somebody else made."),
    "key": ("keyturn.cli.planning.key:key", "The public key that your approvals are known by."),
}

plan = LazyGroup(
    name="plan",
    table=COMMANDS,
    help="""Show what a run would do; changes nothing.

    \b
    Examples:
      keyturn plan reset users.csv -t maximo-test
      keyturn plan create users.csv -t maximo-test --offline --json
      keyturn plan reset users.csv -t maximo-prod -o q3.plan
      keyturn plan approve q3.plan
    """,
)
