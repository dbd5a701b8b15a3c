from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pointsman.ledger.queries import Reader
from pointsman.ledger.record import RequestRecord
from pointsman.ledger.rows import save, to_entry
from pointsman.ledger.schema import open_ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger will be."""
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def reader(path: Path) -> Iterator[Reader]:
    """Of the ledger that is there by then."""
    with closing(Reader(path)) as reader:
        yield reader


def keep(path: Path, *records: RequestRecord) -> None:
    with closing(open_ledger(path)) as connection:
        assert save(connection, list(map(to_entry, records))) == []
