"""Reaches the directory of a target, loading what a local one stands on only for a local one."""

from keyturn.app.target.targets import LOCAL, Target
from keyturn.cli.frame import Frame
from keyturn.core.errors import KeyturnError
from keyturn.core.ports import Directory, Probe
from keyturn.core.secret import Secret


def reach(target: Target) -> Directory:
    """The directory behind a target; no request has been sent yet."""
    if target.settings.kind != LOCAL:
        return target.connect()
    from keyturn.app.run.local_target import connect

    return connect(target)


def from_keyring(entry: str) -> Secret | None:
    """What the keyring of the operating system holds, which is loaded for this alone."""
    from keyturn.app.config.safe import read

    return read(entry)


async def probe(directory: Directory, target: Target) -> Probe:
    """Sign in and look; an error says which target it is of and what to do."""
    try:
        return await directory.probe()
    except KeyturnError as error:
        settings = target.settings
        error.where = error.where or f"target {target.name}, {settings.url or settings.data}"
        error.fix = error.fix or _fix(error.code, target.name)
        raise


def _fix(code: str, name: str) -> str:
    test = f"keyturn target test {name}"
    if code.startswith("KT-AUTH"):
        return f"keyturn target show {name}  says what we sign in with and where the secret is; mend it, then  {test}"
    return f"check the address and the network, then  {test}"


def pass_phrase(frame: Frame, file: str) -> Secret:
    """Ask for the pass phrase of a key.  Raises PlanError where nobody may be asked."""
    otherwise = "a job needs a key without one:  openssl pkey -in KEY -out NEW, readable by its owner alone"
    return frame.ask_hidden(f"Pass phrase of {file} (hidden):", otherwise=otherwise)
