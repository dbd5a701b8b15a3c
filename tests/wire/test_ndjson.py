import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import UpstreamError
from pointsman.wire.ndjson import LARGEST_LINE, Splitter


def test_whole_lines_come_out_and_the_rest_waits() -> None:
    lines = Splitter()
    assert lines.feed(b'{"a":1}\n{"b"') == [b'{"a":1}']
    assert lines.feed(b":2}\r\n") == [b'{"b":2}\r']
    assert lines.end() == []


def test_a_last_line_without_an_end_comes_at_the_end() -> None:
    lines = Splitter()
    assert lines.feed(b"1\n2") == [b"1"]
    assert lines.end() == [b"2"]
    assert lines.end() == []


def test_empty_lines_are_none() -> None:
    lines = Splitter()
    assert lines.feed(b"\n \r\n\n1\n\n") == [b"1"]


@given(st.lists(st.binary(max_size=6), max_size=8))
def test_it_does_not_matter_where_the_bytes_are_cut(pieces: list[bytes]) -> None:
    lines = Splitter()
    found = [line for piece in pieces for line in lines.feed(piece)] + lines.end()
    assert found == [line for line in b"".join(pieces).split(b"\n") if line.strip()]


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    lines = Splitter()
    lines.feed(b"x" * LARGEST_LINE)
    with pytest.raises(UpstreamError, match="larger than 16 MiB"):
        lines.feed(b"x")
