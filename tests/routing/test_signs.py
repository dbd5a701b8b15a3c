import pytest

from pointsman.routing.signs import FAR, NEAR, Found, Sign, Signs, named
from pointsman.routing.turn import words_of


def seen(pattern: str, text: str, weight: float = 1) -> list[Found]:
    return Signs({"it": (Sign(pattern, weight),)}).seen(words_of(text.lower())).get("it", [])


@pytest.mark.parametrize(
    ("pattern", "text", "shown"),
    [
        ("poem", "a poem", "poem"),
        ("poem|story", "two stories", "stories"),
        ("write ... poem", "Write me a long, sad poem.", "write ... poem"),
        ("write ... cover letter", "write a letter, a cover letter", "write ... cover letter"),
        ("pros and cons, swot", "its pros and cons", "pros and cons"),
        ("pros and cons, swot", "a SWOT matrix", "swot"),
        ("^ explain", "Explain it", "explain"),
        ("^ explain", "Hi! Could you please explain it", "explain"),
        ("^ explain", "It is long.\nNow explain it", "explain"),
        ("0 km", "it is 12 km away", "0 km"),
    ],
)
def test_a_sign_is_seen_by_its_words(pattern: str, text: str, shown: str) -> None:
    assert seen(pattern, text) == [Found(shown, 1)]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("poem", "poetry"),
        ("write ... poem", "write a letter. The poem"),
        ("write ... poem", "write one two three four five six seven eight nine poem"),
        ("pros and cons", "pros or cons"),
        ("^ explain", "the words explain it"),
        ("write ... poem", "don't write a poem"),
    ],
)
def test_a_sign_is_not_seen_elsewhere(pattern: str, text: str) -> None:
    assert seen(pattern, text) == []


def test_a_sign_counts_once_where_it_is_worth_most() -> None:
    far = "x " * NEAR + "poem " + "x " * NEAR
    assert seen("poem", far, 4) == [Found("poem", 4 * FAR)]
    assert seen("poem", f"{far} poem poem", 4) == [Found("poem", 4)]


def test_each_meaning_has_its_own() -> None:
    signs = Signs({"a": (Sign("one", 1), Sign("two", 2)), "b": (Sign("two", -3),)})
    assert signs.seen(("two", "one")) == {"a": [Found("two", 2), Found("one", 1)], "b": [Found("two", -3)]}


def test_the_weightiest_are_named() -> None:
    assert named([Found("a", 1), Found("b", -3), Found("c", 2), Found("d", 0.5), Found("b", -3)]) == "b, c"
