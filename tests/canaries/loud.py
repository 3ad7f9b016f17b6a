"""A server as a process that logs all there is to log, its libraries and their statements included."""

import asyncio
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from keyturn.app.house.build import Place, open_house
from keyturn.app.serving.logging import NOISY, set_up
from keyturn.app.serving.mail import relay_of
from keyturn.app.serving.serve import address_of, bind, serve, stop_on_signals
from keyturn.app.serving.server import Serving, chores_of
from keyturn.app.serving.web import web_app
from keyturn.core.secret import Secret
from tests.support.server import READY, Person, ServerProcess, made_directory
from tests.support.sources import ROOT


def run(data: Path, smtp: str) -> None:
    """Serve until SIGTERM, as `keyturn serve` does, with every logger at its most talkative."""
    set_up(logging.DEBUG)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.DEBUG)
    serving = Serving(Place(data, Secret("")), relay=relay_of(smtp))
    listener = bind("127.0.0.1", 0)
    with listener, closing(open_house(serving.place)) as house:
        address = address_of(listener)

        async def main() -> None:
            stop = asyncio.Event()
            stop_on_signals(stop)
            chores = chores_of(house, serving, address)
            await serve(web_app(house), listener, chores=chores, announce=ready, stop=stop)

        def ready() -> None:
            sys.stdout.write(f"{READY}{address}\n")
            sys.stdout.flush()

        asyncio.run(main())


@dataclass
class LoudServer(ServerProcess):
    """The same, started by a test.  Its log goes through a pipe, so that a limit on files does not stop it."""

    def start(self) -> None:
        """Start it and wait until it says where it is."""
        own = {"KEYTURN_HOME": str(self.place.data.parent / "home")}
        given = {name: value for name, value in os.environ.items() if not name.startswith("KEYTURN")}
        command = [sys.executable, "-m", "tests.canaries.loud", str(self.place.data), *self.arguments]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**given, **own}
        )
        self._listener = threading.Thread(target=self._write_down)
        self._listener.start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith(READY), (line, self.log.read_text()[-2000:])
        self.url = line.removeprefix(READY).strip()

    def _write_down(self) -> None:
        assert self.process.stderr is not None
        with self.log.open("w") as log, self.process.stderr as told:
            shutil.copyfileobj(told, log)

    def _ended(self) -> int:
        code = super()._ended()
        self._listener.join()
        return code


@contextmanager
def loud_server(folder: Path, smtp: str, people: list[Person]) -> Iterator[LoudServer]:
    """A new directory with some users, served loudly; killed at the end unless the test stopped it."""
    place, made = made_directory(folder, users=people)
    server = LoudServer("", made, place, folder / "server.log", [smtp])
    server.start()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2])
