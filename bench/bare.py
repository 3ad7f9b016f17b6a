"""The least that a client can do for a row: the same HTTP client, the same request, and nothing else.

No plan, no journal, no retry, no report.  What keyturn takes longer is what it costs to be sure.
"""

import argparse
import asyncio
import csv
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote

import aiohttp
import uvloop

KEY_ID = "BENCH_KEY_ID"
KEY_TOKEN = "BENCH_KEY_TOKEN"


async def main(address: str, ids: list[str], in_flight: int, body: str) -> dict[str, object]:
    """Reset every id once; say how long the requests took and what was answered."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight)) as session:
        token = await sign_in(session, address)
        headers = {"x-access-token": token, "Content-Type": "application/json"}
        answers: Counter[int] = Counter()
        waiting = enumerate(ids)

        async def work(rows: Iterator[tuple[int, str]]) -> None:
            for number, who in rows:
                url = f"{address}/v3/users/{quote(who, safe='')}/password?emailPassword=false"
                sent = body.replace("{row}", str(number)).encode()
                async with session.post(url, data=sent, headers=headers) as response:
                    await response.read()
                    answers[response.status] += 1

        start = time.monotonic()
        await asyncio.gather(*(work(waiting) for _ in range(in_flight)))
        return {"rows": len(ids), "seconds": time.monotonic() - start, "answers": dict(answers)}


async def sign_in(session: aiohttp.ClientSession, address: str) -> str:
    """An access token for the API key in the environment."""
    key = {"Authorization": aiohttp.encode_basic_auth(os.environ[KEY_ID], os.environ[KEY_TOKEN])}
    async with session.get(f"{address}/v1/authenticate", headers=key) as response:
        return str((await response.json())["token"])


def ids_of(path: str) -> list[str]:
    """The first column of a CSV file, without its header."""
    with open(path, newline="", encoding="utf-8") as file:
        return [row[0] for row in csv.reader(file)][1:]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("file")
    parser.add_argument("--in-flight", type=int, default=32)
    parser.add_argument("--body", default='{"token":"Kettle-{row}-marble-Q7"}', help="{row} becomes the row's number")
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        json.dump(runner.run(main(given.address, ids_of(given.file), given.in_flight, given.body)), sys.stdout)
