import re

import pytest
from multidict import CIMultiDict

from pointsman.calls import Hints
from pointsman.errors import BadRequest
from pointsman.modes import Privacy
from pointsman.types import Grade, Priority, TaskKind
from pointsman.wire.hints import LONGEST_NAME, read_hints


def test_without_headers_nothing_is_hinted() -> None:
    assert read_hints({}) == Hints(app="", privacy=Privacy.ANY, priority=None)


@pytest.mark.parametrize(
    ("word", "privacy"),
    [
        ("local", Privacy.LOCAL),
        (" LOCAL ", Privacy.LOCAL),
        ("no-train", Privacy.NO_TRAIN),
        ("any", Privacy.ANY),
    ],
)
def test_privacy_is_read_whatever_its_case(word: str, privacy: Privacy) -> None:
    assert read_hints(CIMultiDict({"x-pointsman-privacy": word})).privacy is privacy


@pytest.mark.parametrize("word", ["locale", "", "none", "local,any"])
def test_a_privacy_that_means_nothing_is_refused_rather_than_taken_for_any(word: str) -> None:
    with pytest.raises(BadRequest, match="X-Pointsman-Privacy is local, no-train or any"):
        read_hints({"X-Pointsman-Privacy": word})


@pytest.mark.parametrize("words", [("any", "local"), ("local", "any"), ("local", "local")])
def test_a_header_that_is_there_twice_is_refused_rather_than_half_heard(words: tuple[str, str]) -> None:
    with pytest.raises(BadRequest, match="x-pointsman-privacy is there more than once"):
        read_hints(CIMultiDict([("X-Pointsman-Privacy", words[0]), ("x-pointsman-privacy", words[1])]))


def test_an_application_names_itself() -> None:
    assert read_hints({"X-Pointsman-App": " my script \N{SNOWMAN} "}).app == "my script \N{SNOWMAN}"
    assert read_hints({"X-Pointsman-App": "x" * LONGEST_NAME}).app == "x" * LONGEST_NAME


@pytest.mark.parametrize("name", ["x" * (LONGEST_NAME + 1), "a\x1b[31mb", "a\nb", "a\udc80"])
def test_a_name_that_could_not_be_shown_is_refused(name: str) -> None:
    with pytest.raises(BadRequest, match="X-Pointsman-App"):
        read_hints({"X-Pointsman-App": name})


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("critical", Priority.CRITICAL),
        (" Normal ", Priority.NORMAL),
        ("BACKGROUND", Priority.BACKGROUND),
    ],
)
def test_priority_is_read_whatever_its_case(word: str, priority: Priority) -> None:
    assert read_hints(CIMultiDict({"x-pointsman-priority": word})).priority is priority


@pytest.mark.parametrize("word", ["", "high", "0", "critical,normal"])
def test_a_priority_that_means_nothing_is_refused(word: str) -> None:
    with pytest.raises(BadRequest, match="X-Pointsman-Priority is one of critical, normal, background"):
        read_hints({"X-Pointsman-Priority": word})


def test_what_a_request_says_of_itself_is_read() -> None:
    said = {
        "X-Pointsman-Role": "memory",
        "X-Pointsman-Profile": "eco",
        "X-Pointsman-Floor": "Generation",
        "X-Pointsman-Task": "code",
        "X-Pointsman-Max-Cost": "$0.05",
        "X-Pointsman-Session": "one",
        "X-Pointsman-Revision": "true",
    }
    assert read_hints(CIMultiDict(said)) == Hints(
        role="memory",
        profile="eco",
        floor=Grade.GENERATION,
        kind=TaskKind.CODE,
        at_most=50_000_000,
        session="one",
        revises=True,
    )


@pytest.mark.parametrize(
    ("name", "word", "says"),
    [
        ("Floor", "best", "is one of simple, routine, generation, reasoning, not 'best'"),
        ("Task", "poetry", "is one of code, reasoning, analysis"),
        ("Max-Cost", "5 EUR", "is an amount of US dollars such as 0.05, not '5 EUR'"),
        ("Max-Cost", "-1", "is an amount of US dollars"),
        ("Max-Cost", "nan", "is an amount of US dollars"),
        ("Revision", "maybe", "is true or false, not 'maybe'"),
        ("Wish", "x", "x-pointsman-wish is not understood"),
    ],
)
def test_what_means_nothing_is_refused_with_what_would(name: str, word: str, says: str) -> None:
    with pytest.raises(BadRequest, match=re.escape(says)):
        read_hints(CIMultiDict({f"X-Pointsman-{name}": word}))
