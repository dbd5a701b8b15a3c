"""The usual ports: where each engine listens if nobody tells it otherwise."""

from collections.abc import Sequence

from pointsman.catalogue.row import Provider
from pointsman.discovery.spots import LOOPBACK, Address, Spot
from pointsman.types import FoundBy


class UsualPorts:
    def __init__(self, rows: Sequence[Provider]) -> None:
        self._rows = tuple(rows)

    @property
    def looked_for(self) -> tuple[str, ...]:
        return tuple(
            f"{row.title} on {LOOPBACK[0]}:{' and '.join(map(str, row.ports))}"
            for row in self._rows
            if row.ports
        )

    async def spots(self) -> Sequence[Spot]:
        return [
            Spot(place, FoundBy.PORT, row)
            for row in self._rows
            for port in row.ports
            if (place := Address(port=port).place)
        ]
