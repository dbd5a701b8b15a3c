"""Who is asked next, by what a provider said."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import Shuts, Then, UpstreamError
from pointsman.execution.retries import inside, refusal
from pointsman.types import Account
from pointsman.wire.foreign import refuse_error

WALL = 1_800_000_000.0

TOO_LONG = {
    "llama.cpp": {"error": {"code": 400, "message": "request (9)", "type": "exceed_context_size_error"}},
    "OpenAI": {"error": {"message": "too many tokens", "code": "context_length_exceeded"}},
    "vLLM": {"message": "This model's maximum context length is 4096 tokens.", "code": 400},
    "Anthropic": {
        "type": "error",
        "error": {"message": "prompt is too long: 2 > 1"},
    },
    "Google": {"error": {"message": "The input (9) exceeds the maximum number of tokens allowed"}},
    "LM Studio": {"error": "a prompt greater than the context length of the model"},
    "OpenRouter": {"error": {"code": 400, "metadata": {"error_type": "context_length_exceeded"}}},
}


def after(status: int, said: object, **headers: str) -> UpstreamError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return refusal(status, named, json.dumps(said).encode(), WALL)


@pytest.mark.parametrize("said", TOO_LONG.values(), ids=TOO_LONG)
def test_a_prompt_that_is_too_long_goes_to_a_larger_context(said: object) -> None:
    assert after(400, said).then is Then.LARGER
    assert after(400, said).shuts is Shuts.NOTHING


FILTERED = {
    "OpenAI": (400, {"error": {"message": "No", "type": "image_error", "code": "content_policy_violation"}}),
    "Azure": (
        400,
        {
            "error": {
                "message": "The response was filtered",
                "param": "prompt",
                "code": "content_filter",
                "innererror": {
                    "code": "ResponsibleAIPolicyViolation",
                    "content_filter_result": {"hate": {"filtered": True, "severity": "high"}},
                },
            }
        },
    ),
    "Azure's inner code alone": (400, {"error": {"innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
    "OpenRouter": (403, {"error": {"code": 403, "metadata": {"error_type": "content_policy_violation"}}}),
    "a router that repeats": (
        400,
        {"error": {"message": "failed", "metadata": {"raw": '{"error":{"code":"content_filter"}}'}}},
    ),
    "Gemini": (400, {"error": {"code": 400, "message": "No", "status": "PROHIBITED_CONTENT"}}),
    "Gemini's feedback": (400, {"error": {"promptFeedback": {"blockReason": "SAFETY"}}}),
    "FastAPI": (422, {"detail": [{"type": "content_filter", "msg": "no"}]}),
}
ECHO = "what is content_filter, and why does it say that my prompt is too long: content_policy_violation?"
NO_FILTER = {
    "a prompt in the words": (503, {"error": {"message": f"overloaded: {ECHO[:22]}", "type": "overloaded"}}),
    "a prompt beside them": (422, {"detail": [{"type": "missing", "msg": "Field required", "input": ECHO}]}),
    "an object beside them": (
        422,
        {"detail": [{"type": "missing", "msg": "no", "input": {"code": "content_filter", "message": ECHO}}]},
    ),
    "a filter that let it pass": (
        500,
        {"error": {"code": "500", "content_filter_results": {"hate": {"filtered": False}}}},
    ),
    "a filter that is overloaded": (503, {"error": {"code": "content_filter_error"}}),
    "a filter that is limited": (429, {"error": {"code": "content_filter"}}),
    "half a character": (400, {"error": {"message": "no \ud83d", "code": "bad", "input": ECHO}}),
}


@pytest.mark.parametrize(("status", "said"), FILTERED.values(), ids=FILTERED)
def test_what_a_content_filter_refuses_is_offered_to_nobody_else(status: int, said: object) -> None:
    assert after(status, said).then is Then.NOBODY
    assert after(status, said).shuts is Shuts.NOTHING


@pytest.mark.parametrize(("status", "said"), NO_FILTER.values(), ids=NO_FILTER)
def test_what_merely_speaks_of_a_content_filter_is_offered_to_others(status: int, said: object) -> None:
    assert after(status, said).then in (Then.NEXT, Then.AGAIN)


def test_a_content_filter_inside_a_200_is_one() -> None:
    said = json.dumps({"code": 502, "metadata": {"error_type": "content_policy_violation"}}).encode()
    assert inside(UpstreamError("it broke off", said=said), WALL).then is Then.NOBODY


def test_a_prompt_that_merely_speaks_of_its_length_goes_to_any_context() -> None:
    said = {"error": {"message": "overloaded", "input": "This is: prompt is too long"}, "messages": [ECHO]}
    assert after(503, said).then is Then.NEXT


def test_a_hiccup_deserves_a_second_try_unless_its_provider_says_that_it_does_not() -> None:
    assert after(500, {}).then is Then.AGAIN
    assert after(500, {}, x_should_retry="true").then is Then.AGAIN
    assert after(500, {}, x_should_retry="false").then is Then.NEXT


@pytest.mark.parametrize("status", [500, 502])
def test_who_names_a_time_is_not_asked_before_it(status: int) -> None:
    told = after(status, {}, retry_after="7")
    assert (told.then, told.shuts, told.wait) == (Then.NEXT, Shuts.MODEL, 7)
    assert after(status, {}, retry_after="0").then is Then.AGAIN


@pytest.mark.parametrize("status", [401, 402, 403, 404, 408, 429, 503, 504, 529])
def test_others_are_asked_when_one_says_not_now_or_not_here(status: int) -> None:
    assert after(status, {}).then is Then.NEXT
    assert after(status, {}).upstream_status == status


def test_an_error_inside_a_200_counts_as_its_code_says() -> None:
    said = {"code": 429, "message": "slow down", "retry_after": 7}
    told = inside(UpstreamError("it broke off", said=json.dumps(said).encode()), WALL)
    assert (told.message, told.upstream_status, told.limited, told.wait) == (
        "it broke off: slow down",
        429,
        True,
        7,
    )
    assert told.shuts is Shuts.MODEL


def test_an_error_inside_a_200_repeats_no_key() -> None:
    error = UpstreamError("it broke off: no user has sk-1", said=b'{"code": 401}')
    assert inside(error, WALL, Account("a", "sk-1")).message == "it broke off: no user has (the key)"


@given(st.integers(380, 520), st.sampled_from("x€"))
def test_no_part_of_a_key_is_left_where_its_words_are_cut_short(padding: int, filler: str) -> None:
    key = "sk-or-v1-" + "0123456789abcdef" * 4
    body = json.dumps({"message": filler * padding + f" key {key} refused", "code": 500}).encode()
    with pytest.raises(UpstreamError) as refused:
        refuse_error(msgspec.Raw(body))
    told = inside(refused.value, WALL, Account("a", key))
    assert key[:12] not in told.message
    assert told.message.startswith("it answered 200 with an error inside: ")


@pytest.mark.parametrize(
    ("said", "shuts"),
    [
        ({"message": "boom"}, Shuts.MODEL),
        ({"message": "boom", "type": "internal_server_error", "code": "upstream_error"}, Shuts.MODEL),
        ({"message": "wrong", "type": "invalid_request_error"}, Shuts.NOTHING),
    ],
)
def test_an_error_in_an_answers_place_leaves_its_model_alone_unless_the_request_is_wrong(
    said: dict[str, str], shuts: Shuts
) -> None:
    assert inside(UpstreamError("it broke off", said=json.dumps(said).encode()), WALL).shuts is shuts


def test_an_answer_that_is_merely_bad_stays_what_it_is() -> None:
    error = UpstreamError("its answer is empty")
    assert inside(error, WALL) is error
