"""`keyturn policy`: what a password must meet in a tenant of a directory on this machine."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.directory.breaches import breaches
from keyturn.cli.directory.place import acting, opened, place_flags, tenant_flag
from keyturn.cli.directory.policyview import as_json, as_words
from keyturn.cli.frame import Frame, pass_frame
from keyturn.core.errors import ConfigError
from keyturn.core.policy import ProfileName
from keyturn.core.tenancy import WrongSetting

if TYPE_CHECKING:
    from keyturn.app.house.build import House
    from keyturn.core.policy import Verdict
    from keyturn.core.secret import Secret
    from keyturn.core.storage import Tenant

PROFILES = tuple(profile.value for profile in ProfileName)


@click.group()
def policy() -> None:
    """What a password must meet: show it, try a password, choose another profile, load stolen passwords.

    \b
    Examples:
      keyturn policy show --data ./directory
      keyturn policy check --data ./directory --user amal
      keyturn policy set nist --data ./directory
      keyturn policy breaches load pwned-passwords-sha1-ordered-by-hash.txt --data ./directory
    """


policy.add_command(breaches)


@policy.command()
@place_flags
@tenant_flag
@pass_frame
def show(frame: Frame, data: Path | None, database: str) -> None:
    """The rules of a tenant, in words.

    \b
      keyturn policy show --data ./directory
      keyturn policy show --data ./directory --tenant acme --json
    """
    from keyturn.app.keeping.policies import facts

    with opened(frame, data, database) as house:
        found = _tenant(house)
        known = facts(house, found.number)
    if frame.wants_json:
        frame.json({"tenant": found.name, **as_json(known)})
        return
    frame.data(frame.strong(f"tenant {found.name}: profile {known.rules.profile.value}"))
    for title, text in as_words(known):
        frame.data(f"{title:<14} {text}".rstrip())


@policy.command()
@place_flags
@tenant_flag
@click.option("--user", "who", default="", metavar="ID", help="Whose password it would be: names count, too.")
@click.option(
    "--door", default="keyturn", metavar="KIND", help="Where it would be set: `policy show` lists the lengths."
)
@pass_frame
def check(frame: Frame, data: Path | None, database: str, who: str, door: str) -> int:
    """Whether a password would be taken, and which rule it breaks.  Nothing is set, kept or compared.

    The password is asked for without showing it, or read as one line of standard input; it never is an argument.

    \b
    Examples:
      keyturn policy check --data ./directory
      keyturn policy check --data ./directory --user amal --door scim
      pass show new | keyturn policy check --data ./directory --json
    \b
    Exit code 0: it would be taken; 3: it would be refused.
    """
    from keyturn.app.keeping.policies import DOORS, limits
    from keyturn.app.operator import DOOR
    from keyturn.cli.directory.user import found_user

    if door not in DOORS:
        raise click.UsageError(f"there is no door {door!r}; there are {', '.join(DOORS)}")
    with opened(frame, data, database) as house:
        about = found_user(house, who)[0] if who else None
        verdict = house.administration(acting(house), DOOR).judge(_candidate(frame), limits(door), about)
    _tell(frame, verdict)
    return 0 if verdict.reason is None else 3


@policy.command("set")
@click.argument("profile", type=click.Choice(PROFILES))
@place_flags
@tenant_flag
@click.option("--yes", is_flag=True, help="Do not ask before a weaker profile.")
@pass_frame
def set_profile(frame: Frame, profile: str, data: Path | None, database: str, yes: bool) -> None:
    """Choose the profile of a tenant.  Passwords that are set stay as they are; new ones must meet it.

    \b
      nist      15 characters, no well-known passwords (the default)
      nist-mfa  8 characters; only where a second factor is required of every user
      vendor    6 characters; well-known passwords are taken, with a warning in the audit
    \b
    Examples:
      keyturn policy set nist --data ./directory
      keyturn policy set vendor --data ./directory --tenant acme --yes
    """
    from keyturn.app.keeping.policies import weaker
    from keyturn.app.operator import DOOR, operator
    from keyturn.app.refusals import accepted

    wanted = ProfileName(profile)
    with opened(frame, data, database) as house:
        found = _tenant(house)
        present = house.parts.rules(found.number).profile
        _insist(found, wanted)
        question = f"{profile} takes passwords that {present.value} refuses. Set it for {found.name}?"
        if weaker(wanted, present) and not yes:
            frame.insist(question, otherwise="--yes")
        tenants = house.administration(operator(), DOOR).tenants
        accepted(tenants.update(found.number, None, {**found.settings, "profile": profile}))
    if frame.wants_json:
        frame.json({"tenant": found.name, "profile": profile, "before": present.value})
        return
    frame.say(f"{found.name}: profile {profile}" + ("" if wanted is not present else ", as before"))


def _tenant(house: "House") -> "Tenant":
    from keyturn.app.operator import DOOR

    return house.administration(acting(house), DOOR).tenant()


def _insist(tenant: "Tenant", wanted: ProfileName) -> None:
    """Raises ConfigError for a profile that the tenant's other settings do not allow."""
    from keyturn.core.tenancy import Rules

    try:
        Rules.of({**tenant.settings, "profile": wanted.value})
    except WrongSetting as wrong:
        fix = f"keyturn tenant set {tenant.name} second_factor=everyone profile={wanted.value}"
        raise ConfigError(str(wrong), code="KT-CFG-040", fix=fix) from wrong


def _candidate(frame: Frame) -> "Secret":
    from keyturn.app.config.sources import first_line

    if frame.may_ask:
        return frame.ask_hidden("Password to try:")
    return first_line(sys.stdin)


def _tell(frame: Frame, verdict: "Verdict") -> None:
    if frame.wants_json:
        frame.json(
            {
                "accepted": verdict.reason is None,
                "rule": verdict.rule.value if verdict.rule is not None else None,
                "reason": verdict.reason.value if verdict.reason is not None else None,
                "text": verdict.text or verdict.warning,
            }
        )
        return
    rule = f" ({verdict.rule.value})" if verdict.rule is not None else ""
    if verdict.reason is not None:
        frame.data(f"refused{rule}: {verdict.text}")
    elif verdict.warning:
        frame.data(f"taken, with a warning in the audit{rule}: {verdict.warning}")
    else:
        frame.data("taken: it meets every rule")
