"""A home in which `doctor` looks: real files and sockets, and nothing of the machine that runs the tests."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from pointsman.cli.doctor.case import Case, Places, open_case
from pointsman.cli.doctor.checks import CHECKS, examine
from pointsman.cli.doctor.finding import Finding, State
from pointsman.cli.doctor.look import PATIENCE
from pointsman.ledger.record import Record
from pointsman.ledger.rows import save, to_entry
from pointsman.ledger.schema import open_ledger
from pointsman.paths import Paths, find_paths
from tests.journeys.daemon import NO_CLOUD

QUIET = "[discovery]\nlocal = false\n[server]\nport = 0\n"  # looks at no port of the machine


class Home:
    """`config` is the configuration file's text."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {"HOME": str(folder), "PATH": str(folder / "bin"), **NO_CLOUD}
        self.write(QUIET)

    @property
    def paths(self) -> Paths:
        return find_paths(self.environ)

    def write(self, config: str) -> None:
        self.paths.config_file.parent.mkdir(parents=True, exist_ok=True)
        self.paths.config_file.write_text(config, encoding="utf-8")

    def keep(self, *records: Record) -> None:
        """In its ledger."""
        self.paths.state_dir.mkdir(parents=True, exist_ok=True)
        with closing(open_ledger(self.paths.ledger)) as connection:
            assert save(connection, list(map(to_entry, records))) == []

    def program(self, name: str, script: str) -> None:
        """A program on its PATH."""
        program = self.folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)

    async def case(self, patience: float = PATIENCE) -> Case:
        return await open_case(Places(), self.environ, patience=patience)

    async def findings(self, topic: str = "") -> list[Finding]:
        found = await self.examined(await self.case())
        return [one for one in found if topic in ("", one.topic)]

    async def examined(self, case: Case) -> list[Finding]:
        return await examine(case, CHECKS)

    async def one(self, topic: str, state: State) -> Finding:
        """The only one of that state."""
        found = [one for one in await self.findings(topic) if one.state is state]
        assert len(found) == 1, found
        return found[0]


def bad(findings: Sequence[Finding]) -> list[Finding]:
    return [one for one in findings if one.state in (State.WARN, State.FAIL)]


@pytest.fixture
def home() -> Iterator[Home]:
    # a socket's path holds a hundred bytes at most, which pytest's own folders would use up
    with tempfile.TemporaryDirectory(prefix="pm-") as folder:
        yield Home(Path(folder))
