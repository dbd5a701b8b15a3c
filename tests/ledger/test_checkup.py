"""Whether a ledger is sound and can be written to, for others than its writer."""

import os
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from pointsman.errors import LedgerError
from pointsman.ledger.checkup import read_through, try_writing
from pointsman.ledger.schema import OlderLedger, open_ledger
from tests.fakes.records import record
from tests.ledger.conftest import keep


def test_a_sound_ledger_is_read_through_and_can_be_written(path: Path) -> None:
    keep(path, record())
    before = path.read_bytes()
    assert read_through(path, 10.0)
    try_writing(path)
    assert path.read_bytes() == before


def test_what_a_killed_daemon_left_is_its_next_starts_to_move(path: Path, tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    killed.mkdir()
    log = f"{path.name}-wal"
    with closing(open_ledger(path)):
        before = {name: (path.parent / name).read_bytes() for name in (path.name, log)}
    for name, content in before.items():
        (killed / name).write_bytes(content)
    assert read_through(killed / path.name, 10.0)
    try_writing(killed / path.name)
    assert {name: (killed / name).read_bytes() for name in before} == before


def test_a_ledger_that_takes_too_long_is_not_said_to_be_sound(path: Path) -> None:
    keep(path, *(record(f"r{number}") for number in range(3_000)))
    ticks = count()
    assert not read_through(path, 0.5, monotonic=lambda: float(next(ticks)))


def test_a_page_that_is_spoilt_is_found_though_its_head_is_well(path: Path) -> None:
    keep(path, *(record(f"r{number}") for number in range(100)))
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 8192)
    with pytest.raises(LedgerError, match="Move it away"):
        read_through(path, 10.0)


def test_an_older_ledger_waits_for_the_next_start(path: Path) -> None:
    with closing(open_ledger(path)) as connection:
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(OlderLedger, match="start the daemon once"):
        read_through(path, 10.0)


def test_a_file_that_is_none_is_not_made(path: Path) -> None:
    with pytest.raises(LedgerError, match="unable to open"):
        try_writing(path)
    assert not path.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_only_be_read_can_not_be_written(path: Path) -> None:
    keep(path, record())
    path.chmod(0o400)
    with pytest.raises(LedgerError, match="readonly"):
        try_writing(path)


def test_while_another_writes_it_can_not_be_written(path: Path) -> None:
    with closing(open_ledger(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="locked"):
            try_writing(path)
