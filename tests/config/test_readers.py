import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from pointsman.config.readers import LONGEST, nearest, one_of, read_duration, show_duration, word, words
from pointsman.modes import Privacy
from pointsman.types import Tier


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("6h", 21_600), ("30m", 1_800), ("45s", 45), ("1d", 86_400), ("1h30m", 5_400), (90, 90), (0.5, 0.5)],
)
def test_a_duration_is_read_in_seconds(written: object, seconds: float) -> None:
    assert read_duration(written) == seconds


def test_false_is_never() -> None:
    assert read_duration(False) is None
    assert show_duration(None) is False


@pytest.mark.parametrize(
    "written", ["", "6", "h", "6 h", "-6h", "1w", "6H", "0s", 0, -1, True, [], "400d", float("nan")]
)
def test_what_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(PydanticCustomError, match="must be a duration"):
        read_duration(written)


@given(st.integers(1, LONGEST) | st.floats(0.001, LONGEST))
def test_a_duration_is_shown_so_that_it_is_read_again(seconds: float) -> None:
    assert read_duration(show_duration(float(seconds))) == seconds


def test_a_member_is_written_by_its_lower_case_name_or_its_own_word() -> None:
    assert [word(tier) for tier in Tier] == ["local", "free", "paid"]
    assert words(Privacy) == "one of any, no-train, local"


@pytest.mark.parametrize("value", ["LOCAL", "", 0, None, True])
def test_only_the_word_itself_names_a_member(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="must be one of local, free, paid"):
        one_of(Tier)(value)


def test_a_name_that_is_like_no_other_has_no_nearest() -> None:
    assert nearest("prot", ("port", "host")) == "port"
    assert nearest("zebra", ("port", "host")) == ""
