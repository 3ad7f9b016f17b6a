"""Makes `src/keyturn/crypto/data/blocklist.bin` from a text file with one password a line, commonest first.

    python tools/make_blocklist.py 10-million-password-list-top-1000000.txt

Every password of at least 15 characters is taken, and of the shorter ones the commonest 100,000.  What is written are
sorted digests, so that the file is small, searched in microseconds and shows nobody's password.
"""

import sys
from pathlib import Path

from keyturn.crypto.blocklist import DATA, DIGEST_BYTES, digest

LONG = 15
SHORT_ONES = 100_000


def main() -> None:
    """Read the list named on the command line and write the digests."""
    lines = Path(sys.argv[1]).read_text("utf-8", "replace").splitlines()
    long = {line for line in lines if len(line) >= LONG}
    short = [line for line in lines if 0 < len(line) < LONG][:SHORT_ONES]
    digests = sorted({digest(line) for line in (*long, *short)})
    DATA.write_bytes(b"".join(number.to_bytes(DIGEST_BYTES, "big") for number in digests))
    print(f"{DATA}: {len(digests)} digests, {len(long)} of passwords with {LONG} characters or more")


if __name__ == "__main__":
    main()
