"""Embeddings in Ollama's own words, and its answers in OpenAI's."""

import base64
import json
import struct
from typing import Any

import pytest

from pointsman.calls import Call, Whole
from pointsman.errors import UpstreamError
from pointsman.money import Usage
from pointsman.wire.ollama_embed import encode, read_whole
from tests.wire.asking import candidate, embedding


def read(embeddings: object, call: Call | None = None, **fields: Any) -> Whole:
    body = json.dumps({"model": "tiny:1b", "embeddings": embeddings, **fields}).encode()
    return read_whole(body, call or embedding("x"), candidate(2048, known_as=frozenset({"tiny:1b"})))


def test_a_text_that_does_not_fit_is_to_be_refused() -> None:
    call = embedding(["a", "b"], model="x", dimensions=64, user="u", encoding_format="base64", keep_alive=0)
    assert json.loads(encode(call, candidate(2048))) == {
        "model": "tiny:1b",
        "input": ["a", "b"],
        "dimensions": 64,
        "keep_alive": 0,
        "options": {"num_ctx": 2048},
        "truncate": False,
    }


def test_tokens_are_never_sent() -> None:
    with pytest.raises(UpstreamError, match="in its own dialect: `input`"):
        encode(embedding([1, 2]), candidate(2048))


def test_an_answer_in_openais_words() -> None:
    whole = read([[0.10, -2], [1, 3]], embedding(["a", "b"]), prompt_eval_count=7)
    assert json.loads(whole.body) == {
        "object": "list",
        "data": [
            {"object": "embedding", "embedding": [0.10, -2], "index": 0},
            {"object": "embedding", "embedding": [1, 3], "index": 1},
        ],
        "model": "local/tiny",
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }
    assert whole.usage == Usage(input=7)


def test_vectors_are_packed_for_who_asks_for_it() -> None:
    (entry,) = json.loads(read([[0.5, -0.25, 3]], embedding("x", encoding_format="base64")).body)["data"]
    assert struct.unpack("<3f", base64.b64decode(entry["embedding"])) == (0.5, -0.25, 3.0)


@pytest.mark.parametrize("count", [None, "7", 0, -1, 10**400])
def test_a_count_that_is_left_away_is_zero(count: object) -> None:
    assert read([[1.0]], prompt_eval_count=count).usage == Usage(input=0)


@pytest.mark.parametrize(
    ("embeddings", "words"),
    [
        ([], "0 embeddings for 1 text"),
        (None, "0 embeddings for 1 text"),
        ([[1.0], [2.0]], "2 embeddings for 1 text"),
        ([[]], "empty"),
        ([None], "not a whole list"),
        (["AAAA"], "not a whole list"),
        ({}, "not a whole list"),
        ("x", "not a whole list"),
    ],
)
def test_there_is_a_vector_for_each_text(embeddings: object, words: str) -> None:
    with pytest.raises(UpstreamError, match=words):
        read(embeddings)


@pytest.mark.parametrize("vector", ["x", ["x"], {"a": 1}, [[1.0]]])
def test_what_cannot_be_packed_is_no_vector(vector: object) -> None:
    with pytest.raises(UpstreamError, match="not a whole list"):
        read([vector], embedding("x", encoding_format="base64"))


def test_an_error_in_a_200_is_an_error() -> None:
    with pytest.raises(UpstreamError, match="an error inside: no memory"):
        read([[1.0]], error="no memory")


def test_another_models_vectors_are_refused() -> None:
    with pytest.raises(UpstreamError, match="answers as 'bert' now"):
        read([[1.0]], model="bert")
