"""How much a request demands: the table of words that speak for a hard one or an easy one, and its shape.

0 points are an ordinary request. What nobody can read a sign in, another language say, stays one.
"""

import re
from collections.abc import Iterator, Mapping
from math import log2
from types import MappingProxyType
from typing import NamedTuple

from pointsman.chat import Chat, PartKind, Role
from pointsman.routing.signs import Found, Sign, Signs, named
from pointsman.routing.turn import STOP, Turn, words_of
from pointsman.types import Complexity, TaskKind

# Points from which a request is at least so complex; below all of them it is trivial.
LEVELS = (
    (6.0, Complexity.EXPERT),
    (2.5, Complexity.COMPLEX),
    (-1.75, Complexity.STANDARD),
    (-4.0, Complexity.SIMPLE),
)

DEMANDS = (
    # What takes a plan, or a proof.
    Sign("plan|design|architect|propose|devise ... architecture|infrastructure|system|roadmap|migration", 5),
    Sign("architecture|microservice, system design", 3),
    Sign(
        "refactor|migrate|rewrite|port|redesign ... entire|whole|codebase|project|legacy|monolith|framework",
        4,
    ),
    Sign("prove|disprove|theorem|lemma|corollary|formalize, from first principles, proof of|that", 4),
    Sign("distributed|concurrent|concurrency|deadlock|consensus|scalable|scalability, race condition", 2.5),
    Sign(
        "threat model, security audit|review, fault tolerant|tolerance, high availability, production ready",
        2.5,
    ),
    Sign("from scratch, end to end, full stack", 2),
    Sign("strategy|roadmap|thesis|dissertation|whitepaper, business plan, research proposal, case study", 2),
    # What is to be done with care.
    Sign("comprehensive|thorough|thoroughly|exhaustive|rigorous|rigorously|elaborate, in depth|detail", 2),
    Sign("detailed|complete|advanced|sophisticated|nuanced", 1),
    Sign("step by step, trade off, tradeoff, pros and cons, root cause", 1.5),
    Sign("analyze|analyse|evaluate|assess|critique|investigate|diagnose|optimize|optimise|derive", 1.5),
    Sign("debug|algorithm|implement|architect, dynamic programming, time|space complexity", 1),
    Sign("integral|differential|eigenvalue|topology|manifold|stochastic|bayesian|quantum|relativity", 1),
    Sign("liability|plaintiff|defendant|statute|constitutional|contract|diagnosis|syndrome|pathology", 1),
    # What has to be kept in mind at once: each exception, condition and proportion.
    Sign("except|unless|neither|nor|however|although|despite, but not", 1.25),
    Sign("not|never|cannot|isn't|aren't|doesn't|don't|wasn't|didn't|without|no", 1.25),
    Sign("if|then|suppose|assume|assuming|otherwise|whenever, given that", 0.5),
    Sign("must|exactly|constraint|requirement, at least|most", 0.5),
    Sign("percent|percentage|twice|half|third|quarter|fraction|ratio|remaining|rest|than", 0.5),
)

EASE = (
    Sign("^ what|who|when|where is|are|was|were|did", -1.5),
    Sign("^ define|spell|name", -2),
    Sign("capital|synonym|antonym|meaning|definition|plural|opposite of", -2),
    Sign("yes or no, one|single word|sentence|line|emoji", -1.5),
    Sign("briefly|shortly|quickly|simple|basic|brief|quick|short", -1),
    Sign("^ heartbeat|keepalive|healthcheck", -5),
    Sign("heartbeat md|ok", -5),
    Sign("title|tag|emoji for this|the|a conversation|chat|session", -2),
)

REVISIONS = (
    Sign("that's|that is|it's|this is|you're|you are wrong|incorrect|mistaken|not, try again|harder", 1),
    Sign("still doesn't|not|fails|failing|broken|wrong|getting, didn't|doesn't work, not what i", 1),
    Sign("^ wrong|incorrect|redo|again", 1),
)

_OF_KIND = MappingProxyType(
    {
        TaskKind.CODE: 1.0,
        TaskKind.ANALYSIS: 1.0,
        TaskKind.RESEARCH: 1.0,
        TaskKind.REASONING: 0.5,
        TaskKind.CREATIVE: 0.5,
        TaskKind.SUMMARIZE: -1.0,
        TaskKind.EXTRACT: -1.0,
        TaskKind.TRANSFORM: -1.0,
        TaskKind.BACKGROUND: -2.0,
    }
)

