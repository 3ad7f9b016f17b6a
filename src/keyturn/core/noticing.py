"""Tells people that what they sign in with was changed: to every address of theirs, without anything secret."""

from datetime import datetime
from uuid import uuid4

from keyturn.core.credentials import ONE_TIME_LIFE
from keyturn.core.languages import best
from keyturn.core.outbox import Mail
from keyturn.core.storage import Subject, Transaction
from keyturn.core.tenancy import Rules


def notice(transaction: Transaction, subject: Subject, rules: Rules, now: datetime) -> None:
    """Queue the notice in the transaction that makes the change; nothing for who has no address."""
    user = transaction.users.get_many(subject.tenant, [subject.uid])[subject.uid]
    profile = user.profile
    language = best(profile.language, rules.language)
    addresses = [mail for mail in (profile.mail(), *profile.other_mails()) if mail]
    transaction.outbox.put(
        [
            Mail(
                uuid4().hex, subject.tenant, subject.uid, "factor", mail, subject.login, profile.display_name, language,
                "", "", created=now, not_before=now, expires=now + ONE_TIME_LIFE,
            )
            for mail in addresses
        ]
    )  # fmt: skip
