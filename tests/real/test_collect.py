"""Plain answers of a real engine, asked for plainly and collected from its stream: they are the same."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.journeys.daemon import Daemon
from tests.real.engine import RealEngine

HELLO = [{"role": "user", "content": "Grüße"}]
SAME = {"model": "auto", "temperature": 0, "seed": 1, "max_tokens": 12, "cache_prompt": False}

REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a chat": ("/v1/chat/completions", {"messages": HELLO}),
    "a chat with chances": ("/v1/chat/completions", {"messages": HELLO, "logprobs": True, "top_logprobs": 2}),
    "several choices": ("/v1/chat/completions", {"messages": HELLO, "n": 2}),
    "a completion": ("/v1/completions", {"prompt": "Once"}),
    "a completion with chances": ("/v1/completions", {"prompt": "Once", "logprobs": 2}),
    "a message": ("/v1/messages", {"messages": HELLO}),
}
CHANGES = frozenset({"id", "created", "timings"})  # from one answer to the next


@pytest.fixture(scope="module")
def daemons(tcp_engine: RealEngine) -> Iterator[tuple[Daemon, Daemon]]:
    """One that asks plainly, and one that collects."""
    config = f'[discovery]\nlocal = false\n[providers.a]\napi_base = "{tcp_engine.api_base}"\n'
    with Daemon(config=config) as plain, Daemon(config=config + "[streams]\ncollect = true\n") as collecting:
        yield plain, collecting


@pytest.mark.parametrize(("path", "body"), REQUESTS.values(), ids=REQUESTS)
def test_a_collected_answer_is_the_plain_one(
    path: str, body: dict[str, Any], daemons: tuple[Daemon, Daemon]
) -> None:
    plain, collected = (asked(daemon, path, body) for daemon in daemons)
    assert shape(collected) == shape(plain)
    assert steady(collected) == steady(plain)


def asked(daemon: Daemon, path: str, body: dict[str, Any]) -> Any:
    got = httpx.post(daemon.url + path, json={**SAME, **body}, timeout=60, trust_env=False)
    assert got.status_code == 200, got.text
    return got.json()


def shape(value: Any) -> Any:
    """Which fields there are, all the way down."""
    if isinstance(value, dict):
        return {name: shape(field) for name, field in value.items()}
    return [shape(entry) for entry in value] if isinstance(value, list) else None


def steady(value: Any) -> Any:
    """What does not change when the same is asked again."""
    if isinstance(value, dict):
        return {name: steady(field) for name, field in value.items() if name not in CHANGES}
    return [steady(entry) for entry in value] if isinstance(value, list) else value
