"""What is shut and until when: accounts and models elsewhere. Synchronous, and the clock is passed in.

Shut for a while by a failure, then half-open: one probe may pass, whose first content opens it again and
whose failure shuts it for longer. What nobody has reported on is open. Who can't be reached at all is away,
which discovery sees to; and an engine on this machine knows no quota: it is asked as long as it is there.
"""

from dataclasses import dataclass
from typing import NamedTuple

from pointsman.errors import Shuts, UpstreamError
from pointsman.types import Model, Parked, Tier

# Seconds, by how many times in a row it failed; of what failed more often the last.
BROKEN = (2.0, 4.0, 8.0, 16.0, 30.0)  # the last keeps a recovered target waiting for half a minute at most
LIMITED = (5.0, 10.0, 20.0, 40.0, 60.0)  # a limit whose end the provider does not tell
REFUSED = 600.0  # an account that was refused: nothing mends it but its owner
SHORTEST, DOUBLINGS = 0.25, 7  # of what a provider says, by failures in a row: up to half a minute
PROBE = 1.0  # after which it is worth asking whether a probe has ended


class Key(NamedTuple):
    shuts: Shuts
    id: str


@dataclass(slots=True)
class Circuit:
    """`failures` in a row. While `probing` one request is under way that will tell."""

    failures: int = 0
    until: float = 0.0
    reason: str = ""
    limited: bool = False
    probing: bool = False


def keys_of(model: Model) -> tuple[Key, ...]:
    """All that may keep a model from being asked; nothing does one that runs here."""
    if model.tier is Tier.LOCAL:
        return ()
    account = model.endpoint.account
    owned = (Key(Shuts.ACCOUNT, account.id),) if account else ()
    free = (Key(Shuts.FREE, account.id),) if account and model.tier is Tier.FREE else ()
    return *owned, *free, Key(Shuts.MODEL, model.id)


class Shut(NamedTuple):
    """For people. `seconds`: until it may be asked again; 0: its probe is due or under way."""

    key: Key
    seconds: float
    failures: int
    reason: str
    limited: bool


class Circuits:
    def __init__(self) -> None:
        self._shut: dict[Key, Circuit] = {}

    def __bool__(self) -> bool:
        return bool(self._shut)

    def parked(self, keys: tuple[Key, ...], now: float) -> Parked | None:
        """What keeps these from being asked, the longest of it; None: nothing does."""
        blocking = [self._shut[key] for key in keys if key in self._shut and _blocks(self._shut[key], now)]
        if not blocking:
            return None
        last = max(blocking, key=lambda circuit: circuit.until)
        until = last.until if now < last.until else now + PROBE
        return Parked(until, last.reason, limited=all(circuit.limited for circuit in blocking))

    def probe(self, keys: tuple[Key, ...]) -> tuple[Key, ...]:
        """Those of them that were shut: the request that asks now is their probe."""
        probed = tuple(key for key in keys if key in self._shut)
        for key in probed:
            self._shut[key].probing = True
        return probed

    def release(self, probed: tuple[Key, ...]) -> None:
        """Their probe ended and told nothing."""
        for key in probed:
            if key in self._shut:
                self._shut[key].probing = False

    def opened(self, probed: tuple[Key, ...]) -> None:
        """Their probe brought content: whatever was wrong is over."""
        for key in probed:
            self._shut.pop(key, None)

    def failed(self, keys: tuple[Key, ...], now: float, error: UpstreamError) -> None:
        """Shuts what the error says, never for a shorter time than is known already."""
        for key in keys:
            if key.shuts is error.shuts:
                self._shut_one(key, now, error)

    def _shut_one(self, key: Key, now: float, error: UpstreamError) -> None:
        circuit = self._shut.setdefault(key, Circuit())
        circuit.failures += 1
        wait = _pause(key, circuit.failures, error)
        circuit.until = max(circuit.until, now + wait)
        circuit.reason, circuit.limited = error.message, error.limited
        circuit.probing = False

    def report(self, now: float) -> list[Shut]:
        """All that is shut, the first to recover first."""
        found = [
            Shut(key, max(0.0, one.until - now), one.failures, one.reason, one.limited)
            for key, one in self._shut.items()
        ]
        return sorted(found, key=lambda shut: shut.seconds)

    def reset(self) -> None:
        """As if nothing had happened."""
        self._shut.clear()

    def woke_up(self) -> None:
        """Only what providers keep count of outlasts a sleep."""
        self._shut = {key: circuit for key, circuit in self._shut.items() if circuit.limited}


def _blocks(circuit: Circuit, now: float) -> bool:
    return circuit.probing or now < circuit.until


def _pause(key: Key, failures: int, error: UpstreamError) -> float:
    """What the provider says, but each time in a row at least twice the last: some say nought for hours."""
    if error.wait is not None:
        return max(error.wait, SHORTEST * (1 << min(failures - 1, DOUBLINGS)))
    if key.shuts is Shuts.ACCOUNT:
        return REFUSED
    steps = LIMITED if error.limited else BROKEN
    return steps[min(failures, len(steps)) - 1]
