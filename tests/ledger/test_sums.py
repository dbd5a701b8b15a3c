"""What a request took, told before it is written down, is what the log tells of it afterwards."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from pointsman.calls import Attempt
from pointsman.ledger.queries import Reader
from pointsman.ledger.rows import save, to_entry
from pointsman.ledger.schema import open_ledger
from pointsman.ledger.sums import took
from pointsman.money import Usage
from tests.fakes.records import attempt, record

SILENT = attempt(usage=None, cost=0)
CHEAP, DEAR = attempt(usage=Usage(10, 1), cost=5), attempt(usage=Usage(20, 2), cost=7)
UNPRICED = attempt(usage=Usage(1, 1), cost=None)


@pytest.mark.parametrize(
    ("attempts", "sums"),
    [
        ((), {"input_tokens": None, "output_tokens": None, "cost": 0}),
        ((SILENT,), {"input_tokens": None, "output_tokens": None, "cost": 0}),
        ((SILENT, CHEAP, DEAR), {"input_tokens": 30, "output_tokens": 3, "cost": 12}),
        ((DEAR, UNPRICED), {"input_tokens": 21, "output_tokens": 3, "cost": None}),
    ],
)
def test_sums_are_those_of_the_log(
    tmp_path: Path, attempts: tuple[Attempt, ...], sums: Mapping[str, int | None]
) -> None:
    path = tmp_path / "ledger.sqlite3"
    with closing(open_ledger(path)) as connection, closing(Reader(path)) as reader:
        assert save(connection, [to_entry(record(attempts=attempts))]) == []
        (line,) = reader.log(1)
    told = {"input_tokens": line.input_tokens, "output_tokens": line.output_tokens, "cost": line.cost}
    assert took(attempts) == told == sums
