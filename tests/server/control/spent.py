"""A ledger's sums, as a test gives them."""

from pathlib import Path
from typing import Any

from pointsman.errors import LedgerError
from pointsman.ledger.queries import Reader
from pointsman.ledger.spending import By, Sum


class Sums(Reader):
    """Tells the same sums of all days, by whatever is asked for; remembers what was asked."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.by: dict[By, tuple[Sum, ...]] = {}
        self.asked: list[tuple[By, int, int | None]] = []
        self.broken = False

    def spent(self, by: By, since_day: int, until_day: int | None = None) -> tuple[Sum, ...]:
        if self.broken:
            raise LedgerError("the ledger is damaged")
        self.asked.append((by, since_day, until_day))
        return self.by.get(by, ())


def one(key: str = "cloud/big", **changes: Any) -> Sum:
    base: dict[str, Any] = {
        "key": key,
        "requests": 1,
        "attempts": 1,
        "input_tokens": 0,
        "output_tokens": 0,
        "cache_read": 0,
        "cost": 0,
        "reserved": 0,
        "unpriced": 0,
        "told": 0,
        "told_priced": 0,
    }
    return Sum(**base | changes)
