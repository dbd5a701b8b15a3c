"""A look at engines, and finders that name what they are told to."""

from collections.abc import Sequence

from pointsman.catalogue.providers import provider
from pointsman.catalogue.row import Provider
from pointsman.discovery.engines import EngineSource
from pointsman.discovery.ports import UsualPorts
from pointsman.discovery.spots import Finder, Spot
from pointsman.net import Sessions
from pointsman.types import Finding, FoundBy, Place


def row_of(row_id: str) -> Provider:
    row = provider(row_id)
    assert row is not None
    return row


class Told:
    """A finder that names what it is told to, or fails."""

    looked_for = ("what it is told",)

    def __init__(self, *spots: Spot, error: Exception | None = None) -> None:
        self.told = spots
        self.error = error

    async def spots(self) -> Sequence[Spot]:
        if self.error:
            raise self.error
        return self.told


def source(sessions: Sessions, *rows: Provider, **options: object) -> EngineSource:
    return source_of(sessions, UsualPorts(rows), rows=rows, **options)


def source_of(sessions: Sessions, *finders: Finder, **options: object) -> EngineSource:
    return EngineSource(finders, sessions, lambda: 1000.0, **options)  # type: ignore[arg-type]


def spot(port: int, found_by: FoundBy = FoundBy.PROCESS, host: str = "127.0.0.1", **more: object) -> Spot:
    return Spot(Place(f"http://{host}:{port}/v1"), found_by, **more)  # type: ignore[arg-type]


async def look(at: EngineSource) -> list[Finding]:
    found: list[Finding] = []
    await at.look(found.append)
    return found


async def look_once(sessions: Sessions, *rows: Provider, **options: object) -> Finding:
    (finding,) = await look(source(sessions, *rows, **options))
    return finding
