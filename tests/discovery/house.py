"""A sweeper with a clock that is moved by hand, and sources that find what they are told to."""

import asyncio
import math
from collections.abc import Callable, Sequence

from pointsman.catalogue.registry import Registry
from pointsman.discovery.dues import Dues
from pointsman.discovery.plan import Plan
from pointsman.discovery.sweep import Sweeper
from pointsman.events import Bus
from pointsman.types import Endpoint, Finding, FoundBy, Health, Model, Place, Snapshot, Tier


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Fake:
    """A source that finds what it is told to, when it is let. `looks` counts.

    One elsewhere is a place of its own name that is asked when it is due, and gives a list unless it fails.
    """

    def __init__(self, name: str = "fake", *, remote: bool = False, findings: Sequence[Finding] = ()) -> None:
        self.name = name
        self.remote = remote
        self.ports = frozenset({8080})
        self.looked_for = (f"what {name} finds",)
        self.findings = list(findings)
        self.late: list[Finding] = []  # found when it is let go on, once
        self.error: Exception | None = None
        self.looks = 0
        self.dues = Dues(lambda: math.inf)
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    def known(self) -> Sequence[Finding]:
        return ()

    def covers(self, endpoint: Endpoint) -> bool:
        return endpoint.id.startswith(self.name)

    def follow(self, plan: Plan) -> None:
        pass

    def has(self, endpoint: Endpoint) -> bool:
        return True

    def retell(self, endpoint: Endpoint) -> tuple[Model, ...] | None:
        return None

    async def look(self, found: Callable[[Finding], object]) -> None:
        if not self.dues.is_due(self.name):
            return
        self.looks += 1
        self.dues.asked(self.name)
        self.begun.set()
        for finding in self.findings:
            found(finding)
        await self.go_on.wait()
        while self.late:
            found(self.late.pop())
        if self.error:
            raise self.error
        self.dues.had(self.name)


def finding(name: str = "fake", model: str = "tiny") -> Finding:
    place = Place(f"http://127.0.0.1/{name}/v1")
    endpoint = Endpoint(name, "llama-server", place, FoundBy.CONFIG, tier=Tier.LOCAL)
    return Finding(endpoint, (Model(f"{name}/{model}", model, model, endpoint, Tier.LOCAL),))


class House:
    """A sweeper with all that it needs."""

    def __init__(self, *sources: Fake, remote_every: float | None = None, **options: object) -> None:
        self.clock = Clock()
        self.dues = Dues(self.clock, remote_every)
        for source in sources:
            source.dues = self.dues if source.remote else source.dues
        self.registry = Registry()
        self.bus = Bus()
        self.sweeper = Sweeper(
            sources,
            self.registry,
            self.bus,
            monotonic=self.clock,
            wall=lambda: 5.0,
            dues=self.dues,
            **options,  # type: ignore[arg-type]
        )

    @property
    def health(self) -> list[Health]:
        return [endpoint.health for endpoint in self.registry.snapshot.endpoints]

    async def pulses(self, seconds: float) -> None:
        """Lets time pass, a pulse every five seconds."""
        for _ in range(int(seconds / 5)):
            self.clock.now += 5.0
            await self.sweeper.pulse()


def any_model(snapshot: Snapshot) -> bool:
    return any(model.endpoint.health is Health.UP for model in snapshot.models)
