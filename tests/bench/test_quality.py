import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.children import ROOT
from tests.bench.quality import Row, accuracy, apgr


def test_the_lead_is_gained_sooner_by_a_better_order() -> None:
    gains = (1.0, 0.0, 0.0, 0.0)
    assert apgr(zip((4, 3, 2, 1), gains, strict=True)) == pytest.approx(7 / 8)
    assert apgr(zip((1, 2, 3, 4), gains, strict=True)) == pytest.approx(1 / 8)
    assert apgr(zip((1, 1, 1, 1), gains, strict=True)) == pytest.approx(1 / 2), "level: as by chance"


def test_what_has_no_label_is_not_counted() -> None:
    rows: list[Row] = [
        {"prompt": "Summarize it", "task8": "summarization"},
        {"prompt": "Summarize it", "task8": None},
    ]
    assert accuracy(rows, "task8") == 1


def test_it_measures_what_is_in_a_folder(tmp_path: Path) -> None:
    write(
        tmp_path / "task_mine.jsonl.gz", {"prompt": "Write a poem", "task8": "creative", "meso4": "creative"}
    )
    write(tmp_path / "route_mine.jsonl.gz", {"prompt": "Why?", "strong": 1, "weak": 0})
    told = run(str(tmp_path))
    assert told.count("task_mine 1.000") == 2
    assert "APGR on route_mine" in told


def test_it_says_where_there_is_nothing(tmp_path: Path) -> None:
    assert f"nothing to measure with in {tmp_path}" in run(str(tmp_path))


def write(path: Path, row: dict[str, object]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.write(json.dumps(row) + "\n")


def run(folder: str) -> str:
    command = [sys.executable, "-m", "tests.bench.quality", folder]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
