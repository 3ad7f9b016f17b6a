"""Opens a target of kind `local`, apart from `targets.py` so that a run against a server loads no database."""

from pathlib import Path

from keyturn.app.house.build import Place, open_house
from keyturn.app.run.local import HouseDirectory
from keyturn.app.serving.mail import relay_of
from keyturn.app.target.targets import Target
from keyturn.core.ports import Directory
from keyturn.core.secret import Secret


def connect(target: Target) -> Directory:
    """The directory in the data folder that a checked target names."""
    house = open_house(Place(Path(target.settings.data), target.credentials.password or Secret("")))
    relay = relay_of(target.mail.smtp, sender=target.mail.mail_from)
    return HouseDirectory(house, relay, target.mail.public_url)
