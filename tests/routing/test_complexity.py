import pytest

from pointsman.chat import Chat, Message, Part, PartKind, Role
from pointsman.routing.complexity import LARGE_SYSTEM, Effort, effort_of
from pointsman.routing.kinds import kind_of
from pointsman.routing.turn import read
from pointsman.types import Complexity

NOTHING = Chat(())


def effort(words: str, chat: Chat = NOTHING, *, follows: bool = False) -> Effort:
    turn = read([words], follows=follows)
    return effort_of(turn, kind_of(turn)[0], chat)


@pytest.mark.parametrize(
    ("words", "complexity"),
    [
        ("thanks!", Complexity.TRIVIAL),
        ("Reply HEARTBEAT_OK if nothing needs attention", Complexity.TRIVIAL),
        ("What is the plural of ox?", Complexity.TRIVIAL),
        ("Translate this into German: I like cake", Complexity.SIMPLE),
        ("Why is the sky blue?", Complexity.SIMPLE),
        ("Write a function that reverses a list", Complexity.STANDARD),
        ("Refactor the whole codebase to use asyncio", Complexity.COMPLEX),
        ("Prove that there are infinitely many primes", Complexity.COMPLEX),
        ("Design the architecture of a scalable, fault tolerant queue from scratch", Complexity.EXPERT),
        ("", Complexity.STANDARD),
        ("请写一个排序算法", Complexity.STANDARD),
        ("字" * 100_000, Complexity.STANDARD),
        ("Wie spät ist es?", Complexity.STANDARD),
    ],
)
def test_how_much_is_asked_is_told_by_the_words(words: str, complexity: Complexity) -> None:
    assert effort(words).complexity is complexity


def test_an_asked_length_counts() -> None:
    short, long, longest = (
        effort(f"Write an essay about Rome{more}") for more in ("", " in 1,500 words", LONG)
    )
    assert short.complexity is Complexity.STANDARD
    assert long.complexity is Complexity.COMPLEX
    assert short.points < long.points < longest.points
    assert "1,500 words" in long.reason


LONG = ", of 20 pages"


def test_a_longer_request_is_harder_up_to_a_point() -> None:
    points = [
        effort("Tell me what the report is about. " * times).points for times in (1, 10, 100, 10_000, 20_000)
    ]
    assert points == sorted(points)
    assert points[-1] == points[-2]


def test_what_comes_with_it_counts() -> None:
    image = Message(Role.USER, (Part(PartKind.IMAGE),))
    system = Message(Role.SYSTEM, (Part(PartKind.TEXT, "x" * (LARGE_SYSTEM + 1)),))
    bare = effort("Explain it").points
    assert effort("Explain it", Chat((system, image), tools=2)).points == bare + 1.5


def test_a_list_of_demands_counts() -> None:
    few, many = (effort("It has to:" + "\n- work well" * number) for number in (3, 12))
    assert "a list of 12" in many.reason
    assert many.points > few.points + 1


def test_a_revision_is_a_step_harder_than_its_words() -> None:
    words = "That's wrong, try again"
    first, again = effort(words), effort(words, follows=True)
    assert again.complexity is Complexity(effort("Do it", follows=True).complexity + 1)
    assert first.complexity < again.complexity
    assert "try again" in again.reason


def test_that_what_goes_on_is_short_says_nothing() -> None:
    assert effort("Do it for the other one").complexity is Complexity.SIMPLE
    assert effort("Do it for the other one", follows=True).complexity is Complexity.STANDARD


def test_an_easy_question_at_the_end_of_much_is_not_easy() -> None:
    story = "She walked on, and the road was long. " * 20
    assert effort(f"{story} What is the name of her horse?").complexity >= Complexity.STANDARD
