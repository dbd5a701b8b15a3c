"""The bench's own processes: the stub engine, the bare hop, the load client."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.bench.load import Job, Result, as_line

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Load:
    """The load client: one job at a time."""

    to: IO[str]
    back: IO[str]

    def run(self, job: Job) -> Result:
        """Raises RuntimeError when a request did not get a good answer."""
        self.to.write(as_line(job))
        self.to.flush()
        result: Result = json.loads(self.back.readline() or '{"error": "the load client died"}')
        if result["error"]:
            raise RuntimeError(f"{job.url}: {result['error']}")
        return result


@contextmanager
def child(module: str, *arguments: str) -> Iterator[tuple[IO[str], IO[str]]]:
    """Runs `python -m module`; gives its standard input and output. It ends when the input is closed."""
    command, pipe = [sys.executable, "-m", module, *arguments], subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdin, process.stdout
        finally:
            process.stdin.close()


@contextmanager
def server(module: str, *arguments: str) -> Iterator[str]:
    """A child that says its address first."""
    with child(module, *arguments) as (_, told):
        yield told.readline().strip()


@contextmanager
def load_client() -> Iterator[Load]:
    with child("tests.bench.load") as (to, back):
        yield Load(to, back)
