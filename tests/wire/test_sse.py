from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pointsman.errors import UpstreamError
from pointsman.wire.sse import LARGEST_BLOCK, Splitter, data_of, event

LINE_ENDS = (b"\n", b"\r\n", b"\r")
LINES = (
    b"data: caf\xc3\xa9 \xe2\x9c\x93",
    b"data:x",
    b"data",
    b": note",
    b"event: done",
    b"id: 1",
    b" ",
    b"x:y:z",
)

streams = st.lists(st.sampled_from(LINES + LINE_ENDS + LINE_ENDS), max_size=40).map(b"".join)
cuts = st.lists(st.integers(0, 400), max_size=20)


def pieces(stream: bytes, at: list[int]) -> list[bytes]:
    places = sorted({0, len(stream), *(place for place in at if place < len(stream))})
    return [stream[begin:end] for begin, end in pairwise(places)]


def blocks_of(chunks: list[bytes]) -> list[list[bytes]]:
    """Each block as its lines."""
    splitter = Splitter()
    blocks = [block for chunk in chunks for block in splitter.feed(chunk)]
    return [block.splitlines() for block in blocks + splitter.end()]


def blocks_by_the_standard(stream: bytes) -> list[list[bytes]]:
    """Lines up to an empty one are a block; an empty block is none."""
    blocks: list[list[bytes]] = [[]]
    for line in stream.splitlines():
        if line:
            blocks[-1].append(line)
        else:
            blocks.append([])
    return [block for block in blocks if block]


@given(streams, cuts)
@example(b"data:x\r\rdata:x\r\r", [8])
@example(b"data:x\r\n\r\ndata:x\r\n\r\n", [7, 9])
@example(b"data:x\n\r\n\rdata:x", [8, 9])
def test_any_cutting_of_a_stream_gives_the_blocks_of_the_standard(stream: bytes, at: list[int]) -> None:
    assert blocks_of(pieces(stream, at)) == blocks_by_the_standard(stream)


@pytest.mark.parametrize("line_end", LINE_ENDS)
def test_every_single_cut_gives_the_same_events(line_end: bytes) -> None:
    stream = line_end.join(
        (b": ping", b"", b"data: caf\xc3\xa9", b"data: \xe2\x9c\x93", b"", b"data: [DONE]", b"", b"")
    )
    whole = [[b": ping"], [b"data: caf\xc3\xa9", b"data: \xe2\x9c\x93"], [b"data: [DONE]"]]
    for at in range(len(stream)):
        assert blocks_of(pieces(stream, [at])) == whole
    assert blocks_of([bytes([byte]) for byte in stream]) == whole


def test_a_block_is_given_as_soon_as_its_blank_line_is_there() -> None:
    splitter = Splitter()
    assert splitter.feed(b"data: a\n") == []
    assert splitter.feed(b"\nda") == [b"data: a"]
    assert splitter.feed(b"ta: b\r\n\r") == [b"data: b"]
    assert splitter.feed(b"\ndata: c\r\r") == [b"data: c"]


def test_what_the_end_leaves_without_a_blank_line_is_given_once() -> None:
    splitter = Splitter()
    assert splitter.feed(b"data: a\n\ndata: b\r\n") == [b"data: a"]
    assert splitter.end() == [b"data: b"]
    assert splitter.end() == []


def test_blank_lines_alone_are_no_block() -> None:
    assert blocks_of([b"\n\n", b"\r\n\r\n\r\n", b"\r\r\r"]) == []


def test_a_large_event_in_small_pieces_is_whole() -> None:
    """Looking through it anew with each piece would take minutes."""
    splitter = Splitter()
    for _ in range(40_000):
        assert splitter.feed(b"x" * 20) == []
    assert splitter.feed(b"\n\n") == [b"x" * 800_000]


def test_a_block_of_the_largest_size_is_taken_and_a_larger_one_refused() -> None:
    splitter = Splitter()
    assert splitter.feed(b"x" * LARGEST_BLOCK) == []
    with pytest.raises(UpstreamError, match="larger than 16 MiB"):
        splitter.feed(b"x")


def test_many_blocks_together_may_be_larger_than_one() -> None:
    block = b"data: " + b"x" * (LARGEST_BLOCK // 4)
    assert len(Splitter().feed((block + b"\n\n") * 6)) == 6


@pytest.mark.parametrize(
    ("block", "data"),
    [
        (b"data: a", b"a"),
        (b"data:a", b"a"),
        (b"data:  a ", b" a "),
        (b"data: a:b", b"a:b"),
        (b"data: a\ndata: b", b"a\nb"),
        (b"data: a\r\ndata: b\rdata: c", b"a\nb\nc"),
        (b"event: message\ndata: a\nid: 1", b"a"),
        (b": note\ndata: a", b"a"),
        (b"data:", b""),
        (b": note", None),
        (b"event: ping", None),
        (b"retry: 100", None),
        (b"Data: a", None),
        (b"database: a", None),
    ],
)
def test_data_is_what_the_standard_says(block: bytes, data: bytes | None) -> None:
    assert data_of(block) == data


def test_a_field_called_error_is_data_that_holds_an_error() -> None:
    assert (
        data_of(b'error: {"code":500,"message":"slot is gone"}')
        == b'{"error": {"code":500,"message":"slot is gone"}}'
    )


@given(st.lists(st.sampled_from((b"{", b'"a"', b"\n", b" ", b"}")), max_size=20).map(b"".join))
def test_what_is_written_as_an_event_is_read_back_as_one(data: bytes) -> None:
    blocks = Splitter().feed(event(data))
    assert [data_of(block) for block in blocks] == [data]
