"""Streamed answers of every dialect: wherever they are cut into pieces, the same is heard and passed on.

What follows an error or the end of an answer is not read by whoever reads, and not here.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.chat import Event, EventKind
from pointsman.errors import UpstreamError
from pointsman.money import Usage
from pointsman.wire.formats import FORMATS, NATIVE, Reader, ReaderMaker

READERS: dict[str, ReaderMaker] = {
    speech.StreamReader.__module__.rpartition(".")[2]: speech.StreamReader
    for speech in (*FORMATS.values(), *NATIVE.values())
}
ANYBODY: frozenset[str] = frozenset()
KNOWN_AS = frozenset({"tiny", "tiny-a"})
BOM = b"\xef\xbb\xbf"
LINE_ENDS = ((b"\n",), (b"\r\n",), (b"\r",), (b"\n", b"\r\n"))

Payload = dict[str, Any] | bytes  # an event as it is meant, or bytes that mean nothing


# -- what engines send

words = st.text('aé✓🚂 \n\r"\\:{}', min_size=1, max_size=6) | st.sampled_from(
    ('"model":"tiny"', "data: [DONE]", "\n\n", ": x", "\u2028\x85")
)
counts = st.none() | st.sampled_from((0, 7, -1, 1 << 70, "7"))
junk = st.sampled_from((b"{oops", b'"\xff"', b"", b"[]", b"null", b"[" * 300, b"9" * 5000, b'{"\xff":1}'))
half = st.sampled_from((rb"\ud83d", rb"\ude80", rb"\ud83d\ude80", rb"\\ud83d", rb"\ud83d\ud83d", rb"a\uDE80"))
halves = half.map(
    lambda half: (
        b'{"model":"tiny","usage":null,"choices":[{"delta":{"content":"%b"}}],"%b":"%b",'
        b'"type":"content_block_delta","delta":{"type":"text_delta","text":"%b"},"message":{"content":"%b"}}'
        % (half, half, half, half, half)
    )
)
odd: st.SearchStrategy[Any] = st.sampled_from((None, {}, [], [None], "odd", 7, 1.5, False))
errors: st.SearchStrategy[Any] = st.sampled_from(
    (None, "", {}, 0, "gone", {"message": "gone", "code": 500}, ["gone"])
)
names = st.sampled_from(("tiny", "tiny-a", "tiny", "tiny-a", "another", None, 7))


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object that has some of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


functions = some(name=st.sampled_from(("add", "", None)), arguments=words)
deltas = some(
    role=st.just("assistant"),
    content=st.none() | words,
    reasoning_content=words,
    refusal=words,
    tool_calls=odd | st.lists(odd | some(index=st.integers(0, 1), function=odd | functions), max_size=2),
)
choices = some(
    index=odd | st.integers(0, 2),
    delta=st.one_of(deltas, deltas, deltas, odd),
    text=words,
    finish_reason=st.sampled_from((None, None, None, "stop", "tool_calls", "error")),
)
openai_usages = st.none() | some(
    prompt_tokens=counts, completion_tokens=counts, prompt_tokens_details=some(cached_tokens=counts)
)
openai_events = some(
    model=names,
    choices=odd | st.lists(st.one_of(choices, choices, choices, odd), max_size=3),
    usage=openai_usages,
    timings=some(model=names),
)

blocks = some(
    type=odd
    | st.sampled_from(("text", "text_delta", "thinking_delta", "tool_use", "input_json_delta", "odd")),
    text=words,
    thinking=words,
    name=words,
    partial_json=words,
    stop_reason=st.sampled_from((None, "end_turn", "refusal")),
)
figures = some(input_tokens=counts, output_tokens=counts, cache_read_input_tokens=counts)
anthropic_events = some(
    type=st.sampled_from(
        ("message_start", "content_block_delta", "message_delta", "message_stop", "ping", "error")
    ),
    message=odd | some(model=names, usage=figures),
    content_block=odd | blocks,
    delta=odd | blocks,
    usage=figures,
)

calls = some(function=some(name=words, arguments=some(a=words)), id=words)
ollama_lines = some(
    model=names,
    created_at=st.sampled_from(("2026-11-21T09:00:00Z", "never", 5)),
    message=some(content=words, thinking=words, tool_calls=odd | st.lists(odd | calls, max_size=2)),
    done=st.none() | st.booleans(),
    done_reason=st.sampled_from(("stop", "length", "load", None)),
    prompt_eval_count=counts,
    eval_count=counts,
)


@st.composite
def in_events(draw: st.DrawFn, payloads: st.SearchStrategy[Sequence[Payload]]) -> bytes:
    """Payloads as server-sent events, in any way that the standard allows, with what is none among them."""
    ends = st.sampled_from(draw(st.sampled_from(LINE_ENDS)))
    asides = st.sampled_from(
        (b": keep-alive", b":", b"event: odd", b"retry: 5", b"id: 1", b"database: x", b"")
    )
    lines: list[bytes] = []
    for payload in draw(payloads):
        lines += draw(st.lists(asides, max_size=2))
        name = draw(st.sampled_from((b"data: ", b"data:")))
        lines += [name + line for line in written(payload, spread=draw(st.booleans())).split(b"\n")]
        lines += [b""] * draw(st.integers(1, 2))
    lines += draw(
        st.sampled_from(([], [b"data: [DONE]", b""], [b"data:[DONE] ", b"", b"data: {}", b"", b""]))
    )
    ended = b"".join(line + draw(ends) for line in lines)
    return draw(st.sampled_from((b"", b"", BOM))) + ended + draw(st.sampled_from((b"", b"\n")))


@st.composite
def in_lines(draw: st.DrawFn, payloads: st.SearchStrategy[Sequence[Payload]]) -> bytes:
    end = draw(st.sampled_from((b"\n", b"\r\n", b"\n\n")))
    lines = [written(payload, spread=False) for payload in draw(payloads)]
    return end.join(lines) + draw(st.sampled_from((b"", end)))


def written(payload: Payload, *, spread: bool) -> bytes:
    """JSON with its letters as they are, on one line or on many."""
    if isinstance(payload, bytes):
        return payload
    return json.dumps(payload, ensure_ascii=False, indent=1 if spread else None).encode()


def several(payloads: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[Payload]]:
    """Mostly sound ones, now and then one with halves of characters, an error, or nothing at all."""
    told = st.builds(lambda payload, error: {**payload, "error": error}, payloads, errors)
    return st.lists(st.one_of(payloads, payloads, payloads, payloads, halves, told, junk), max_size=8)


@st.composite
def damaged(draw: st.DrawFn, streams: st.SearchStrategy[bytes]) -> bytes:
    """With bytes put in and taken out anywhere."""
    stream = draw(streams)
    for _ in range(draw(st.integers(1, 4))):
        at, gone = draw(st.integers(0, len(stream))), draw(st.integers(0, 3))
        put = draw(st.sampled_from((b"", b"\n", b"\r", b"\xff", b"\xf0\x9f", b":", b'"', b"[DONE]", b"\n\n")))
        stream = stream[:at] + put + stream[at + gone :]
    return stream


SOUND = {
    "openai_stream": in_events(several(openai_events)),
    "anthropic_answer": in_events(several(anthropic_events)),
    "ollama_answer": in_lines(several(ollama_lines)),
}
ANY = {name: st.one_of(sound, sound, damaged(sound), st.binary(max_size=60)) for name, sound in SOUND.items()}


# -- who hears them


@dataclass(frozen=True, slots=True)
class Heard:
    raw: bytes
    events: tuple[Event, ...]
    usage: Usage | None
    text_size: int
    done: bool
    failure: str


def heard(reader: Reader, pieces: Iterable[bytes]) -> Heard:
    """As whoever answers a client hears a stream: to its end or its first error, whichever comes first."""
    raw, events, failure = b"", list[Event](), ""
    try:
        for feed in [*((lambda p=piece: reader.feed(p)) for piece in pieces if piece), reader.end]:
            frame = feed()
            raw += frame.raw
            events += frame.events
            if reader.done or any(event.kind is EventKind.ERROR for event in frame.events):
                break
    except UpstreamError as error:
        failure = error.message
    return Heard(raw, tuple(events), reader.usage, reader.text_size, reader.done, failure)


def in_bytes(stream: bytes) -> list[bytes]:
    return [stream[at : at + 1] for at in range(len(stream))]


def cut_at(stream: bytes, places: Sequence[float]) -> list[bytes]:
    at = sorted({0, len(stream), *(int(place * len(stream)) for place in places)})
    return [stream[begin:end] for begin, end in pairwise(at)]


each_reader = pytest.mark.parametrize("name", READERS)
cuts = st.lists(st.floats(0, 1), max_size=8)


def make(name: str, *, keep_usage: bool = True, known_as: frozenset[str] = ANYBODY) -> Reader:
    return READERS[name]("local/tiny", keep_usage=keep_usage, known_as=known_as)


def test_every_reader_is_held_against_streams_of_its_own() -> None:
    assert SOUND.keys() == READERS.keys()


@each_reader
@given(data=st.data(), places=cuts, keep_usage=st.booleans(), known_as=st.sampled_from((ANYBODY, KNOWN_AS)))
def test_wherever_it_is_cut_the_same_is_heard_and_passed_on(
    name: str, data: st.DataObject, places: list[float], keep_usage: bool, known_as: frozenset[str]
) -> None:
    """Nothing but an UpstreamError is raised, whatever comes."""
    stream = data.draw(ANY[name])

    def hear(pieces: Sequence[bytes]) -> Heard:
        return heard(make(name, keep_usage=keep_usage, known_as=known_as), pieces)

    slowly = hear(in_bytes(stream))
    for pieces in ([stream], cut_at(stream, places)):
        found = hear(pieces)
        if "it answers as" in slowly.failure:  # what came in one piece with that is lost with it
            assert slowly.raw.startswith(found.raw)
            assert slowly.events[: len(found.events)] == found.events
            found = replace(found, raw=slowly.raw, events=slowly.events)
        assert found == slowly


@each_reader
@given(data=st.data(), places=cuts, known_as=st.sampled_from((ANYBODY, KNOWN_AS)))
def test_usage_that_nobody_asked_for_changes_nothing_but_what_is_passed_on(
    name: str, data: st.DataObject, places: list[float], known_as: frozenset[str]
) -> None:
    pieces = cut_at(data.draw(SOUND[name]), places)
    wanted, unwanted = (
        heard(make(name, keep_usage=keep, known_as=known_as), pieces) for keep in (True, False)
    )
    assert replace(wanted, raw=b"") == replace(unwanted, raw=b"")


def openai_saying(said: list[str]) -> list[Payload]:
    chunks: list[Payload] = [{"model": "tiny", "choices": [{"delta": {"content": text}}]} for text in said]
    return [*chunks, {"choices": [{"finish_reason": "stop"}]}]


def anthropic_saying(said: list[str]) -> list[Payload]:
    pieces = [{"type": "text_delta", "text": text} for text in said]
    return [
        {"type": "message_start", "message": {"model": "tiny"}},
        *({"type": "content_block_delta", "delta": piece} for piece in pieces),
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
    ]


def ollama_saying(said: list[str]) -> list[Payload]:
    return [*({"model": "tiny", "message": {"content": text}} for text in said), {"done": True}]


SAYING: dict[str, Callable[[st.SearchStrategy[list[str]]], st.SearchStrategy[bytes]]] = {
    "openai_stream": lambda said: in_events(said.map(openai_saying)),
    "anthropic_answer": lambda said: in_events(said.map(anthropic_saying)),
    "ollama_answer": lambda said: in_lines(said.map(ollama_saying)),
}
READ_BY = {"ollama_answer": "openai_stream"}  # what its client gets is of another dialect


@each_reader
@given(data=st.data(), said=st.lists(words, max_size=5), places=cuts)
def test_every_word_arrives_once_and_in_its_order(
    name: str, data: st.DataObject, said: list[str], places: list[float]
) -> None:
    stream = data.draw(SAYING[name](st.just(said)))
    found = heard(make(name), cut_at(stream, places))
    client = heard(make(READ_BY.get(name, name)), cut_at(found.raw, places))
    for one in (found, client):
        assert [event.text for event in one.events if event.kind is EventKind.TEXT] == said
        assert (one.failure, one.done, one.text_size) == ("", True, sum(map(len, said)))
    assert b'tiny"' not in found.raw.replace(b"local/tiny", b"")


@each_reader
def test_a_long_event_in_single_bytes_is_read(name: str) -> None:
    """Who looked through all that has come with each byte that comes would look at 34 GB."""
    reader = make(name)
    for _ in range(1 << 18):
        assert not reader.feed(b"x").events
    with pytest.raises(UpstreamError, match="cut"):
        reader.end()


@pytest.mark.parametrize("name", ["openai_stream", "anthropic_answer"])
def test_a_name_beyond_all_measure_is_replaced_like_any_other(name: str) -> None:
    theirs = "x" * (1 << 16)
    event = {"model": theirs, "choices": []} if name == "openai_stream" else {"message": {"model": theirs}}
    frame = make(name).feed(b"data: " + written(event, spread=False) + b"\n\n")
    assert b"local/tiny" in frame.raw
    assert theirs.encode() not in frame.raw
