"""The catalogue of the audit: every verb that it can hold, when it is written and with which outcomes.

A new verb is one line here and one line in `tests/audit/triggers.py` that makes it happen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

EFFECT: Final = ("changed", "repeated", "refused")
MAYBE: Final = ("changed", "unchanged", "repeated", "refused")
CHANGE: Final = ("changed", "refused")
NEW: Final = ("created", "refused")
REFUSAL: Final = ("refused",)


@dataclass(frozen=True, slots=True)
class Kind:
    """One verb.  when: the sentence for people; outcomes: with which it is written.

    target: what the field `target` names by its uid (`user`, `group`), empty when there is none.
    detail: what the field `detail` says of it.
    """

    verb: str
    when: str
    outcomes: tuple[str, ...]
    target: str = ""
    detail: str = ""


KINDS: Final = (
    Kind("user.create", "Somebody makes a user.", ("created", "unchanged", "repeated", "refused"), "user",
         "where the password came from, how it was delivered, the rights"),
    Kind("user.update", "Somebody changes a user.", MAYBE, "user", "rights, sign-in name and status, old and new"),
    Kind("user.status", "Somebody locks, unlocks or disables a user, or too many wrong passwords do.", MAYBE, "user",
         "the status, or why it was set"),
    Kind("user.delete", "Somebody deletes a user.", EFFECT, "user"),
    Kind("user.read", "Somebody who may not is refused the sight of a user.", REFUSAL),
    Kind("user.list", "Somebody who may not is refused the list of users.", REFUSAL),
    Kind("password.reset", "Somebody resets a password.", EFFECT, "user",
         "where the new one came from, how it was delivered, a warning of the policy"),
    Kind("password.change", "Somebody replaces a password with the old one, a session or a mailed link as proof.",
         EFFECT, "user", "how the new one was delivered, a warning of the policy"),
    Kind("grant.write", "Somebody gives a role in an application.", CHANGE, "user", "where and which role"),
    Kind("group.create", "Somebody makes a group.", NEW, "group", "name and rights"),
    Kind("group.update", "Somebody changes a group or who is in it.", CHANGE, "group", "name and rights, old and new"),
    Kind("group.delete", "Somebody deletes a group.", CHANGE, "group", "name and rights"),
    Kind("group.join", "A user or group comes into a group.", ("changed",), "user", "the uid of the group"),
    Kind("group.leave", "A user or group goes out of a group.", ("changed",), "user", "the uid of the group"),
    Kind("group.list", "Somebody who may not is refused the list of groups.", REFUSAL),
    Kind("key.create", "Somebody makes an API key.", NEW, "", "kind, rights and scopes"),
    Kind("key.update", "Somebody changes an API key, or gives it a new token.", CHANGE, "", "what changed"),
    Kind("key.revoke", "Somebody deletes an API key.", CHANGE, "", "kind and rights"),
    Kind("key.list", "Somebody who may not is refused the list of API keys.", REFUSAL),
    Kind("factor.read", "Somebody who may not is refused the sight of somebody's second factors.", REFUSAL),
    Kind("factor.add", "Somebody proposes a second factor for themselves (started), and shows that it works.",
         ("started", "changed", "refused"), "user", "which kind"),
    Kind("factor.remove", "Somebody removes a factor of their own, or an administrator all of somebody's.",
         ("changed", "unchanged", "refused"), "user", "which kind, or all"),
    Kind("factor.codes", "Somebody draws new recovery codes for themselves.", CHANGE, "user"),
    Kind("factor.show", "Somebody shows a second factor after the password.", CHANGE, "user", "which kind"),
    Kind("keyring.rotate", "A new key of the key folder comes in force.", ("changed",), "", "label, old and new id"),
    Kind("keyring.prune", "An old key of the key folder is deleted.", ("changed",), "", "label and id"),
    Kind("directory.backup", "Somebody copies the directory into a sealed file.", NEW[:1], "", "what, and its name"),
    Kind("directory.restore", "The directory was made from a backup.", NEW[:1], "", "of when, and how many records"),
    Kind("tenant.create", "Somebody makes a tenant.", NEW, "", "number and settings"),
    Kind("tenant.update", "Somebody changes the name or the settings of a tenant.", CHANGE, "", "old and new"),
    Kind("tenant.appoint", "Somebody says which other tenants a user administers.", CHANGE, "user", "which ones"),
    Kind("tenant.read", "Somebody who may not is refused the sight of a tenant.", REFUSAL),
    Kind("policy.write", "Somebody is refused to change rules through a door that has no way for it.", REFUSAL),
    Kind("policy.breaches", "Somebody loads a list of stolen passwords.", ("changed",), "", "how many, and of what"),
    Kind("audit.read", "Somebody who may not is refused the audit.", REFUSAL),
    Kind("session.start", "Somebody signs in with a password or a key, or fails to.", ("started", "refused"), "user",
         "whether the password must be changed first"),
    Kind("session.use", "A token or a password does not open what it was used for.", REFUSAL),
    Kind("session.end", "Somebody ends sessions, their own or a user's.", MAYBE[:2] + REFUSAL, "user", "how many"),
    Kind("session.list", "Somebody who may not is refused the list of who is signed in.", REFUSAL),
    Kind("mail.sent", "The relay took a mail.", ("sent",), "user", "template, id and the relay's words"),
    Kind("mail.failed", "A mail was given up.", ("failed",), "user", "template, id and why"),
    Kind("mail.list", "Somebody who may not is refused the list of mails.", REFUSAL),
    Kind("mail.retry", "Somebody has a mail sent again, or one that is held let go.", ("changed", *REFUSAL), "user",
         "template and id"),
    Kind("mail.cancel", "Somebody cancels a mail by hand.", ("changed", *REFUSAL), "user", "template and id"),
)  # fmt: skip

CATALOGUE: Final[Mapping[str, Kind]] = {kind.verb: kind for kind in KINDS}
"""Every verb with its row."""

VERBS: Final = frozenset(CATALOGUE)
"""All that the audit can say somebody did or was refused."""

SILENT: Final[Mapping[str, str]] = {
    "a guess is counted before it is looked at": (
        "The entry of the sign-in follows with what came of it. A guess is counted even when that entry cannot be "
        "written, so that nobody guesses for free."
    ),
    "a password is stored under newer parameters": "At a sign-in that is in the audit; it stays the same password.",
    "a mail is taken up by the courier, or tried again": "What becomes of it is `mail.sent` or `mail.failed`.",
    "a mail is cancelled": "By the command that made it void, which is in the audit; or by hand: `mail.cancel`.",
    "the challenge of a passkey is kept until it is answered": "What the answer does is `factor.add` or `factor.show`.",
    "the result of a call is kept for whoever asks for it later": "The effects of the call are in the audit.",
    "the writers are held up while the key folder is read": "Nothing is written; the backup itself is in the audit.",
    "a checkpoint is signed": "It is itself a statement about the audit, and `keyturn audit verify` checks it.",
}
"""Changes of the database that write no entry, and why none is due."""
