"""Whether a first word `@name` calls somebody."""

from dataclasses import replace

import pytest

from pointsman.routing.names import Names
from pointsman.routing.resolve import is_name
from pointsman.routing.understand import addressed, may_mention, understand
from tests.routing.house import model, snapshot
from tests.wire.asking import HELLO, chat

NAMES = Names(aliases={"quick": "local/tiny", "claude-*": "auto"})
HERE = snapshot(model("local/tiny"), model("local/large"))


def said(words: str, name: str = "auto") -> dict[str, object]:
    return {"messages": [{"role": "user", "content": words}], "model": name}


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        ("auto", True),
        ("auto:eco", True),
        ("auto:none", False),
        ("background", True),
        ("quick", True),
        ("tiny", True),
        ("local/tiny", True),
        ("claude-notes.md", False),
        ("README.md", False),
    ],
)
def test_a_word_is_a_name_if_somebody_is_called_exactly_that(word: str, is_one: bool) -> None:
    assert is_name(word, NAMES, HERE) is is_one


def test_whom_the_user_mentions_goes_before_the_model_in_the_body() -> None:
    call = addressed(chat(**said("@quick Why?", "local/large")), NAMES, HERE)
    wanted, _ = understand(call, NAMES, HERE)
    assert (wanted.asked, wanted.via, wanted.models) == ("@quick", "quick", ("local/tiny",))


def test_what_a_call_is_addressed_to_stays_when_it_is_looked_at_again() -> None:
    call = addressed(chat(**said("@quick @large Why?")), NAMES, HERE)
    assert addressed(call, NAMES, HERE) is call


@pytest.mark.parametrize("call", [chat(HELLO), chat(**said("@nobody Why?"))], ids=["no name", "nobody's"])
def test_a_call_that_mentions_nobody_is_as_it_came(call: object) -> None:
    assert addressed(call, NAMES, HERE) is call  # type: ignore[arg-type]


def test_until_all_was_looked_for_nobodys_name_may_be_one_yet() -> None:
    call, looking = chat(**said("@late Why?")), replace(HERE, swept_at=None)
    assert may_mention(call, NAMES, looking)
    assert not may_mention(call, NAMES, HERE)
    assert not may_mention(call, Names(mentions=False), looking)
    assert not may_mention(addressed(chat(**said("@tiny Why?")), NAMES, looking), NAMES, looking)
