"""The ceiling of everything that hashes: argon2id as keyturn stores passwords, on all cores, and nothing else."""

import argparse
import json
import sys
import threading
import time

from nacl.pwhash import argon2id

from keyturn.crypto.hashing import FLOOR

PASSWORD = b"Kettle-0-marble-Q7 and what the pepper adds"


def hashes(threads: int, seconds: float) -> float:
    """Hashes a second with so many threads at once."""
    done = [0] * threads
    stop = time.monotonic() + seconds

    def work(place: int) -> None:
        while time.monotonic() < stop:
            argon2id.str(PASSWORD, opslimit=FLOOR.passes, memlimit=FLOOR.memory_kib * 1024)
            done[place] += 1

    start = time.monotonic()
    workers = [threading.Thread(target=work, args=(place,)) for place in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(done) / (time.monotonic() - start)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=4.0)
    given = parser.parse_args()
    json.dump({"rate": hashes(given.threads, given.seconds)}, sys.stdout)
