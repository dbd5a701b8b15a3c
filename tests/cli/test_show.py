"""Tables, durations, money; and that nothing harmful or unencodable gets out."""

import fcntl
import io
import os
import pty
import struct
import termios
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.cli.show import (
    Columns,
    Screen,
    ago,
    align,
    bar,
    count,
    duration,
    flat,
    money,
    per_cent,
    size,
    width,
)

TEXT = st.text(st.characters(), max_size=30)  # lone surrogates included


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("columns", "widest"), [(40, 40), (200, 100)])
def test_a_paragraph_is_as_wide_as_the_terminal_and_no_wider_than_a_page(columns: int, widest: int) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with os.fdopen(ours, "rb") as screen, os.fdopen(theirs, "w", encoding="utf-8") as out:
        Screen(out, out, {"NO_COLOR": "1"}).paragraph("as wide as it may be " * 9, indent="   ")
        out.flush()
        shown = screen.read1().decode().splitlines()
    assert widest - len("wide ") <= max(map(len, shown)) <= widest


class Ascii(io.TextIOWrapper):
    """A stream as LANG=C makes it."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="ascii", errors="strict")

    def text(self) -> str:
        self.flush()
        held = self.buffer
        assert isinstance(held, io.BytesIO)
        return held.getvalue().decode("ascii")


def screen_on(out: io.TextIOBase, environ: dict[str, str] | None = None) -> Screen:
    assert isinstance(out, io.StringIO | io.TextIOWrapper)
    return Screen(out, out, environ or {})


def test_a_bar_is_full_when_all_is_used_up_and_not_before() -> None:
    assert bar(0.0, [0.5, 1.0]) == f"[{'.' * 20}|{'.' * 19}]"
    assert bar(0.9999) == f"[{'#' * 39}.]"
    assert bar(1.0) == bar(7.0) == f"[{'#' * 40}]"


@pytest.mark.parametrize(("share", "shown"), [(0.0, "0 %"), (0.29, "29 %"), (0.9999, "99 %"), (1.7, "170 %")])
def test_what_is_not_all_is_never_a_hundred_per_cent(share: float, shown: str) -> None:
    assert per_cent(share) == shown


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert list(align(("A", "LONG"), [("abc", "x"), ("d", "y")])) == ["A    LONG", "abc  x", "d    y"]


def test_rows_that_come_one_by_one_are_as_wide_as_the_widest_so_far() -> None:
    columns = Columns((2, 1))
    rows = [("a", "x"), ("long", "y"), ("日本", "z"), ("b\x1b", "")]
    assert [columns.row(row) for row in rows] == ["a   x", "long  y", "日本  z", "b\\x1b"]


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    rows = [("日本", "|"), ("e\u0301", "|"), ("👩\u200d💻", "|"), ("abcd", "|")]
    lines = list(align(("NAME", "END"), rows))
    assert {width(line[: line.index("|")]) for line in lines[1:]} == {6}


def test_a_column_that_nobody_fills_is_left_out() -> None:
    assert list(align(("A", "NOTE", "B"), [("1", "", "2")])) == ["A  B", "1  2"]


def test_a_long_id_is_never_cut() -> None:
    long = "llama-server/" + "x" * 300
    assert long in next(line for line in align(("MODEL",), [(long,)]) if line != "MODEL")


def test_no_rows_make_no_table() -> None:
    assert list(align(("A",), [])) == []


@given(TEXT)
def test_what_comes_from_upstream_stays_on_one_line_and_commands_no_terminal(text: str) -> None:
    shown = flat(text)
    assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in shown)
    assert not any(unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE", "PDF") for c in shown)


@given(TEXT)
def test_every_text_can_be_shown_where_only_ascii_can(text: str) -> None:
    stream = Ascii()
    screen = screen_on(stream)
    screen.line(text)
    screen.piece(text)
    screen.note(text)
    screen.json({"text": text})
    assert stream.text().isascii()


def test_an_escape_sequence_is_shown_and_not_obeyed() -> None:
    out = io.StringIO()
    screen_on(out).piece("\x1b[2Jbye\r\n\tnow \x9b31m")
    assert out.getvalue() == "\\x1b[2Jbye\\x0d\n\tnow \\x9b31m"


def test_colour_is_for_terminals_alone() -> None:
    pipe, terminal = io.StringIO(), Terminal()
    screen_on(pipe).line("text", style="local")
    screen_on(terminal).line("te\x1bxt", style="local")
    assert pipe.getvalue() == "text\n"
    assert terminal.getvalue() == "\x1b[32mte\\x1bxt\x1b[0m\n"


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_color_and_dumb_terminals_are_honoured(environ: dict[str, str]) -> None:
    terminal = Terminal()
    screen_on(terminal, environ).line("text", style="paid")
    assert terminal.getvalue() == "text\n"


@pytest.mark.parametrize(
    ("nano", "shown"),
    [
        (None, "unknown"),
        (0, "$0"),
        (1, "$0.000000001"),
        (12_345, "$0.000012"),
        (4_200_000, "$0.0042"),
        (50_000_000, "$0.050"),
        (1_234_000_000, "$1.23"),
        (1_234_567_000_000_000, "$1,234,567.00"),
    ],
)
def test_money_is_never_rounded_to_nothing(nano: int | None, shown: str) -> None:
    assert money(nano) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.04, "40 ms"), (3.25, "3.2 s"), (12.9, "12 s"), (61, "1 min"), (7_300, "2 h"), (200_000, "2 d")],
)
def test_durations_are_as_exact_as_a_person_asks_for(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_counts_ages_and_sizes_are_spelt_out() -> None:
    assert [count(1, "model"), count(1_204, "token"), count(None, "token")] == [
        "1 model",
        "1,204 tokens",
        "? tokens",
    ]
    assert [ago(0.2), ago(90)] == ["just now", "1 min ago"]
    assert [size(None), size(640_000_000), size(2_400_000_000)] == ["", "640 MB", "2.4 GB"]
