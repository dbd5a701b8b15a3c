"""What is left of keys: their providers are asked at the start, every quarter of an hour, after a refusal.

Only those whose row names a page for it, and only where there is a key.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from pointsman.catalogue.providers import provider
from pointsman.catalogue.registry import Registry
from pointsman.discovery.figures import Figures, ask_figures
from pointsman.errors import Shuts, UpstreamError
from pointsman.limits.circuit import Key, Opened, Shut
from pointsman.limits.free import Told
from pointsman.limits.gate import Gate
from pointsman.money import to_dollars
from pointsman.net import Sessions
from pointsman.types import Endpoint, Model, Place, Snapshot, Tier

EVERY = 900.0  # seconds
AT_MOST_EVERY = 60.0  # seconds, however often its models refuse

log = logging.getLogger(__name__)


class KeyWatch:
    """`now` is the gate's clock. Unless it `asks`, nobody is asked for anything but answers."""

    def __init__(
        self,
        sessions: Sessions,
        registry: Registry,
        gate: Gate,
        now: Callable[[], float],
        *,
        asks: Callable[[], bool],
    ) -> None:
        self._sessions = sessions
        self._registry = registry
        self._gate = gate
        self._now = now
        self._asks = asks
        self._asked: dict[str, float] = {}  # when, by account
        self._known: dict[str, Figures] = {}
        self._in_use: Mapping[str, Place] = MappingProxyType({})  # where, by account
        self.asking: set[asyncio.Task[None]] = set()

    @property
    def known(self) -> MappingProxyType[str, Figures]:
        """What was told last, by account."""
        return MappingProxyType(self._known)

    async def look(self) -> None:
        """Asks for all of them: a job."""
        await asyncio.gather(*(self._look_at(*each) for each in self._watched(self._registry.snapshot)))

    def observe(self, snapshot: Snapshot) -> None:
        """Asks for new ones, once it is known what they serve that costs nothing; the old are forgotten."""
        before, self._in_use = self._in_use, _accounts(snapshot)
        for account, place in before.items():
            if self._in_use.get(account) != place:
                self._forget(account)
        for endpoint, page in self._watched(snapshot):
            new = endpoint.account is not None and endpoint.account.id not in self._asked
            if new and _free(endpoint, snapshot):
                self._hurry(endpoint, page)

    def changed(self, change: Shut | Opened) -> None:
        """A limit was met: its provider knows more of it."""
        if isinstance(change, Opened) or not change.limited:
            return
        whose = change.key.account or change.key.id
        for endpoint, page in self._watched(self._registry.snapshot):
            if endpoint.account and endpoint.account.id == whose and self._is_due(whose):
                self._hurry(endpoint, page)

    def works(self, account: str) -> None:
        """Its provider took the key, though it may have refused it before."""
        self._gate.circuits.works(Key(Shuts.ACCOUNT, account))

    def close(self) -> None:
        for task in self.asking:
            task.cancel()

    def _forget(self, account: str) -> None:
        """The key was taken away, or another one is there in its place, or it is for another address now."""
        self._asked.pop(account, None)
        self._known.pop(account, None)
        self._gate.forget(account)

    def _watched(self, snapshot: Snapshot) -> Iterator[tuple[Endpoint, str]]:
        """The endpoints with a key that can be asked about it, and the page."""
        for endpoint in snapshot.endpoints if self._asks() else ():
            row = provider(endpoint.provider)
            if endpoint.account and row and row.key_page:
                yield endpoint, row.key_page

    def _is_due(self, account: str) -> bool:
        asked = self._asked.get(account)
        return asked is None or self._now() - asked >= AT_MOST_EVERY

    def _hurry(self, endpoint: Endpoint, page: str) -> None:
        task = asyncio.ensure_future(self._look_at(endpoint, page))
        self.asking.add(task)
        task.add_done_callback(self.asking.discard)

    async def _look_at(self, endpoint: Endpoint, page: str) -> None:
        account = endpoint.account.id if endpoint.account else ""
        self._asked[account] = self._now()
        key = Key(Shuts.ACCOUNT, account)
        refused: UpstreamError | None = None
        try:
            figures = await ask_figures(self._sessions, endpoint, page)
        except UpstreamError as error:
            figures, refused = None, error
        if account not in self._in_use:  # it was taken away meanwhile
            return
        if refused is not None:
            self._gate.circuits.failed((key,), self._now(), refused, None)
        if figures is None:
            return
        self.works(account)
        if figures != Figures():
            self._known[account] = figures
        self._tell_credit(account, endpoint, figures)
        self._tell_free(endpoint, figures)
        if figures.used_up:
            self._gate.circuits.park(key, self._now(), EVERY + AT_MOST_EVERY, _used_up(endpoint, figures))

    def _tell_credit(self, account: str, endpoint: Endpoint, figures: Figures) -> None:
        """What is left of it is a budget of its own."""
        if figures.remaining is None:
            self._gate.budgets.forget_credit(account)
        else:
            self._gate.budgets.credit(account, endpoint.id, figures.limit, max(0, figures.remaining))

    def _tell_free(self, endpoint: Endpoint, figures: Figures) -> None:
        if (model := _free(endpoint, self._registry.snapshot)) is not None:
            self._gate.free.told(model, Told(figures.bought, figures.most, figures.used))


def _accounts(snapshot: Snapshot) -> Mapping[str, Place]:
    """Without a key the endpoint is the account, as for the circuits."""
    return {one.account.id if one.account else one.id: one.place for one in snapshot.endpoints}


def _free(endpoint: Endpoint, snapshot: Snapshot) -> Model | None:
    """One of its models that cost nothing."""
    models = (one for one in snapshot.models if one.tier is Tier.FREE)
    return next((one for one in models if one.endpoint.id == endpoint.id), None)


def _used_up(endpoint: Endpoint, figures: Figures) -> str:
    row = provider(endpoint.provider)
    limit = f" of ${to_dollars(figures.limit)}" if figures.limit else ""
    where = f": raise it at {row.sign_in}" if row and row.sign_in else ""
    return f"its key's credit limit{limit} is used up{where}"
