"""The import contracts of pyproject.toml hold, and each of them can fail.

That none hides in a function is a rule of rules.py.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.structure.repository import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = tuple(contract["id"] for contract in PYPROJECT["tool"]["importlinter"]["contracts"])

# For each contract a line that breaks it, and the file that line is added to.
BREACHES = MappingProxyType(
    {
        "layers": ("daemon/pointsman/config/__init__.py", "import pointsman.router"),
        "acyclic": ("daemon/pointsman/types.py", "import pointsman.router"),
        "pure": ("daemon/pointsman/routing/__init__.py", "import pointsman.events  # and so asyncio"),
        "aiohttp": ("daemon/pointsman/router.py", "import aiohttp"),
        "httpx": ("daemon/pointsman/cli/main.py", "import httpx"),
        "sqlite3": ("daemon/pointsman/catalogue/__init__.py", "import sqlite3"),
        "sources": ("daemon/pointsman/discovery/ports.py", "import pointsman.discovery.configured"),
        "tray": ("tray/pointsman_tray/__main__.py", "import pointsman.router"),
        "no-tray": ("daemon/pointsman/cli/main.py", "import pointsman_tray.__main__"),
    }
)


def lint_imports(checkout: Path, *, contract: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()"]
    limits = ["--contract", contract] if contract else []
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(checkout / "daemon"), str(checkout / "tray"))),
    }
    return subprocess.run(
        [*command, "--no-logo", "--no-cache", *limits],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and their contracts, to be spoilt."""
    for folder in ("daemon", "tray"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_run_one_way() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_breach_of_the_contract_is_found_and_says_what_to_do(contract: str, copy: Path) -> None:
    assert contract in BREACHES, f"add a line that breaks the contract {contract!r} to BREACHES in {__file__}"
    file, line = BREACHES[contract]
    with (copy / file).open("a", encoding="utf-8") as spoilt:
        spoilt.write(f"\n{line}\n")
    result = lint_imports(copy, contract=contract)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "1 broken" in result.stdout
    assert flat(guidance(contract)) in flat(result.stdout)


def test_a_module_without_a_place_is_found(copy: Path) -> None:
    (copy / "daemon/pointsman/drawer.py").write_text('"""Odds and ends."""\n', encoding="utf-8")
    result = lint_imports(copy, contract="layers")
    assert result.returncode == 1, result.stdout + result.stderr
    assert "drawer" in result.stdout


def guidance(contract: str) -> str:
    rows: list[Mapping[str, str]] = PYPROJECT["tool"]["importlinter"]["contracts"]
    return next(row["broken_contract_guidance"] for row in rows if row["id"] == contract)


def flat(text: str) -> str:
    """Without the line breaks that fit a text to a terminal."""
    return re.sub(r"\s+", " ", text).strip()
