"""What is shut and until when: accounts and models elsewhere. Synchronous, and the clock is passed in.

Shut for a while by a failure, then half-open: one probe may pass, whose first content opens it again and
whose failure shuts it for longer. What nobody has reported on is open. Who can't be reached at all is away,
which discovery sees to; and an engine on this machine knows no quota: it is asked as long as it is there, or
after the few seconds that it asks for itself.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from pointsman.calls import Parked
from pointsman.errors import Shuts, UpstreamError
from pointsman.types import Model, Tier

# Seconds, by how many times in a row it failed; of what failed more often the last.
BROKEN = (2.0, 4.0, 8.0, 16.0, 30.0)  # the last keeps a recovered target waiting for half a minute at most
LIMITED = (5.0, 10.0, 20.0, 40.0, 60.0)  # a limit whose end the provider does not tell
UNPAID = 402
REFUSED = 600.0  # an account that was refused: nothing mends it but its owner
SHORTEST, DOUBLINGS = 0.25, 7  # of what a provider says, by failures in a row: up to half a minute
SHUT_HERE = frozenset({Shuts.MODEL, Shuts.ACCOUNT, Shuts.FREE})
PROBE = 1.0  # after which it is worth asking whether a probe has ended
FORGOTTEN = 3600.0  # after which one that nobody has asked since its recovery is no longer told of


class Key(NamedTuple):
    """What can be shut. A model's limits are those of the account that asks it."""

    shuts: Shuts
    id: str
    account: str = ""  # of a model; empty: it is asked without one


@dataclass(slots=True)
class Circuit:
    """`failures` in a row. `probe`: whose request is under way that will tell."""

    failures: int = 0
    until: float = 0.0
    reason: str = ""
    limited: bool = False
    unpaid: bool = False  # it is money that is missing, and no time brings that
    probe: object = None


def keys_of(model: Model) -> tuple[Key, ...]:
    """All that may keep a model from being asked, its own key last. Without one the place is the account."""
    account = model.endpoint.account
    own = Key(Shuts.MODEL, model.id, account.id if account else "")
    if model.tier is Tier.LOCAL:
        return (own,)
    owner = account.id if account else model.endpoint.id
    free = (Key(Shuts.FREE, owner),) if model.tier is Tier.FREE else ()
    return Key(Shuts.ACCOUNT, owner), *free, own


class Shut(NamedTuple):
    """For people. `seconds`: until it may be asked again; 0: its probe is due or under way."""

    key: Key
    seconds: float
    failures: int
    reason: str
    limited: bool
    unpaid: bool = False


class Opened(NamedTuple):
    """That one is open again. `limited`: it had been shut by a rate limit or a quota."""

    key: Key
    limited: bool


