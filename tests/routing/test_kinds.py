import pytest

from pointsman.routing.kinds import KINDS, kind_of, own_signs
from pointsman.routing.turn import read
from pointsman.types import TaskKind


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Write a script that renames my photos", TaskKind.CODE),
        ("Write a script for a video about my cat", TaskKind.CREATIVE),
        ("Write a summary of this article", TaskKind.SUMMARIZE),
        ("Fix the bug in the login function", TaskKind.CODE),
        ("What does this do?\n```\nx = f(y)\n```", TaskKind.CODE),
        ("def area(r):\n    return", TaskKind.CODE),
        ("Prove that the square root of 2 is irrational", TaskKind.REASONING),
        ("A train goes 60 km in 2 hours. How many km does it go in 5?", TaskKind.REASONING),
        ("What are the pros and cons of remote work?", TaskKind.ANALYSIS),
        ("Compare these two offers", TaskKind.ANALYSIS),
        ("Write me a poem about the sea", TaskKind.CREATIVE),
        ("Please summarize the following text: ...", TaskKind.SUMMARIZE),
        ("Extract all names from the text below", TaskKind.EXTRACT),
        ("Classify this review as positive or negative", TaskKind.EXTRACT),
        ("Translate it into French", TaskKind.TRANSFORM),
        ("Don't summarize it, translate it", TaskKind.TRANSFORM),
        ("Research the latest papers on battery chemistry", TaskKind.RESEARCH),
        ("Generate a title for this conversation", TaskKind.BACKGROUND),
        ("Index my notes in the background", TaskKind.BACKGROUND),
        ("Write a scene with thunder in the background", TaskKind.CREATIVE),
        ("How do I boil an egg?", TaskKind.GENERAL),
        ("", TaskKind.GENERAL),
        ("📈🎉", TaskKind.GENERAL),
        ("Schreib mir ein Gedicht", TaskKind.GENERAL),
        ("QWxhZGRpbjpvcGVuIHNlc2FtZQ==" * 100, TaskKind.GENERAL),
    ],
)
def test_the_kind_is_told_by_the_words(words: str, kind: TaskKind) -> None:
    assert kind_of(read([words]))[0] is kind


@pytest.mark.parametrize(
    "words",
    [
        "Write a program that runs in the background",
        "Set a background image in CSS",
        "How do I run a background job in Rails?",
        "Refactor the background job system to use Celery",
        "Run the tests in the background and fix what fails",
        "Start the dev server in the background",
        "Explain how apps sync data in the background",
        "Design a job scheduler with background jobs and heartbeats between its workers",
        "Implement a keepalive mechanism",
        "What is a healthcheck in docker compose?",
        "Create a title for the chat app I'm building",
        "Why does my nightly build fail?",
        "Do you see the person in the background of this image?",
        "Check the object in the background of this photo",
    ],
)
def test_somebody_waits_for_what_only_tells_of_the_background(words: str) -> None:
    assert kind_of(read([words]))[0] is not TaskKind.BACKGROUND


@pytest.mark.parametrize(
    "words",
    [
        "HEARTBEAT",
        "Read HEARTBEAT.md if it exists. If nothing needs attention, reply HEARTBEAT_OK.",
        "Generate a concise title with an emoji summarizing the chat history.",
        "Please write a 5-10 word title for the following conversation:",
        "Generate tags categorizing the main themes of the chat history",
    ],
)
def test_nobody_waits_for_what_programs_ask_by_themselves(words: str) -> None:
    assert kind_of(read([words]))[0] is TaskKind.BACKGROUND


def test_what_it_was_told_by_is_named() -> None:
    assert kind_of(read(["Write a Python script"]))[1] == "write ... script, python"
    assert kind_of(read(["Grüezi"]))[1] == "no sign of another"


def test_a_request_at_the_end_counts_more_than_what_it_is_about() -> None:
    story = "He went to write a poem, and she read the story of the song to him once more.\n" * 40
    assert kind_of(read([f"{story}\nTranslate all that to French"]))[0] is TaskKind.TRANSFORM


def test_every_kind_but_the_fast_one_has_signs() -> None:
    assert set(KINDS) == set(TaskKind) - {TaskKind.FAST}
    assert all(sign.weight > 0 for signs in KINDS.values() for sign in signs)


def test_the_users_own_signs_are_louder_than_all_others() -> None:
    own = own_signs({TaskKind.BACKGROUND: ["^ triage", "nightly ... report"], TaskKind.FAST: ["lights on"]})
    asked = read(["Please write a Python function for the nightly sales report"])
    assert kind_of(asked)[0] is TaskKind.CODE
    kind, why = kind_of(asked, own)
    assert kind is TaskKind.BACKGROUND
    assert why.startswith("nightly ... report")
    assert kind_of(read(["Triage these bugs"]), own)[0] is TaskKind.BACKGROUND
    assert kind_of(read(["Turn the lights on"]), own)[0] is TaskKind.FAST
    assert own_signs({}) is None
