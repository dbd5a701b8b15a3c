"""What the ledger says was spent: the one place where its sums are asked for."""

from dataclasses import dataclass
from typing import Literal, Protocol, cast

from pointsman.server.rooms import Rooms

By = Literal["model", "provider", "app", "role", "kind", "user", "day", "tier"]


@dataclass(frozen=True, slots=True)
class Sum:
    """Amounts are nano-dollars."""

    key: str  # a day's is its date
    requests: int
    attempts: int
    input_tokens: int
    output_tokens: int
    cache_read: int
    cost: int  # as far as it is known
    reserved: int  # for what is under way, at the most
    unpriced: int  # attempts at a cost that nobody knows
    told: int  # of the cost: what its provider told, where we have a price to hold beside it,
    told_priced: int  # and what that comes to


class Spent(Protocol):
    def spent(self, by: By, since_day: int, until_day: int | None = None) -> tuple[Sum, ...]: ...


def ledger_of(rooms: Rooms) -> Spent:
    return cast("Spent", rooms.reader)
