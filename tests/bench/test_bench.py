"""The bench runs; what it measures is not asserted."""

import subprocess
import sys

from tests.bench.children import ROOT

LEAST = ("--rounds", "1", "--seconds", "0.05", "--streams", "20", "--idle", "0.1")


def test_the_least_run_gives_every_figure() -> None:
    command = [sys.executable, "-m", "tests.bench", *LEAST]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert told.returncode == 0, told.stderr
    figures = [line for line in told.stdout.splitlines() if line.startswith(("  kept", "  MISSED", "  -"))]
    assert len(figures) == 21
    assert "pointsman auto" in told.stdout
