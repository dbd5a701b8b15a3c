"""The sweep: all sources are asked at once, and what they find is placed as it comes.

One sweep runs at a time. It never fails: a source that does is logged, counted and named in `status`,
and what it would have seen is not counted as missed.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from pointsman.catalogue.prices import known_prices
from pointsman.catalogue.providers import PROVIDERS
from pointsman.catalogue.registry import Change, Registry
from pointsman.config.schema import Config
from pointsman.discovery.catalogues import Catalogues
from pointsman.discovery.configured import ConfiguredSource
from pointsman.discovery.dues import Dues
from pointsman.discovery.engines import EngineSource
from pointsman.discovery.environment import Environment
from pointsman.discovery.flight import Flight
from pointsman.discovery.plan import NOTHING_WRITTEN, Plan, read_plan
from pointsman.discovery.ports import UsualPorts
from pointsman.discovery.process_table import read_table
from pointsman.discovery.processes import Processes
from pointsman.discovery.sockets import ListeningWatch, read_listeners
from pointsman.discovery.source import Source
from pointsman.discovery.written import Written, read_places
from pointsman.events import Bus
from pointsman.jobs import Report
from pointsman.net import Sessions
from pointsman.types import Endpoint, Finding, Health, Snapshot, tier_word

log = logging.getLogger(__name__)

# Seconds.
PULSE = 5.0  # how often `pulse` is called
SETTLE = 1.0  # after which one who listens on an odd port is there to stay
BUSY_EVERY = 10.0
IDLE_EVERY = 60.0
BUSY_FOR = 60.0  # after a request
NEAR_LIMIT = 2.0  # of a source that looks at this machine
FAR_LIMIT = 70.0  # a list, and a page for who has none
WAIT = 2.0  # that a request waits for a sweep


class Sweeper:
    """`monotonic` and `wall` are clocks, in seconds. `dues` are those that its sources elsewhere go by."""

    def __init__(
        self,
        sources: Sequence[Source],
        registry: Registry,
        bus: Bus,
        *,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
        dues: Dues | None = None,
        watch: ListeningWatch | None = None,
        plan: Plan = NOTHING_WRITTEN,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._sources = tuple(sources)
        self._registry = registry
        self._bus = bus
        self._monotonic = monotonic
        self._wall = wall
        self._dues = dues or Dues(monotonic)
        self._watch = watch
        self._plan = plan
        self._sleep = sleep
        self._near = Flight(self._sweep_near)
        self._far = Flight(self._sweep_far)
        self._reports = {source.name: Report(source.name) for source in self._sources}
        self._news = asyncio.Event()
        self._started = -math.inf
        self._request = -math.inf
        self._lost: dict[str, float] = {}  # when an attempt could not connect, by endpoint; monotonic
        self._in_doubt = False  # somebody was missed for the first time, or loads its model
        for source in self._sources:
            for finding in source.known():
                registry.place(finding)

    @property
    def looked_for(self) -> tuple[str, ...]:
        """What is looked for and where, in plain words."""
        return tuple(words for source in self._sources for words in source.looked_for) + self._plan.unplaced

    @property
    def troubles(self) -> list[Report]:
        """The sources whose last look failed."""
        return [report for report in self._reports.values() if report.error]

    @property
    def plan(self) -> Plan:
        return self._plan

    @property
    def elsewhere(self) -> tuple[Written, ...]:
        """The places that are asked for their models over a network."""
        return tuple(place for place in self._plan.places if not place.here)

    async def sweep(self, why: str, *, everything: bool = False, anew: bool = False) -> None:
        """Look now, or join the look that is under way. `everything`: remote providers too.

        `anew`: one that is under way may have missed what is new, so that one more follows it.
        """
        tasks = self._start(why, everything=everything, anew=anew)
        await asyncio.wait(tasks)  # not `gather`: who stops waiting does not stop the look
        for task in tasks:
            if not task.cancelled():
                task.result()

    def hurry(self, why: str, *, everything: bool = False) -> None:
        """The same anew, without waiting."""
        self._start(why, everything=everything, anew=True)

    def rewrite(self, places: Sequence[Written]) -> None:
        """A key came or went, and places with it."""
        self.follow(replace(self._plan, places=tuple(places)))

    def follow(self, plan: Plan) -> None:
        """What is written changed, or a key: places come and go now, and all are asked at once."""
        before, self._plan = self._plan, plan
        for source in self._sources:
            source.follow(plan)
        self._dues.ask_every(plan.every)
        if self._watch is not None:
            self._watch.watch(_ports(self._sources), anywhere=plan.local)
        for endpoint in self._registry.snapshot.endpoints:
            if not any(source.has(endpoint) for source in self._sources):
                self._tell(self._registry.forget(endpoint.id))
        self._place_anew({place for place in plan.places if place not in before.places})
        self._retell()
        self.hurry("places or keys changed", everything=True)

    def _place_anew(self, places: Collection[Written]) -> None:
        changed = {place.id: place for place in places}
        for source in self._sources:
            for finding in source.known():
                if place := changed.get(finding.endpoint.id):
                    self._tell(self._registry.place(self._until_asked(finding, place)))

    def _until_asked(self, finding: Finding, place: Written) -> Finding:
        """What is up stays so over a change of its key, until it has been asked with the new one."""
        new = finding.endpoint
        known = next((one for one in self._registry.snapshot.endpoints if one.id == new.id), None)
        if known is None or known.health is not Health.UP or known.place != new.place:
            return finding
        if new.health is not Health.AWAY or (new.account is None and known.account is not None):
            return finding
        tier = place.tier or known.tier
        return Finding(replace(known, account=new.account, found_by=new.found_by, tier=tier))

    def _retell(self) -> None:
        """Prices, grades and tiers are the user's word, which needs no look to hold."""
        for endpoint in self._registry.snapshot.endpoints:
            models = next(filter(None, (source.retell(endpoint) for source in self._sources)), None)
            if models is not None and endpoint.health is not Health.AWAY:
                self._tell(self._registry.place(Finding(endpoint, models)))

    def lost(self, endpoint: Endpoint, note: str) -> None:
        """An attempt could not connect: unless it has another place by now, it is away, and is looked for."""
        there = {(one.id, one.place) for one in self._registry.snapshot.endpoints}
        if (endpoint.id, endpoint.place) not in there:
            return
        changes = self._registry.lost(endpoint.id, note)
        self._lost[endpoint.id] = self._monotonic()
        self._tell(changes)
        if changes:
            self._dues.hurry(endpoint.id)
            remote = any(place.id == endpoint.id for place in self.elsewhere)
            (self._far if remote else self._near).start(f"{endpoint.id} was lost", anew=True)

    def request_seen(self) -> None:
        self._request = self._monotonic()

    async def pulse(self) -> None:
        """The rhythm, called every `PULSE` seconds."""
        changed = self._watch is not None and await self._others_listen(self._watch)
        if self._dues.reached:
            self._far.start("time to ask again")
        if changed or self._age() + PULSE / 2 >= self._every():
            await self.sweep("other sockets listen now" if changed else "rhythm")

    async def _others_listen(self, watch: ListeningWatch) -> bool:
        changed = watch.changed()
        if watch.unsure:
            await self._sleep(SETTLE)
            changed = watch.changed() or changed
        return changed

    async def before_request(self, sufficient: Callable[[Snapshot], bool]) -> None:
        """Wait as long as waiting may help: in the first sweep until `sufficient`, later for a fresh one."""
        self.request_seen()
        if sufficient(self._registry.snapshot):
            return
        if self._age() >= BUSY_EVERY:
            self._near.start("a request found no model")
        try:
            async with asyncio.timeout(WAIT):
                await self._until(sufficient)
        except TimeoutError:
            return

    async def close(self) -> None:
        for flight in (self._near, self._far):
            if flight.task is not None:
                flight.task.cancel()
                await asyncio.wait([flight.task])

    def _start(self, why: str, *, everything: bool, anew: bool = False) -> list[asyncio.Task[None]]:
        if everything:
            self._dues.hurry()
        flights = (self._near, self._far) if everything else (self._near,)
        return [flight.start(why, anew=anew) for flight in flights]

    def _age(self) -> float:
        """Of the last local sweep, from its start, so that the rhythm does not drift."""
        return self._monotonic() - self._started

    def _every(self) -> float:
        busy = self._bus.models_are_shown or self._monotonic() - self._request <= BUSY_FOR
        return BUSY_EVERY if busy or self._in_doubt else IDLE_EVERY

    async def _until(self, sufficient: Callable[[Snapshot], bool]) -> None:
        while tasks := self._worth_waiting_for():
            news = asyncio.ensure_future(self._news.wait())
            try:
                await asyncio.wait([news, *tasks], return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
            if sufficient(self._registry.snapshot):
                return

    def _worth_waiting_for(self) -> list[asyncio.Task[None]]:
        """The sweep that runs; of the remote providers only their first list."""
        flights = (self._near,) if self._far.landed else (self._near, self._far)
        return [flight.task for flight in flights if flight.task is not None and flight.running]

    async def _sweep_near(self, why: str) -> None:
        self._started = self._monotonic()
        sources = [source for source in self._sources if not source.remote]
        swept, seen = await self._sweep(why, sources, NEAR_LIMIT)
        self._tell(self._registry.finish_sweep(swept, seen, self._monotonic()))
        self._in_doubt = any(
            one.health is Health.LOADING or (one.id in swept - seen and one.health is not Health.AWAY)
            for one in self._registry.snapshot.endpoints
        )

    async def _sweep_far(self, why: str) -> None:
        sources = [source for source in self._sources if source.remote]
        swept, seen = await self._sweep(why, sources, FAR_LIMIT)
        self._tell(self._registry.finish_sweep(swept, seen))

    async def _sweep(self, why: str, sources: Sequence[Source], limit: float) -> tuple[set[str], set[str]]:
        """The ids of the endpoints that were looked for, and of those that were seen."""
        seen: set[str] = set()

        began = self._monotonic()

        def found(finding: Finding) -> None:
            seen.add(finding.endpoint.id)
            if self._lost.get(finding.endpoint.id, -math.inf) < began:  # else it was seen before it was lost
                self._tell(self._registry.place(finding))

        well = await asyncio.gather(*(self._ask(source, limit, found) for source in sources))
        looked = [source for source, ended_well in zip(sources, well, strict=True) if ended_well]
        swept = {
            endpoint.id
            for endpoint in self._registry.snapshot.endpoints
            if any(source.covers(endpoint) for source in looked)
        }
        self._publish_done(why, self._monotonic() - began)
        return swept, seen

    async def _ask(self, source: Source, limit: float, found: Callable[[Finding], None]) -> bool:
        """Whether it ended well."""
        try:
            async with asyncio.timeout(limit):
                await source.look(found)
        except TimeoutError:
            self._failed(source, f"it did not end within {limit:g} s")
        except Exception as error:  # noqa: BLE001 - a source's failure is its own
            self._failed(source, _in_words(error), error)
        else:
            self._reports[source.name].error = ""
            return True
        return False

    def _failed(self, source: Source, words: str, error: Exception | None = None) -> None:
        report = self._reports[source.name]
        report.failures += 1
        if report.error != words:
            log.warning("looking for models, source %s failed: %s", source.name, words, exc_info=error)
        report.error = words

    def _tell(self, changes: Sequence[Change]) -> None:
        if changes:
            self._news.set()
            self._news = asyncio.Event()
        for change in changes:
            log.info("%s %s: %s", change.endpoint.id, change.news, change.endpoint.place)
            self._bus.publish(f"endpoint.{change.news}", self._wall(), **_plain(change.endpoint))

    def _publish_done(self, why: str, seconds: float) -> None:
        snapshot = self._registry.snapshot
        self._bus.publish(
            "sweep.done",
            self._wall(),
            why=why,
            seconds=round(seconds, 3),
            endpoints=len(snapshot.endpoints),
            models=len(snapshot.models),
            failed=sorted(report.name for report in self.troubles),
        )


def make_sweeper(
    config: Config,
    environ: Mapping[str, str],
    sessions: Sessions,
    registry: Registry,
    bus: Bus,
    *,
    monotonic: Callable[[], float],
    wall: Callable[[], float],
    places: Sequence[Written] | None = None,
    catalogues: Catalogues | None = None,
) -> Sweeper:
    """The sweeper that a configuration asks for. A new way to find engines is one line here.

    `places` None: those that need no credentials.
    """
    places = read_places(config, environ) if places is None else places
    here = [place for place in places if place.here]
    elsewhere = [place for place in places if not place.here]
    plan = read_plan(config, environ, places, known_prices(wall))
    dues = Dues(monotonic, plan.every)
    sources: list[Source] = [
        ConfiguredSource(here, sessions, wall, remote=False, overrides=plan.overrides),
        ConfiguredSource(
            elsewhere,
            sessions,
            wall,
            remote=True,
            asked=plan.remote,
            overrides=plan.overrides,
            catalogues=catalogues,
            dues=dues,
        ),
        EngineSource(
            (
                UsualPorts(PROVIDERS),
                Environment(PROVIDERS, environ),
                Processes(PROVIDERS, read_table, read_listeners),
            ),
            sessions,
            wall,
            overrides=plan.overrides,
            configured=[place.place for place in places],
            taken={place.id for place in places},
            on=plan.local,
        ),
    ]
    return Sweeper(
        sources,
        registry,
        bus,
        monotonic=monotonic,
        wall=wall,
        dues=dues,
        watch=ListeningWatch(_ports(sources), anywhere=plan.local),
        plan=plan,
    )


def _ports(sources: Iterable[Source]) -> set[int]:
    return {port for source in sources for port in source.ports}


def _in_words(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_in_words(inner) for inner in error.exceptions)
    return f"{type(error).__name__}: {error}"


def _plain(endpoint: Endpoint) -> Mapping[str, object]:
    return {
        "id": endpoint.id,
        "provider": endpoint.provider,
        "place": str(endpoint.place),
        "tier": tier_word(endpoint.tier),
        "health": endpoint.health.value,
        "note": endpoint.note,
    }
