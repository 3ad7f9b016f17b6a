"""The policy of a tenant in words and as JSON."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from keyturn.core.policy import ProfileName
from keyturn.core.tenancy import KnownValues, MailMode, SecondFactor

if TYPE_CHECKING:
    from keyturn.app.keeping.policies import About, Facts

_MAIL = {
    MailMode.SAFE: "a generated one-time secret, or a one-time link in place of a password that an administrator chose",
    MailMode.LINK: "one-time links alone",
    MailMode.CONTRACT: "what the vendor's API promises, a password that an administrator chose included",
}
_SECOND = {
    SecondFactor.OFF: "required of nobody",
    SecondFactor.ADMINISTRATORS: "required of administrators",
    SecondFactor.EVERYONE: "required of everyone",
}


def as_words(known: "Facts") -> Iterator[tuple[str, str]]:
    """Title and sentence of each rule; no title where a rule goes on."""
    policy, rules = known.policy, known.rules
    yield "length", f"{policy.shortest} to {policy.longest} characters; nothing is ever cut off"
    for door, (shortest, longest) in known.doors.items():
        yield "", f"at the door {door}: {shortest} to {longest}"
    yield "characters", "any that can be typed everywhere, spaces included; no kind of them is asked for"
    yield "age", "a password does not expire by age"
    mild = "; they are taken, with a warning in the audit" if rules.profile is ProfileName.VENDOR else ""
    yield "well known", f"{known.listed:,} passwords that attackers try first, and what is a trick away from one{mild}"
    yield "", "what repeats itself, counts, or follows the rows of a keyboard"
    yield "names", "of the user, in whatever arrangement: id, sign-in name, names, mail addresses"
    yield "", "of this service and the tenant: " + ", ".join(["keyturn", *rules.words])
    yield "stolen", breaches_told(known.breaches)
    yield "known values", _known_values(rules.known_values, rules.temporary_life)
    yield "mailed", _MAIL[rules.mail]
    yield "second factor", _SECOND[rules.second_factor]


def _known_values(known_values: KnownValues, life: timedelta) -> str:
    if known_values is KnownValues.REFUSE:
        return "refused: a password is generated, or chosen by the user"
    return f"signs in for {life // timedelta(hours=1)} hours, and only to choose another one"


def breaches_told(about: "About | None") -> str:
    """What was loaded, in words."""
    if about is None:
        return "no list is loaded: keyturn policy breaches load FILE"
    return (
        f"{about.entries:,} passwords, loaded on {about.loaded[:10]} from {about.source}; "
        f"one in {about.chance():,} others is refused by mistake"
    )


def as_json(known: "Facts") -> dict[str, object]:
    """All facts, for machines."""
    rules = known.rules
    return {
        "profile": rules.profile.value,
        "shortest": known.policy.shortest,
        "longest": known.policy.longest,
        "doors": {door: {"shortest": least, "longest": most} for door, (least, most) in known.doors.items()},
        "well_known": known.listed,
        "only_warns": rules.profile is ProfileName.VENDOR,
        "weak_words": list(rules.words),
        "breaches": breaches_json(known.breaches),
        "known_values": rules.known_values.value,
        "temporary_hours": rules.temporary_life // timedelta(hours=1),
        "mail": rules.mail.value,
        "second_factor": rules.second_factor.value,
    }


def breaches_json(about: "About | None") -> dict[str, object] | None:
    """What was loaded, for machines."""
    if about is None:
        return None
    return {
        "entries": about.entries,
        "loaded": about.loaded,
        "source": about.source,
        "bytes": about.size(),
        "one_mistaken_in": about.chance(),
    }
