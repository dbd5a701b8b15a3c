"""Types are strict, and files are linted and formatted: each tool finds a flaw under our configuration.

Ruff's verdict on all that is ours is asked for here too; mypy's takes as long as a sixth of all tests, and
`make check` asks for it.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.structure.repository import ROOT

TOOLS = {
    "mypy": (("mypy",), "mend the types"),
    "ruff check": (("ruff", "check", "."), "try `.venv/bin/ruff check --fix .`"),
    "ruff format": (("ruff", "format", "--check", "."), "run `.venv/bin/ruff format .`"),
}

# What each tool must object to.
FLAWS = {
    "mypy": "def f(x):\n    return x\n",
    "ruff check": "import os\n",
    "ruff format": "x   =  1\n",
}


def run(tool: str, *arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command, _ = TOOLS[tool]
    return subprocess.run(
        [sys.executable, "-m", *command, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("tool", ["ruff check", "ruff format"])
def test_the_tool_finds_nothing(tool: str) -> None:
    result = run(tool)
    _, remedy = TOOLS[tool]
    assert result.returncode == 0, f"{remedy}\n{result.stdout}{result.stderr}"


@pytest.mark.parametrize("tool", TOOLS)
def test_the_tool_finds_a_flaw_under_our_configuration(tool: str, tmp_path: Path) -> None:
    for name in ("daemon", "tray", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}_is_clean.py").touch()
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "daemon/flaw.py").write_text(FLAWS[tool], encoding="utf-8")
    result = run(tool, folder=tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "flaw.py" in result.stdout
