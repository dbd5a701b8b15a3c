import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.wire.typed import typed, typed_span

REMINDER = "<system-reminder>Be brief.</system-reminder>"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"{REMINDER}\n Fix it", "Fix it"),
        (f"Fix it\n\n{REMINDER}", "Fix it"),
        (f"{REMINDER}{REMINDER} Fix it {REMINDER}", "Fix it"),
        ("<environment_details>a\nb</environment_details>Go", "Go"),
        ("<system-reminder> is what?", "<system-reminder> is what?"),
        (f"Why is {REMINDER} here?", f"Why is {REMINDER} here?"),
        (REMINDER, ""),
    ],
)
def test_blocks_before_and_after_are_taken_off(text: str, left: str) -> None:
    assert typed(text) == left


@given(st.lists(st.sampled_from((REMINDER, " ", "\n", "Fix it", "<system-reminder>", "\u3000"))).map("".join))
def test_where_it_stands_is_told_too(text: str) -> None:
    start, end = typed_span(text)
    assert 0 <= start <= end <= len(text)
    assert text[start:end] == typed(text) == typed(text).strip()
