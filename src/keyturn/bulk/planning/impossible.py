"""Refuses an order that a target can carry out for nobody, whatever the file holds."""

from keyturn.bulk.job import Job, Operation, PasswordFrom
from keyturn.core.capabilities import Capabilities, lacks
from keyturn.core.commands import ChangePassword, Command, CreateUser, ResetPassword
from keyturn.core.errors import ConfigError
from keyturn.core.secret import Secret
from keyturn.core.users import Profile


def refuse_impossible(target: str, job: Job, capabilities: Capabilities) -> None:
    """Raises ConfigError when a target cannot do a job for anybody, whatever the file holds."""
    if job.operation is Operation.SEND:
        return
    missing = _old_in_vain(job, capabilities) or _hash_in_vain(job) or lacks(_sample(job), capabilities)
    if missing is None and job.mails_or_loses(capabilities) and not job.email:
        missing = "it neither shows nor mails the password it makes up"
    if missing is not None:
        raise ConfigError(f"{target} cannot do this: {missing}", code="KT-TGT-010", fix=_way_out(job))


def _way_out(job: Job) -> str:
    if job.old:
        return "leave --old-password away; each user is then reset without the present password"
    if job.password.origin is PasswordFrom.TARGET:
        return "let keyturn make the passwords: --password generate"
    return "leave --email away; the passwords then go into the sealed handout" if job.email else ""


def _old_in_vain(job: Job, capabilities: Capabilities) -> str | None:
    """Why present passwords are of no use for this job; None when they are, or when there are none."""
    if not job.old:
        return None
    if job.operation is Operation.CREATE:
        return "a new user has no present password"
    if not capabilities.needs_old:
        return "it sets passwords without asking for the present ones"
    if not job.ours:
        return "a change with the present password carries the new one"
    return "a change with the present password is not mailed" if job.email else None


def _hash_in_vain(job: Job) -> str | None:
    """Why the hashes of a file are of no use for this job; None when they are, or when there are none."""
    if not job.password.hashed:
        return None
    if job.operation is not Operation.CREATE:
        return "the hash of a password is taken with a new user alone"
    return "of the hash of a password there is nothing to mail" if job.email else None


def _sample(job: Job) -> Command:
    new = Secret("") if job.ours else None
    if job.password.hashed:
        return CreateUser("x", Profile(), imported=new)
    if job.old:
        return ChangePassword("x", Secret(""), Secret(""))
    if job.operation is Operation.RESET:
        return ResetPassword("x", new, notify=job.email)
    return CreateUser("x", Profile(), password=new, generate=not job.ours, notify=job.email)
