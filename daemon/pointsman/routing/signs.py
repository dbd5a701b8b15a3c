"""Signs: words that speak for something, in a small language that a person can read and write.

    write|compose ... poem|story     one of the first two words, and within a few words one of the others
    pros and cons, swot              these words side by side, or this one
    ^ explain|describe               where a sentence begins, but for "please", "can you" and their like
    0                                any number

A word stands for its plural too. No sign reaches over the end of a sentence or of a line.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from pointsman.routing.turn import STOP, words_of

REACH = 8  # words that may stand where a sign has `...`
NEAR = 60  # words from either end, beyond which stands what a request is about rather than what it asks
FAR = 0.25  # what a sign out there is worth
TRIED = 6  # places of a word, at either end, at which signs are looked for that begin with it
MOST_COURTESY = 8  # words

# What stands before a request without being one.
_COURTESY = frozenset(
    words_of(
        "please kindly can could would will you i we want need like love to help me us hi hello hey dear now "
        "then also and so ok okay first next try just let's lets i'd i'm trying looking for your task is here"
    )
)
_NOT = frozenset(words_of("not don't dont never without won't can't cannot"))
_HISSES = ("s", "x", "z", "ch", "sh")

Meaning = TypeVar("Meaning", bound=Hashable)


class Sign(NamedTuple):
    """A `weight` below zero speaks against."""

    pattern: str
    weight: float


class Found(NamedTuple):
    """A sign that was seen, by these words; what it is worth where it stands."""

    words: str
    weight: float


class _Phrase(NamedTuple):
    """Places side by side, each with the words that may stand there."""

    places: tuple[frozenset[str], ...]

    def stands_at(self, words: Sequence[str], at: int) -> bool:
        if at + len(self.places) > len(words):
            return False
        return all(words[at + offset] in place for offset, place in enumerate(self.places))

    def after(self, words: Sequence[str], start: int) -> int | None:
        """Where it stands next, within reach and in the same sentence."""
        for at in range(start, min(len(words), start + REACH + 1)):
            if self.stands_at(words, at):
                return at
            if words[at] == STOP:
                return None
        return None


class _Pattern(NamedTuple):
    phrases: tuple[_Phrase, ...]
    opens: bool
    sign: Sign
    rest: tuple[frozenset[str], ...]  # the places after its first

    def may_stand_in(self, said: frozenset[str]) -> bool:
        """Whether there is a word for each of its places: what is seldom so, and soon known."""
        for place in self.rest:  # noqa: SIM110 - a generator takes twice the time
            if place.isdisjoint(said):
                return False
        return True

    def seen(self, words: Sequence[str], places: Sequence[int]) -> Found | None:
        """Where it is worth most, of the places where it may begin."""
        best: Found | None = None
        for at in places:
            if end := self._end(words, at):
                near = at < NEAR or at >= len(words) - NEAR
                if near:
                    return Found(self._shown(words[at:end]), self.sign.weight)
                best = Found(self._shown(words[at:end]), self.sign.weight * FAR)
        return best

    def _end(self, words: Sequence[str], at: int) -> int | None:
        """The place after its last word, if it begins at this one."""
        first, *others = self.phrases
        if not first.stands_at(words, at) or (at and words[at - 1] in _NOT):
            return None
        if self.opens and not _opens(words, at):
            return None
        end = at + len(first.places)
        for phrase in others:
            if (place := phrase.after(words, end)) is None:
                return None
            end = place + len(phrase.places)
        return end

    def _shown(self, words: Sequence[str]) -> str:
        """The words of its first and of its last phrase."""
        if len(self.phrases) == 1:
            return " ".join(words)
        first, last = len(self.phrases[0].places), len(self.phrases[-1].places)
        return f"{' '.join(words[:first])} ... {' '.join(words[-last:])}"


class Signs(Generic[Meaning]):
    """A table of signs by what they mean. Each is tried at a bounded number of places, whatever was said."""

    def __init__(self, table: Mapping[Meaning, Sequence[Sign]]) -> None:
        self._starts: dict[str, list[tuple[Meaning, _Pattern]]] = {}
        for meaning, signs in table.items():
            for pattern in (one for sign in signs for one in _compiled(sign)):
                for word in pattern.phrases[0].places[0]:
                    self._starts.setdefault(word, []).append((meaning, pattern))

    def seen(self, words: Sequence[str]) -> dict[Meaning, list[Found]]:
        """Each sign once, where it is worth most."""
        best: dict[tuple[Meaning, Sign], Found] = {}
        for meaning, sign, found in self._all(words):
            if (known := best.get((meaning, sign))) is None or abs(found.weight) > abs(known.weight):
                best[meaning, sign] = found
        seen: dict[Meaning, list[Found]] = {}
        for (meaning, _), found in best.items():
            seen.setdefault(meaning, []).append(found)
        return seen

    def _all(self, words: Sequence[str]) -> Iterator[tuple[Meaning, Sign, Found]]:
        said = frozenset(words)
        for word, places in self._places(words).items():
            for meaning, pattern in self._starts[word]:
                if pattern.may_stand_in(said) and (found := pattern.seen(words, places)):
                    yield meaning, pattern.sign, found

    def _places(self, words: Sequence[str]) -> dict[str, list[int]]:
        """Of each word that a sign begins with the first places and the last."""
        places: dict[str, list[int]] = {}
        for at, word in enumerate(words):
            if word in self._starts:
                places.setdefault(word, []).append(at)
        return {word: at if len(at) <= 2 * TRIED else at[:TRIED] + at[-TRIED:] for word, at in places.items()}


def named(seen: Iterable[Found], most: int = 3) -> str:
    """The weightiest of them: `write ... script, python`"""
    heaviest = sorted(seen, key=lambda one: -abs(one.weight))
    return ", ".join(dict.fromkeys(one.words for one in heaviest[:most]))


def _opens(words: Sequence[str], at: int) -> bool:
    """Whether only courtesy stands between here and the beginning of the sentence."""
    for before in range(at - 1, max(-1, at - MOST_COURTESY - 1), -1):
        if words[before] not in _COURTESY:
            return words[before] == STOP
    return at <= MOST_COURTESY


def _compiled(sign: Sign) -> Iterator[_Pattern]:
    opens = sign.pattern.startswith("^ ")
    for either in sign.pattern.removeprefix("^ ").split(", "):
        phrases = tuple(map(_phrase, either.split(" ... ")))
        rest = [place for phrase in phrases for place in phrase.places][1:]
        yield _Pattern(phrases, opens, sign, tuple(rest))


def _phrase(text: str) -> _Phrase:
    return _Phrase(tuple(frozenset(_forms(place.split("|"))) for place in text.split()))


def _forms(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        yield word
        if word.endswith("y") and word[-2:-1] not in "aeiou":
            yield word[:-1] + "ies"
        else:
            yield word + ("es" if word.endswith(_HISSES) else "s")
