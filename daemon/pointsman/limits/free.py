"""What costs nothing is counted before it is asked, so that nobody runs into a provider's wall.

A minute is any sixty seconds: whatever window the provider looks through, no more than its number are in it.
A request may be on its way for a while, so that it counts for that much longer. A day is the calendar's in
the provider's zone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from types import MappingProxyType
from typing import NamedTuple, Protocol

from pointsman.calls import Parked
from pointsman.limits.windows import Day, Window, zone
from pointsman.types import Model

DAY = "day"
SPANS = MappingProxyType({"second": 1.2, "minute": 65.0})  # seconds, with those of the way there


class Allowance(Protocol):
    """So many requests in a span, as a row of the catalogue says."""

    @property
    def count(self) -> int: ...
    @property
    def span(self) -> str: ...
    @property
    def by_model(self) -> bool: ...
    @property
    def zone(self) -> str: ...
    @property
    def bought(self) -> int: ...
    @property
    def what(self) -> str: ...


class FreeCall(NamedTuple):
    """One request that was counted. `number` tells those apart that came in the same moment."""

    account: str
    model: str
    at: float  # wall clock, seconds
    number: int = 0


class Used(NamedTuple):
    """For people: how much of one allowance is used up. `seconds` until some of it is there again."""

    account: str
    model: str  # empty: those of the account together
    span: str
    most: int
    used: int
    seconds: float
    what: str  # that is counted
    why: str  # nothing is left of it; empty: there is


class Told(NamedTuple):
    """What a provider tells of an account, as far as it does. `most`, `used`: free requests a day."""

    bought: bool | None = None
    most: int | None = None
    used: int | None = None


class _Tally:
    """What was counted against one allowance."""

    def __init__(self, account: str, model: str, allowance: Allowance) -> None:
        self.account = account
        self.model = model
        self.allowance = allowance
        self.told: tuple[int, float] | None = None  # the provider's own number of a day, and when that ends
        self.counted = _counter(allowance)

    def most(self, wall: float, *, bought: bool) -> int:
        if self.told is not None and wall < self.told[1]:
            return self.told[0]
        return max(self.allowance.count, self.allowance.bought if bought else 0)

    def words(self, most: int) -> str:
        until = f" until midnight ({self.allowance.zone})" if self.allowance.span == DAY else ""
        return f"its {most:,} {self.allowance.what} a {self.allowance.span} are used up{until}"


class Rationed(NamedTuple):
    """Models, by id, that use up the same allowances."""

    tallies: tuple[_Tally, ...]
    models: tuple[str, ...]


class FreeTiers:
    """`allowances` says how a model that costs nothing is counted; `wall` tells the time of day.

    `on_count` hears of every request that counts, and False of one that turned out not to.
    """

    def __init__(
        self,
        allowances: Callable[[Model], Sequence[Allowance]] = lambda _: (),
        wall: Callable[[], float] = lambda: 0.0,
        on_count: Callable[[FreeCall, bool], object] = lambda _call, _counts: None,
    ) -> None:
        self._allowances = allowances
        self._wall = wall
        self._on_count = on_count
        self._tallies: dict[tuple[str, str, str], _Tally] = {}  # by account, model or none, span
        self._of: dict[tuple[str, str], tuple[_Tally, ...]] = {}  # by account and model
        self._bought: set[str] = set()  # accounts that have bought credits
        self._earlier: list[tuple[FreeCall, float]] = []  # of the last start, and when on the loop's clock
        self._under_way: dict[FreeCall, tuple[float, tuple[_Tally, ...]]] = {}  # and since when
        self._numbers = count()

    def parked(self, model: Model, now: float) -> Parked | None:
        """What keeps a model from being asked, the longest of it; None: nothing does."""
        return self._rest(self._tallies_of(model), now)

    def rationed(self, models: Iterable[Model]) -> tuple[Rationed, ...]:
        """Those of them that are counted, by what they are counted by together."""
        together: dict[tuple[_Tally, ...], list[str]] = {}
        for model in models:
            if tallies := self._tallies_of(model):
                together.setdefault(tallies, []).append(model.id)
        return tuple(Rationed(tallies, tuple(ids)) for tallies, ids in together.items())

    def used_up(self, rationed: Iterable[Rationed], now: float) -> dict[str, Parked]:
        """Those that may not be asked now, by id, and until when."""
        found: dict[str, Parked] = {}
        for one in rationed:
            if parked := self._rest(one.tallies, now):
                found |= dict.fromkeys(one.models, parked)
        return found

    def _rest(self, tallies: Sequence[_Tally], now: float) -> Parked | None:
        if not tallies:
            return None
        wall, bought = self._wall(), tallies[0].account in self._bought
        rests = [(one.counted.rest(one.most(wall, bought=bought), now, wall), one) for one in tallies]
        rest, last = max(rests, key=lambda pair: pair[0])
        return Parked(now + rest, last.words(last.most(wall, bought=bought)), limited=True) if rest else None

    def count(self, model: Model, now: float) -> FreeCall | None:
        """Counts a request that is about to be made. None: nobody counts it."""
        if not (tallies := self._tallies_of(model)):
            return None
        call = FreeCall(_account(model), model.id, self._wall(), next(self._numbers))
        for tally in tallies:
            tally.counted.add(now, call.at)
        self._under_way[call] = now, tallies
        self._on_count(call, True)
        return call

    def ended(self, call: FreeCall, *, reached: bool) -> None:
        """A counted request is over. One that never reached its provider was not counted there either."""
        at, tallies = self._under_way.pop(call)
        if not reached:
            for tally in tallies:
                tally.counted.take_back(at, call.at)
            self._on_count(call, False)

    def told(self, model: Model, told: Told) -> None:
        """What the provider says of the account of a model that costs nothing."""
        account = _account(model)
        if told.bought and account not in self._bought:
            self._bought.add(account)
            self._forget_told(account)
        elif told.bought is False:
            self._bought.discard(account)
        self._heard(model, told.most, told.used or 0)

    def refused(self, model: Model, most: int | None) -> None:
        """The provider refused for the day, at its own number: whatever was counted here, nothing is left."""
        self._heard(model, most, None)

    def _heard(self, model: Model, most: int | None, used: int | None) -> None:
        wall = self._wall()
        for tally in self._tallies_of(model):
            if isinstance(day := tally.counted, Day) and not tally.model:
                tally.told = tally.told if most is None else (most, day.end(wall))
                all_of_it = tally.most(wall, bought=tally.account in self._bought)
                day.raise_to(all_of_it if used is None else used, wall)

    def reset(self) -> None:
        """What providers told of a day is forgotten; what was counted here is not."""
        for tally in self._tallies.values():
            tally.told = None
            if isinstance(tally.counted, Day):
                tally.counted.forget_others()

    def _forget_told(self, account: str) -> None:
        """It was told of an account that had bought nothing yet."""
        for tally in self._tallies.values():
            if tally.account == account:
                tally.told = None

    def report(self, models: Iterable[Model], now: float) -> list[Used]:
        """What is counted of these models, by account."""
        tallies = dict.fromkeys(tally for model in models for tally in self._tallies_of(model))
        return sorted(self._report(tallies, now))

    def _report(self, tallies: Iterable[_Tally], now: float) -> Iterator[Used]:
        wall = self._wall()
        for one in tallies:
            most = one.most(wall, bought=one.account in self._bought)
            used, seconds = one.counted.used(now, wall), one.counted.ends_in(now, wall)
            why = one.words(most) if used >= most else ""
            span, what = one.allowance.span, one.allowance.what
            yield Used(one.account, one.model, span, most, used, seconds, what, why)

    def restore(self, calls: Iterable[FreeCall], now: float) -> None:
        """What an earlier start had counted. What the clock says is yet to come has only just been."""
        wall = self._wall()
        self._earlier = sorted(
            ((call, now - max(0.0, wall - call.at)) for call in calls), key=lambda pair: pair[0].at
        )

    def woke_up(self, slept: float) -> None:
        """Time went by on which the loop's clock stood still."""
        for tally in self._tallies.values():
            tally.counted.woke_up(slept)
        self._under_way = {call: (at - slept, tallies) for call, (at, tallies) in self._under_way.items()}
        self._earlier = [(call, at - slept) for call, at in self._earlier]

    def reconsider(self) -> None:
        """What may be asked is other than it was; what was counted stays."""
        self._of.clear()

    def _tallies_of(self, model: Model) -> tuple[_Tally, ...]:
        """None for what nobody counts."""
        key = _account(model), model.id
        known = self._of.get(key)
        if known is None and (allowances := self._allowances(model)):
            known = self._of[key] = tuple(self._tally(*key, one) for one in allowances)
        return known or ()

    def _tally(self, account: str, model: str, allowance: Allowance) -> _Tally:
        whose = model if allowance.by_model else ""
        key = account, whose, allowance.span
        if (known := self._tallies.get(key)) is not None:
            known.allowance = allowance
            return known
        self._tallies[key] = made = _Tally(account, whose, allowance)
        for call, at in self._earlier:
            if call.account == account and whose in {"", call.model}:
                made.counted.add(at, call.at)
        return made


def _account(model: Model) -> str:
    account = model.endpoint.account
    return account.id if account else model.endpoint.id


def _counter(allowance: Allowance) -> Window | Day:
    return Day(zone(allowance.zone)) if allowance.span == DAY else Window(SPANS[allowance.span])
