"""One request seen from three sides: what its client got, what its providers saw, what the ledger says."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.fakes.engine import CHAT_PATHS, FakeEngine, Seen
from tests.journeys.clock import clock_of_this_loop
from tests.journeys.conftest import HELLO, Here

Json = dict[str, Any]
streamed_and_plain = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])

ASKING = (*CHAT_PATHS, "/v1/messages")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How its clients ask, and by what they know that a streamed answer is whole."""

    path: str
    done: str
    sign: str  # of life, while there is nothing to tell
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, object] = field(default_factory=dict)


OPENAI = Dialect(
    "/v1/chat/completions",
    "data: [DONE]\n\n",
    ": waiting\n\n",
    fields={"stream_options": {"include_usage": True}},
)
ANTHROPIC = Dialect(
    "/v1/messages",
    'data: {"type":"message_stop"}\n\n',
    'event: ping\ndata: {"type":"ping"}\n\n',
    headers={"anthropic-version": "2023-06-01"},
    fields={"max_tokens": 99},
)


@dataclass(frozen=True, slots=True)
class Told:
    """What came to the client. `broken`: the connection ended before the answer did."""

    status: int
    headers: httpx.Headers
    raw: str
    broken: bool
    seconds: float  # on the clock
    dialect: Dialect
    streamed: bool

    @property
    def events(self) -> list[Json]:
        """The body, or those of its stream."""
        if not self.streamed or self.status != 200:
            return [json.loads(self.raw)]
        lines = (line[6:] for line in self.raw.splitlines() if line.startswith("data: "))
        return [json.loads(line) for line in lines if line != "[DONE]"]

    @property
    def text(self) -> str:
        return "".join(piece for event in self.events for piece in _texts(event))

    @property
    def models(self) -> set[str]:
        """Who answers, as the body says."""
        return {str(said["model"]) for event in self.events for said in _levels(event) if "model" in said}

    @property
    def usage(self) -> tuple[int, int]:
        """Tokens read and written."""
        counts: Json = {}
        for event in self.events:
            for said in _levels(event):
                counts |= said.get("usage") or {}
        read = counts.get("prompt_tokens") or counts["input_tokens"] + counts["cache_read_input_tokens"]
        return read, counts.get("completion_tokens") or counts["output_tokens"]

    @property
    def error(self) -> Json:
        """The error that it is, or ends with; empty: there is none."""
        found: Json = self.events[-1].get("error", {})
        return found

    @property
    def is_whole(self) -> bool:
        marked = self.raw.endswith(self.dialect.done) if self.streamed else True
        return self.status == 200 and not self.broken and not self.error and marked

    @property
    def attempts(self) -> int:
        return int(self.headers["X-Pointsman-Attempts"])


async def ask(
    http: httpx.AsyncClient,
    daemon: Here,
    model: str = "auto",
    *,
    stream: bool = False,
    dialect: Dialect = OPENAI,
    **more: object,
) -> Told:
    """Reads all there is, however it ends."""
    started = clock_of_this_loop().time()
    fields = dialect.fields if stream or dialect is ANTHROPIC else {}
    body = {"model": model, "messages": HELLO, "stream": stream, **fields, **more}
    raw, broken = bytearray(), False
    async with http.stream(
        "POST", daemon.url + dialect.path, json=body, headers=dict(dialect.headers)
    ) as got:
        try:
            async for piece in got.aiter_bytes():
                raw += piece
        except (httpx.RemoteProtocolError, httpx.ReadError):
            broken = True
    seconds = clock_of_this_loop().time() - started
    return Told(got.status_code, got.headers, raw.decode(), broken, seconds, dialect, stream)


def elsewhere(**engines: FakeEngine) -> str:
    """Providers that are not of this machine, as far as the daemon knows: each with a key of its own."""
    return "".join(
        f'[providers.{name}]\napi_base = "{one.api_base}"\napi_key = "sk-{name}"\ntier = "free"\n'
        for name, one in engines.items()
    )


def attempts_at(*engines: FakeEngine) -> list[int]:
    """How often each was asked to answer."""
    return [len(attempts_of(engine)) for engine in engines]


def attempts_of(engine: FakeEngine) -> list[Seen]:
    return [seen for seen in engine.seen if seen.path in ASKING]


def pauses(engine: FakeEngine) -> list[float]:
    """Seconds from one of its attempts to the next."""
    times = [seen.at for seen in attempts_of(engine)]
    return [later - sooner for sooner, later in pairwise(times)]


async def written_down(http: httpx.AsyncClient, daemon: Here) -> Json:
    """What the ledger says of the last request."""
    found: Json = (await http.get(f"{daemon.url}/control/v0/decisions/last")).json()
    return found


def outcomes(record: Json) -> list[tuple[str, str]]:
    """Of the attempts, in order: who was asked, and how it ended."""
    return [(attempt["model"], attempt["outcome"]) for attempt in record["attempts"]]


def _levels(event: Json) -> Sequence[Json]:
    """An event, and the message within it where there is one."""
    return [event, event["message"]] if isinstance(event.get("message"), dict) else [event]


def _texts(event: Json) -> Iterator[str]:
    for choice in event.get("choices", ()):
        yield (choice.get("delta") or choice.get("message") or {}).get("content") or ""
    if isinstance(delta := event.get("delta"), dict):
        yield delta.get("text", "")
    yield from (block.get("text", "") for block in event.get("content", ()) or ())
