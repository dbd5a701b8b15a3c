import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.wire.foreign import LONGEST_MESSAGE, error_message, is_loading


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"message":"Rate limit exceeded","code":429,"metadata":{}}}', "Rate limit exceeded"),
        (b'{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}', "Loading model"),
        (b'[{"error":{"code":429,"message":"RESOURCE_EXHAUSTED","details":[]}}]', "RESOURCE_EXHAUSTED"),
        (
            b'{"object":"error","message":"Service tier capacity exceeded","code":"3505"}',
            "Service tier capacity exceeded",
        ),
        (b'{"message":"Too many requests","type":"too_many_requests_error"}', "Too many requests"),
        (b'{"error":"model \'x\' not found"}', "model 'x' not found"),
        (b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', "Overloaded"),
        (b"upstream connect error", "upstream connect error"),
        (b"<html>\n<h1>502</h1>\n</html>", "<html> <h1>502</h1> </html>"),
        (b'"just words"', "just words"),
        (b'{"error":{"message":null}}', ""),
        (b'{"error":null,"message":"boom"}', "boom"),
        (b'{"detail":"Not Found"}', "Not Found"),
        (
            b'{"detail":[{"loc":["body","n"],"msg":"Input should be a valid integer"}]}',
            "Input should be a valid integer",
        ),
        (b"{}", ""),
        (b"[]", ""),
        (b"null", ""),
        (b"", ""),
    ],
)
def test_the_words_of_every_shape_of_error_are_found(body: bytes, message: str) -> None:
    assert error_message(body) == message


def test_control_characters_of_a_hostile_error_become_spaces() -> None:
    assert error_message(b'{"error":"a\\u001b[31mb\\r\\nc\\u202ed"}') == "a [31mb  c d"


def test_a_long_error_is_cut() -> None:
    assert error_message(b'{"error":"' + b"x" * 10_000 + b'"}') == "x" * LONGEST_MESSAGE


def test_a_body_that_is_nested_absurdly_is_repeated_as_it_is() -> None:
    assert error_message(b"[" * 100_000).startswith("[[[")


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_whatever_was_sent_is_printable_and_short(body: bytes) -> None:
    message = error_message(body)
    assert message.isprintable()
    assert len(message) <= LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("body", "loading"),
    [
        (b'{"error":{"message":"Loading model","code":503,"type":"unavailable_error"}}', True),
        (b'{"error":"loading model"}', True),
        (b'{"error":{"message":"No slot available"}}', False),
        (b"", False),
    ],
)
def test_only_its_own_words_make_a_server_loading(body: bytes, loading: bool) -> None:
    assert is_loading(body) is loading