USUAL = 400  # characters of an ordinary request; twice as many are half a point
SHORT = 240  # characters, up to which an easy question is all that is asked
LONGEST = 3.0  # points for the length alone: what was pasted in is not harder for being longer still
LARGE_SYSTEM = 4_000  # characters of a system prompt that holds more than manners
MANY = 3  # demands in a list, or questions

_SIGNS = Signs({"demand": DEMANDS, "ease": EASE, "revision": REVISIONS})
_GREETINGS = frozenset(
    words_of("ping pong hi hello hey there thanks thank you a lot very much test testing bye")
)
# So common in English, and in no other language, that a text without them is in another.
_ENGLISH = frozenset(
    words_of("the of to is are and what how who for with that this it you when an write my please")
)
_ITEM = re.compile(r"\n[ \t]{0,8}(?:[-*]|[0-9]{1,3}[.)]) ")
_LENGTH = re.compile(r"([0-9][0-9,]{0,7})[ -]?(word|page|paragraph|chapter|essay)s?\b")
_WORDS_EACH = MappingProxyType({"word": 1, "page": 400, "paragraph": 100, "chapter": 1_500, "essay": 800})
_LENGTHS = ((3_000, 6.0), (1_000, 4.5), (300, 1.5))  # words asked for, and points for them


class Effort(NamedTuple):
    """How hard a request is. `points` order requests of the same complexity, for whoever compares them."""

    complexity: Complexity
    points: float
    reason: str


def effort_of(turn: Turn, kind: TaskKind, chat: Chat, *, revises: bool = False) -> Effort:
    """A revision of what has just been answered is one step harder than its words are, whoever says it."""
    seen = _SIGNS.seen(turn.words)
    told = [*seen.get("demand", ()), *_easy(turn, seen), *_length(turn), *_shape(turn, chat), _of_kind(kind)]
    points = sum(found.weight for found in told)
    complexity = next((level for least, level in LEVELS if points >= least), Complexity.TRIVIAL)
    telling = [found for found in told if found.weight * points > 0]
    revised = seen.get("revision", []) if turn.follows else []
    if revised or revises:
        complexity, telling = Complexity(min(complexity + 1, Complexity.EXPERT)), revised or telling
    return Effort(complexity, points, named(telling) or "nothing unusual")


def _of_kind(kind: TaskKind) -> Found:
    return Found(kind.value, _OF_KIND.get(kind, 0.0))


def _length(turn: Turn) -> Iterator[Found]:
    """It says nothing of what can't be read, and if short, nothing of what goes on with something earlier."""
    points = min(LONGEST, log2(max(turn.size, 1) / USUAL) / 2)
    if _is_english(turn) and (points > 0 or not turn.follows):
        yield Found("short" if points < 0 else "long", points)
    yield from _asked_length(turn)


def _is_english(turn: Turn) -> bool:
    common = sum(word in _ENGLISH for word in turn.words)
    return common * 10 >= max(1, len(turn.words)) or _is_greeting(turn)


def _is_greeting(turn: Turn) -> bool:
    said = [word for word in turn.words if word != STOP]
    return 0 < len(said) <= 4 and _GREETINGS.issuperset(said)


def _easy(turn: Turn, seen: Mapping[str, list[Found]]) -> Iterator[Found]:
    if turn.size <= SHORT:
        yield from seen.get("ease", ())
    if _is_greeting(turn):
        yield Found("a few words", -4.0)


def _asked_length(turn: Turn) -> Iterator[Found]:
    """`in 2,000 words`, `a 10-page report`"""
    for number, unit in _LENGTH.findall(turn.text)[:MANY]:
        words = int(number.replace(",", "")) * _WORDS_EACH[unit]
        points = next((points for least, points in _LENGTHS if words >= least), 0.0)
        if points:
            yield Found(f"{number} {unit}s", points)


def _shape(turn: Turn, chat: Chat) -> Iterator[Found]:
    if (items := len(_ITEM.findall(turn.text))) >= MANY:
        yield Found(f"a list of {items}", 1.0 if items < 3 * MANY else 2.0)
    if turn.text.count("?") >= MANY:
        yield Found("several questions", 0.5)
    if turn.fenced:
        yield Found("a code fence", 0.5)
    if chat.tools:
        yield Found("tools", 0.5)
    if (
        sum(len(part.text) for one in chat.messages if one.role is Role.SYSTEM for part in one.parts)
        > LARGE_SYSTEM
    ):
        yield Found("a large system prompt", 0.5)
    if any(part.kind is PartKind.IMAGE for one in chat.messages for part in one.parts):
        yield Found("an image", 0.5)