class Circuits:
    """`on_change` hears of each that is shut, and each that is open again."""

    def __init__(self, on_change: Callable[[Shut | Opened], object]) -> None:
        self._on_change = on_change
        self._shut: dict[Key, Circuit] = {}

    def __bool__(self) -> bool:
        return bool(self._shut)

    @property
    def ids(self) -> frozenset[str]:
        """Of all that is shut: models, accounts."""
        return frozenset(key.id for key in self._shut)

    def parked(self, keys: tuple[Key, ...], now: float) -> Parked | None:
        """What keeps these from being asked, the longest of it; None: nothing does."""
        blocking = [self._shut[key] for key in keys if key in self._shut and _blocks(self._shut[key], now)]
        if not blocking:
            return None
        last = max(blocking, key=lambda circuit: circuit.until)
        until = last.until if now < last.until else now + PROBE
        by_rates = all(circuit.limited and not circuit.unpaid for circuit in blocking)
        return Parked(until, last.reason, limited=by_rates)

    def probe(self, keys: tuple[Key, ...], prober: object) -> None:
        """Who asks now is the probe of those of them that were shut."""
        for key in keys:
            if key in self._shut:
                self._shut[key].probe = prober

    def release(self, keys: tuple[Key, ...], prober: object) -> None:
        """The request ended; those whose probe it was were told nothing by it."""
        for key in self._probed(keys, prober):
            self._shut[key].probe = None

    def opened(self, keys: tuple[Key, ...], prober: object) -> None:
        """The request brought content: whatever was wrong with those whose probe it is, is over."""
        for key in self._probed(keys, prober):
            self._open(key)

    def failed(
        self,
        keys: tuple[Key, ...],
        now: float,
        error: UpstreamError,
        prober: object,
        most: float = math.inf,
    ) -> None:
        """Shuts what the error says, never for a shorter time than is known already. `most`: seconds.

        What is said of free models by one that counts as paid is taken to be said of that one.
        """
        if error.shuts not in SHUT_HERE:
            return
        meant = [key for key in keys if key.shuts is error.shuts] or keys[-1:]
        for key in meant:
            self._shut_one(key, now, error, prober, most)

    def park(self, key: Key, now: float, seconds: float, reason: str) -> None:
        """It answered, and said that it will not for so long: no failure, but a limit."""
        known = self._shut.get(key)
        if known is None or known.until < now + seconds:
            unpaid = known is not None and known.unpaid
            circuit = Circuit(until=now + seconds, reason=reason, limited=True, unpaid=unpaid)
            self._shut[key] = circuit
            self._on_change(_told(key, circuit, now))

    def report(self, now: float) -> list[Shut]:
        """All that is shut, the first to recover first."""
        found = [_told(key, one, now) for key, one in self._shut.items() if now < one.until + FORGOTTEN]
        return sorted(found, key=lambda shut: shut.seconds)

    def restore(self, shut: Iterable[Shut], now: float) -> None:
        """What an earlier start had shut and would still have."""
        for one in shut:
            self._shut[one.key] = Circuit(
                one.failures, now + one.seconds, one.reason, one.limited, one.unpaid
            )

    def works(self, key: Key) -> None:
        """It was tried apart from all requests: what was refused is not any more, but a limit stays one."""
        if key in self._shut and not self._shut[key].limited:
            self._open(key)

    def forget(self, account: str) -> None:
        """Nobody is asked with it any more. Of models without a key their place is the account."""
        for key in list(self._shut):
            if account in (key.id, key.account or key.id.partition("/")[0]):
                self._open(key)

    def reset(self) -> None:
        """As if nothing had happened."""
        for key in list(self._shut):
            self._open(key)

    def woke_up(self, slept: float) -> None:
        """Only what providers keep count of outlasts a sleep; on their clock that time went by."""
        for key, circuit in list(self._shut.items()):
            if circuit.limited:
                circuit.until -= slept
            else:
                self._open(key)

    def _probed(self, keys: tuple[Key, ...], prober: object) -> list[Key]:
        return [key for key in keys if key in self._shut and self._shut[key].probe is prober]

    def _shut_one(self, key: Key, now: float, error: UpstreamError, prober: object, most: float) -> None:
        """A limit that is not over stays one, whatever fails meanwhile. Many that fail at once count once."""
        circuit = self._shut.setdefault(key, Circuit())
        if not circuit.failures or circuit.probe is prober:
            circuit.failures += 1
        circuit.limited = error.limited or (circuit.limited and now < circuit.until)
        circuit.unpaid = error.upstream_status == UNPAID
        until = now + min(_pause(key, circuit.failures, error), most)
        if until >= circuit.until:
            circuit.until, circuit.reason = until, error.message
        circuit.probe = None  # one that was asked before this tells nothing of it
        self._on_change(_told(key, circuit, now))

    def _open(self, key: Key) -> None:
        self._on_change(Opened(key, self._shut.pop(key).limited))


def _told(key: Key, one: Circuit, now: float) -> Shut:
    return Shut(key, max(0.0, one.until - now), one.failures, one.reason, one.limited, one.unpaid)


def _blocks(circuit: Circuit, now: float) -> bool:
    return circuit.probe is not None or now < circuit.until


def _pause(key: Key, failures: int, error: UpstreamError) -> float:
    """What the provider says, but each time in a row at least twice the last: some say nought for hours."""
    if error.wait is not None:
        return max(error.wait, SHORTEST * (1 << min(failures - 1, DOUBLINGS)))
    if key.shuts is Shuts.ACCOUNT:
        return REFUSED
    steps = LIMITED if error.limited else BROKEN
    return steps[min(failures, len(steps)) - 1]
