"""The load client: connections that ask, read to the end and ask again, on raw sockets.

python -m tests.bench.load        a job a line in, a result a line out, both JSON; ends with its input
"""

import asyncio
import json
import re
import sys
from dataclasses import asdict, dataclass, field
from statistics import quantiles
from time import perf_counter
from typing import TypedDict, cast
from urllib.parse import urlsplit

import uvloop

PATIENCE = 30.0  # seconds beyond a job's own, for its last answers
CONTENT = re.compile(rb'"content": ?"[^"]')
LENGTH = re.compile(rb"\r\nContent-Length: ?(\d+)", re.IGNORECASE)
END_OF_CHUNKS = b"\r\n0\r\n\r\n"
END_OF_STREAM = b"data: [DONE]\n\n\r\n"


@dataclass(frozen=True, slots=True)
class Job:
    """`clients` ask at once, for `seconds` or `count` requests in all, whichever ends first."""

    url: str
    body: str
    clients: int
    seconds: float
    count: int = 1_000_000


class Result(TypedDict):
    """Times are milliseconds; `first` is the first content. `error` is empty, or all that holds."""

    error: str

    requests: int
    per_second: float
    p50: float
    p99: float
    first_p50: float
    first_p99: float


ENOUGH = 2  # answers, for a median of them


@dataclass(slots=True)
class Tally:
    """What all connections of a job share."""

    request: bytes
    until: float
    left: int
    stream: bool
    whole: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)

    def may_ask(self) -> bool:
        """While there is time; and until there is enough for a median, however short that was."""
        self.left -= 1
        return self.left >= 0 and (perf_counter() < self.until or len(self.whole) < ENOUGH)


class Caller(asyncio.Protocol):
    """One connection. `done` is set when it may ask no more, or to the error that ended it."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._answer = bytearray()
        self._sent = self._first = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError(f"the server hung up: {bytes(self._answer)!r}"))

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not self._first and CONTENT.search(self._answer):
            self._first = perf_counter() - self._sent
        if _complete(self._answer):
            self._note()

    def _ask(self) -> None:
        if not self._tally.may_ask():
            self.done.set_result(None)
            self._transport.close()
            return
        self._answer.clear()
        self._first = 0.0
        self._sent = perf_counter()
        self._transport.write(self._tally.request)

    def _note(self) -> None:
        whole = perf_counter() - self._sent
        if not self._first or (self._tally.stream and END_OF_STREAM not in self._answer[-32:]):
            self.done.set_exception(ValueError(f"not a good answer: {bytes(self._answer)!r}"))
            self._transport.close()
            return
        self._tally.whole.append(whole)
        self._tally.first.append(self._first)
        self._ask()


def _complete(answer: bytearray) -> bool:
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    if length := LENGTH.search(answer, 0, head):
        return len(answer) >= head + 4 + int(length[1])
    return answer.endswith(END_OF_CHUNKS)


async def run(job: Job) -> Result:
    """Raises what went wrong with the first request that did not get a good answer."""
    place = urlsplit(job.url)
    body = job.body.encode()
    head = f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    started = perf_counter()
    tally = Tally(request, started + job.seconds, job.count, b'"stream": true' in body)
    loop = asyncio.get_running_loop()
    host, port = place.hostname or "", place.port or 80
    made = [await loop.create_connection(lambda: Caller(tally), host, port) for _ in range(job.clients)]
    async with asyncio.timeout(job.seconds + PATIENCE):
        await asyncio.gather(*(caller.done for _, caller in made))
    taken = perf_counter() - started
    p50, p99 = _middle_and_tail(tally.whole)
    first_p50, first_p99 = _middle_and_tail(tally.first)
    return {
        "error": "",
        "requests": len(tally.whole),
        "per_second": len(tally.whole) / taken,
        "p50": p50,
        "p99": p99,
        "first_p50": first_p50,
        "first_p99": first_p99,
    }


def _middle_and_tail(seconds: list[float]) -> tuple[float, float]:
    cuts = quantiles(seconds, n=100, method="inclusive")
    return cuts[49] * 1000, cuts[98] * 1000


def main() -> None:
    for line in sys.stdin:
        try:
            print(json.dumps(uvloop.run(run(Job(**json.loads(line))))), flush=True)
        except (OSError, ValueError) as error:
            print(json.dumps({"error": str(error)}), flush=True)


def as_line(job: Job) -> str:
    return json.dumps(asdict(job)) + "\n"


if __name__ == "__main__":
    main()
