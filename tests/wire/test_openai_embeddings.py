import json
from typing import Any

import pytest

from pointsman.calls import CallKind, Whole
from pointsman.errors import BadRequest, UpstreamError
from pointsman.money import Usage
from pointsman.routing.classify import classify
from pointsman.wire.openai_embeddings import decode, encode, read_whole
from tests.wire.asking import candidate, embedding

# As a llama-server answers, with shorter vectors.
LLAMA_SERVER = (
    b'{"model":"tiny-a","object":"list","usage":{"prompt_tokens":7,"total_tokens":7},'
    b'"data":[{"embedding":[0.10,-2e-05, 3],"index":0,"object":"embedding"},'
    b'{"embedding":"AAAAPwAAgL4=","index":1,"object":"embedding"}]}'
)


def read(data: object, texts: int = 1, **fields: Any) -> Whole:
    body = json.dumps({"data": data, **fields}).encode()
    return read_whole(body, embedding(["x"] * texts), candidate(known_as=frozenset({"tiny", "tiny:1b"})))


def test_a_request_is_read() -> None:
    call = embedding(["a", "b"], model="nomic", encoding_format="base64", dimensions=64)
    assert (call.kind, call.format, call.model) == (CallKind.EMBEDDING, "openai.embeddings", "nomic")
    assert (call.stream, call.choices, call.untranslatable) == (False, 2, "")


@pytest.mark.parametrize(
    ("texts", "choices"), [("a", 1), (["a", "b"], 2), ([1, 2, 3], 1), ([[1, 2], [3], [4]], 3), (["a", ""], 2)]
)
def test_each_shape_of_input_is_so_many_texts(texts: object, choices: int) -> None:
    call = embedding(texts)
    assert call.choices == choices
    assert call.chat is not None
    assert len(call.chat.messages) == choices


def test_each_text_has_the_context_for_itself() -> None:
    assert classify(embedding(["x" * 36] * 100)).prompt_tokens == 18


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ("{}", "input"),
        ('{"input":""}', "input"),
        ('{"input":[]}', "input"),
        ('{"input":null}', "input"),
        ('{"input":{}}', "input"),
        ('{"input":["a",[1]]}', "input"),
        ('{"input":[true]}', "input[0]"),
        ('{"input":"a","dimensions":0}', "dimensions"),
        ('{"input":"a","dimensions":"64"}', "dimensions"),
        ('{"input":"a","encoding_format":5}', "encoding_format"),
    ],
)
def test_a_wrong_field_is_named(fields: str, param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        decode(fields.encode(), {})
    assert caught.value.param == param
    assert f"`{param.partition('[')[0]}" in caught.value.message


def test_all_but_the_model_goes_on_to_the_letter() -> None:
    body = b'{"input":[ "a" ],"model":"x","encoding_format":"base64","dimensions":64,"y":1E0}'
    assert encode(decode(body, {}), candidate()) == body.replace(b'"x"', b'"tiny:1b"')


def test_an_answer_is_passed_on_to_the_letter_but_for_its_model() -> None:
    whole = read_whole(LLAMA_SERVER, embedding(["a", "b"]), candidate())
    assert whole.body == LLAMA_SERVER.replace(b'"tiny-a"', b'"local/tiny"')
    assert (whole.usage, whole.text_size) == (Usage(input=7), 0)


@pytest.mark.parametrize("texts", [1, 3])
def test_there_is_a_vector_for_each_text(texts: int) -> None:
    with pytest.raises(UpstreamError, match=f"2 embeddings for {texts} texts"):
        read([{"embedding": [1.0]}, {"embedding": [2.0]}], texts)


@pytest.mark.parametrize("entry", [{}, {"embedding": None}, {"embedding": []}, {"embedding": ""}])
def test_a_vector_of_nothing_is_none(entry: object) -> None:
    with pytest.raises(UpstreamError, match="empty"):
        read([entry])


@pytest.mark.parametrize("data", [None, {}, 5, ["a"], [[1.0]]])
def test_what_is_no_list_of_embeddings_is_refused(data: object) -> None:
    with pytest.raises(UpstreamError, match="not a whole list of embeddings"):
        read(data)


def test_an_answer_that_is_cut_anywhere_is_refused() -> None:
    for size in range(len(LLAMA_SERVER)):
        with pytest.raises(UpstreamError, match="not a whole list of embeddings"):
            read_whole(LLAMA_SERVER[:size], embedding(["a", "b"]), candidate())


def test_an_error_in_a_200_is_an_error() -> None:
    with pytest.raises(UpstreamError, match="an error inside: no memory"):
        read([{"embedding": [1.0]}], error={"message": "no memory"})


def test_an_engine_that_answers_under_any_name_is_asked_for_its_own() -> None:
    call = embedding("a", model="nomic", user="me")
    alone, router = frozenset({"tiny"}), frozenset({"tiny"})
    assert json.loads(encode(call, candidate(known_as=alone, slots=4))) == {"input": "a", "user": "me"}
    assert json.loads(encode(call, candidate(known_as=router)))["model"] == "tiny:1b"
    assert json.loads(encode(call, candidate(slots=4)))["model"] == "tiny:1b"


def test_an_older_llama_server_has_a_name_of_its_own_for_none() -> None:
    assert read([{"embedding": [1.0]}], model="gpt-3.5-turbo").usage is None


def test_the_vectors_of_another_model_are_refused() -> None:
    assert read([{"embedding": [1.0]}], model="tiny").usage is None
    with pytest.raises(UpstreamError, match="answers as 'bert' now"):
        read([{"embedding": [1.0]}], model="bert")
