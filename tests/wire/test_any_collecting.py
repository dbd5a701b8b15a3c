"""Plain answers from streams: whatever an answer holds and however it is cut, nothing of it is lost."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.chat import EventKind
from pointsman.errors import UpstreamError
from pointsman.wire.formats import COLLECTORS, FORMATS
from tests.fakes import answers, messages, texts
from tests.fakes.answers import Answer
from tests.fakes.faults import Voice
from tests.wire.test_any_splitting import ANY

Json = dict[str, Any]

VOICES: Mapping[str, Voice] = {
    "openai.chat": answers,
    "openai.completions": texts,
    "anthropic.messages": messages,
}
cuts = st.lists(st.floats(0, 1), max_size=8)
words = st.text('aé✓🚂 \n\r"\\{}', min_size=1, max_size=8)
names = st.sampled_from(("add", "look_up"))


def cut_at(stream: bytes, places: Sequence[float]) -> list[bytes]:
    at = sorted({0, len(stream), *(int(place * len(stream)) for place in places)})
    return [stream[begin:end] for begin, end in pairwise(at)]


def collected(form: str, stream: bytes, places: Sequence[float]) -> Json:
    """The plain answer that a client gets of what an engine streams."""
    reader = FORMATS[form].StreamReader("local/tiny", keep_usage=True)
    collector = COLLECTORS[form]("local/tiny")
    for piece in cut_at(stream, places):
        collector.feed(reader.feed(piece).raw)
    if not reader.done:
        collector.feed(reader.end().raw)
    found: Json = json.loads(collector.whole())
    return found


def test_every_dialect_that_is_collected_is_tried() -> None:
    assert COLLECTORS.keys() == VOICES.keys()


# -- as the fake engines tell it

said = st.builds(
    Answer,
    text=st.text(min_size=1),
    reasoning=st.just("") | words,
    tool=st.just("") | names,
    arguments=st.dictionaries(words, words | st.integers(), max_size=2).map(json.dumps),
)


@pytest.mark.parametrize("form", VOICES)
@given(answer=said, places=cuts)
def test_a_stream_becomes_the_plain_answer_of_the_same_engine(
    form: str, answer: Answer, places: list[float]
) -> None:
    voice = VOICES[form]
    told = [
        voice.opening("tiny"),
        *voice.contents(answer, "tiny"),
        *voice.closing(answer, "tiny", usage=True),
    ]
    plain = json.loads(voice.completion(answer, "local/tiny"))
    assert collected(form, b"".join([*told, voice.DONE]), places) == plain


@pytest.mark.parametrize("form", VOICES)
@given(answer=said, places=cuts)
def test_a_plain_answer_in_a_streams_place_says_the_same(
    form: str, answer: Answer, places: list[float]
) -> None:
    voice = VOICES[form]
    plain = json.loads(voice.completion(answer, "local/tiny"))
    assert collected(form, voice.completion(answer, "tiny"), places) == plain


# -- as any engine might tell it


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional=fields)


functions = st.fixed_dictionaries({"name": names, "arguments": words})
calls = st.fixed_dictionaries({"type": st.just("function"), "function": functions}, optional={"odd": words})
thoughts = st.fixed_dictionaries({"type": st.just("reasoning.text"), "text": words})
openai_messages = some(
    content=words,
    reasoning_content=words,
    reasoning=words,
    refusal=words,
    audio=some(id=words, data=words, transcript=words, expires_at=st.integers()),
    function_call=functions,
    tool_calls=st.lists(calls, min_size=1, max_size=3),
    reasoning_details=st.lists(thoughts, min_size=1, max_size=2),
    annotations=st.lists(some(type=words, url_citation=some(url=words)), max_size=2),
    odd=words,
)
tokens = st.lists(
    some(token=words, logprob=st.floats(-9, 0), bytes=st.lists(st.integers(0, 255))), max_size=3
)
openai_choices = st.fixed_dictionaries(
    {"finish_reason": st.sampled_from(("stop", "length")), "message": openai_messages},
    optional={"logprobs": st.none() | some(content=tokens, refusal=st.none() | tokens), "odd": words},
)
openai_bodies = st.fixed_dictionaries(
    {"object": st.just("chat.completion"), "choices": st.lists(openai_choices, min_size=1, max_size=3)},
    optional={
        "id": words,
        "created": st.integers(0, 1 << 70),
        "system_fingerprint": st.none() | words,
        "usage": some(prompt_tokens=st.integers(), prompt_tokens_details=some(cached_tokens=st.integers())),
        "timings": some(predicted_per_second=st.floats(0, 99)),
        "odd": st.none() | words | st.lists(words) | st.booleans(),
    },
)

WHOLE = ("role", "id", "type", "name")  # texts that are told at once


@st.composite
def in_pieces(draw: st.DrawFn, value: Any) -> list[Any]:
    """A value as the deltas that make it up, field after field."""
    if isinstance(value, str):
        return cut(value, draw(st.lists(st.integers(0, len(value)), max_size=2)))
    if isinstance(value, list):
        return [[entry] for entry in value] or [[]]
    if not isinstance(value, dict):
        return [value]
    return [
        {name: piece}
        for name, field in value.items()
        for piece in ([field] if name in WHOLE else draw(in_pieces(field)))
    ] or [{}]


def cut(text: str, places: Sequence[int]) -> list[str]:
    return [text[begin:end] for begin, end in pairwise(sorted({0, len(text), *places}))]


@st.composite
def in_chunks(draw: st.DrawFn, body: Json) -> bytes:
    """The body as a stream: its choices piece by piece and side by side, then all that is said once."""
    envelope = {"object": "chat.completion.chunk", "model": "tiny"}
    choices: list[list[Json]] = []
    for index, choice in enumerate(body["choices"]):
        deltas = [delta for part in deltas_of(choice["message"]) for delta in draw(in_pieces(part))]
        told: list[Json] = [{"delta": {"role": "assistant", "content": None}}]
        told += [{"delta": delta} for delta in numbered(deltas)]
        told += [{"logprobs": piece} for piece in draw(in_pieces(choice.get("logprobs") or {}))]
        told.append({name: choice[name] for name in choice if name not in ("message", "logprobs")})
        choices.append([{"index": index, "finish_reason": None, **piece} for piece in told])
    chunks: list[Json] = [{"choices": list(filter(None, row))} for row in zip_longest(*choices)]
    chunks.append({"choices": [], **{name: body[name] for name in body if name not in ("choices", "object")}})
    events = [json.dumps(envelope | chunk, ensure_ascii=False).encode() for chunk in chunks]
    return b"".join(b"data: %b\n\n" % event for event in events) + answers.DONE


def deltas_of(message: Json) -> Iterator[Json]:
    """Field by field; of the lists whose entries grow, entry by entry."""
    for name, value in message.items():
        if name in GROWING:
            yield from ({name: {"index": at, **entry}} for at, entry in enumerate(value))
        else:
            yield {name: value}


GROWING = ("tool_calls", "reasoning_details")


def numbered(deltas: list[Json]) -> Iterator[Json]:
    """With the pieces of growing entries in lists, each with the number of its entry."""
    index = 0
    for delta in deltas:
        ((name, piece),) = delta.items()
        if name in GROWING:
            index = piece.get("index", index)
            yield {name: [{"index": index, **piece}]}
        else:
            yield delta


def as_plain(body: Json) -> Json:
    """What a client of the plain answer would get."""
    choices = []
    for index, choice in enumerate(body["choices"]):
        message = {"role": "assistant", "content": None} | choice["message"]
        if "reasoning_details" in message:
            details = enumerate(message["reasoning_details"])
            message["reasoning_details"] = [{"index": at, **detail} for at, detail in details]
        choices.append({"index": index, **choice, "message": message})
    plain: Json = bare({**body, "model": "local/tiny", "choices": choices})
    return plain


def bare(value: Any) -> Any:
    """Without what says nothing: nulls, and objects and lists that hold nothing else."""
    if isinstance(value, dict):
        fields = {name: bare(field) for name, field in value.items()}
        return {name: field for name, field in fields.items() if field not in (None, {}, [])}
    return [bare(entry) for entry in value] if isinstance(value, list) else value


@given(body=openai_bodies, data=st.data(), places=cuts)
def test_whatever_pieces_an_openai_answer_comes_in_all_of_it_is_there(
    body: Json, data: st.DataObject, places: list[float]
) -> None:
    stream = data.draw(in_chunks(body))
    assert bare(collected("openai.chat", stream, places)) == as_plain(body)


citations = some(type=st.just("char_location"), cited_text=words, start_char_index=st.integers(0, 9))
anthropic_blocks = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("text"), "text": words}, optional={"citations": st.lists(citations, max_size=2)}
    ),
    st.fixed_dictionaries({"type": st.just("thinking"), "thinking": words, "signature": words}),
    st.fixed_dictionaries({"type": st.just("redacted_thinking"), "data": words}),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(("tool_use", "server_tool_use")),
            "name": names,
            "id": words,
            "input": st.dictionaries(words, words | st.integers() | st.lists(words), max_size=2),
        }
    ),
    st.fixed_dictionaries({"type": st.just("odd_result"), "content": st.lists(some(url=words))}),
)
counts = st.integers(0, 9)
anthropic_bodies = st.fixed_dictionaries(
    {
        "content": st.lists(anthropic_blocks, max_size=4),
        "stop_reason": st.sampled_from(("end_turn", "stop_sequence", "tool_use")),
        "stop_sequence": st.none() | words,
        "usage": some(output_tokens=counts, server_tool_use=some(web_search_requests=counts)),
    },
    optional={"container": some(id=words), "context_management": some(applied_edits=st.lists(words))},
)
BEGUN: Json = {"id": "msg_1", "type": "message", "role": "assistant", "usage": {"input_tokens": 3}}


@st.composite
def in_events(draw: st.DrawFn, body: Json) -> bytes:
    begun = {**BEGUN, "content": [], "model": "tiny", "stop_reason": None}
    told = [messages.event("message_start", message=begun), messages.event("ping")]
    for index, block in enumerate(body["content"]):
        empty, deltas = draw(told_of(block))
        told.append(messages.event("content_block_start", index=index, content_block=empty))
        told += [messages.event("content_block_delta", index=index, delta=delta) for delta in deltas]
        told.append(messages.event("content_block_stop", index=index))
    delta = {name: body[name] for name in body if name in ("stop_reason", "stop_sequence", "container")}
    rest = {name: body[name] for name in body if name in ("usage", "context_management")}
    return b"".join([*told, messages.event("message_delta", delta=delta, **rest), messages.DONE])


@st.composite
def told_of(draw: st.DrawFn, block: Json) -> tuple[Json, list[Json]]:
    """A block as it begins, and the deltas that follow."""
    match block["type"]:
        case "text":
            cited = [{"type": "citations_delta", "citation": one} for one in block.get("citations", ())]
            pieces = [{"type": "text_delta", "text": piece} for piece in draw(in_pieces(block["text"]))]
            return {"type": "text", "text": ""}, [*cited, *pieces]
        case "thinking":
            thought = draw(in_pieces(block["thinking"]))
            pieces = [{"type": "thinking_delta", "thinking": piece} for piece in thought]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {"type": "thinking", "thinking": "", "signature": ""}, [*pieces, signed]
        case "tool_use" | "server_tool_use":
            written = ["", *draw(in_pieces(json.dumps(block["input"])))]
            return {**block, "input": {}}, [
                {"type": "input_json_delta", "partial_json": piece} for piece in written
            ]
    return block, []


@given(body=anthropic_bodies, data=st.data(), places=cuts)
def test_whatever_pieces_a_message_comes_in_all_of_it_is_there(
    body: Json, data: st.DataObject, places: list[float]
) -> None:
    found = collected("anthropic.messages", data.draw(in_events(body)), places)
    for block in body["content"]:
        if block.get("citations") == []:
            del block["citations"]
    usage = {**BEGUN["usage"], **body["usage"]}
    assert found == {**BEGUN, **body, "model": "local/tiny", "usage": usage}


# -- as no engine should tell it


def test_a_model_that_is_no_name_is_not_told() -> None:
    begun = b'data: {"type": "message_start", "message": {"model": 7}}\n\n'
    said = b'data: {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "a"}}\n\n'
    collector = COLLECTORS["anthropic.messages"]("local/tiny")
    collector.feed(begun + said)
    assert json.loads(collector.whole())["model"] == "local/tiny"


@pytest.mark.parametrize("form", VOICES)
@given(data=st.data(), places=cuts)
def test_whatever_comes_there_is_an_answer_or_a_failure_of_its_server(
    form: str, data: st.DataObject, places: list[float]
) -> None:
    maker = FORMATS[form].StreamReader
    stream = data.draw(ANY[maker.__module__.rpartition(".")[2]])
    reader, collector = maker("local/tiny", keep_usage=True), COLLECTORS[form]("local/tiny")
    try:
        for frame in [*map(reader.feed, cut_at(stream, places)), reader.end()]:
            collector.feed(frame.raw)
            if any(event.kind is EventKind.ERROR for event in frame.events):
                return
        assert json.loads(collector.whole())["model"] == "local/tiny"
    except UpstreamError:
        return
