import json

import pytest

from pointsman.calls import CallKind
from pointsman.chat import Event, EventKind, PartKind
from pointsman.errors import BadRequest, UpstreamError
from pointsman.money import Usage
from pointsman.routing.classify import classify
from pointsman.wire.openai_completions import StreamReader, decode, encode, read_whole
from tests.wire.asking import candidate, completion

# As a llama-server answers, cut to what matters.
LLAMA_SERVER = (
    b'{"choices":[{"text":" caf\xc3\xa9","index":0,"logprobs":null,"finish_reason":"length"}],'
    b'"created":1795225231,"model":"tiny-a","system_fingerprint":"b1","object":"text_completion",'
    b'"usage":{"completion_tokens":4,"prompt_tokens":5,"total_tokens":9},"id":"chatcmpl-1"}'
)


def test_a_small_request_is_read_with_its_defaults() -> None:
    call = completion()
    assert (call.kind, call.format, call.model) == (CallKind.COMPLETION, "openai.completions", "")
    assert (call.stream, call.max_tokens, call.choices, call.untranslatable) == (False, None, 1, "prompt")


def test_what_a_decision_needs_is_read() -> None:
    call = completion(
        ["a", "b"], model="tiny", stream=True, stream_options={"include_usage": True}, max_tokens=9, n=2
    )
    assert (call.model, call.stream, call.wants_usage, call.max_tokens) == ("tiny", True, True, 9)
    assert call.choices == 4, "two answers to each of two texts"
    assert completion(best_of=5, n=2).choices == 5


@pytest.mark.parametrize(
    ("prompt", "tokens"),
    [("x" * 36, 10), (["x" * 36, "y"], 10), (list(range(10)), 10), ([[1], list(range(10))], 10)],
)
def test_each_shape_of_a_prompt_is_counted(prompt: object, tokens: int) -> None:
    task = classify(completion(prompt))
    assert task.prompt_tokens == tokens + 8  # what is counted for a message around it
    assert task.prompt_ceiling >= tokens


def test_what_comes_after_the_gap_is_read_by_the_model_too() -> None:
    chat = completion("def f(", suffix="): pass").chat
    assert chat is not None
    assert [(part.kind, part.text) for part in chat.messages[0].parts] == [(PartKind.TEXT, "def f(): pass")]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ("{}", "prompt"),
        ('{"prompt":null}', "prompt"),
        ('{"prompt":[]}', "prompt"),
        ('{"prompt":5}', "prompt"),
        ('{"prompt":["a",1]}', "prompt"),
        ('{"prompt":[[1],"a"]}', "prompt"),
        ('{"prompt":[1.5]}', "prompt[0]"),
        ('{"prompt":[["a"]]}', "prompt[0][0]"),
        ('{"prompt":"a","n":0}', "n"),
        ('{"prompt":"a","best_of":0}', "best_of"),
        ('{"prompt":"a","max_tokens":-1}', "max_tokens"),
        ('{"prompt":"a","suffix":1}', "suffix"),
        ('{"prompt":"a","model":"a\\nb"}', "model"),
    ],
)
def test_a_wrong_field_is_named(fields: str, param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        decode(fields.encode(), {})
    assert caught.value.param == param
    assert f"`{param.partition('[')[0]}" in caught.value.message


def test_no_answer_may_be_asked_for_to_read_the_prompt_alone() -> None:
    assert completion(max_tokens=0, echo=True).max_tokens == 0


def test_all_but_the_model_and_the_wish_for_usage_goes_on_to_the_letter() -> None:
    body = b'{"prompt":[ "a" ,"b"],"model":"auto","echo":true,"logprobs":3,"x":1E0,"stream":true}'
    sent = encode(decode(body, {}), candidate())
    assert b'"prompt":[ "a" ,"b"]' in sent
    assert b'"echo":true,"logprobs":3,"x":1E0' in sent
    assert json.loads(sent)["model"] == "tiny:1b"
    assert json.loads(sent)["stream_options"] == {"include_usage": True}


def test_a_plain_answer_is_passed_on_to_the_letter_but_for_its_model() -> None:
    whole = read_whole(LLAMA_SERVER, completion(), candidate())
    assert whole.body == LLAMA_SERVER.replace(b'"tiny-a"', b'"local/tiny"')
    assert (whole.usage, whole.text_size) == (Usage(5, 4), 5)


@pytest.mark.parametrize("text", ['""', "null", "[]"])
def test_no_text_is_no_answer(text: str) -> None:
    with pytest.raises(UpstreamError, match="empty"):
        read_whole(f'{{"choices":[{{"text":{text}}}]}}'.encode(), completion(), candidate())


def test_a_stream_is_read_and_passed_on() -> None:
    reader = StreamReader("local/tiny", keep_usage=False)
    chunk = b'data: {"choices":[{"text":"caf\xc3\xa9","index":%d,"finish_reason":%s}],"model":"a"}\n\n'
    first = reader.feed(chunk % (0, b"null") + chunk % (1, b"null"))
    assert first.events == (Event(EventKind.TEXT, 0, "café"), Event(EventKind.TEXT, 1, "café"))
    assert first.raw.count(b'"model":"local/tiny"') == 2
    reader.feed(chunk % (0, b'"stop"'))
    assert not reader.complete, "one of two texts has not ended"
    reader.feed(chunk % (1, b'"length"'))
    assert reader.end().raw == b"data: [DONE]\n\n"
    assert reader.text_size == 16
