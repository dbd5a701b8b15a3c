"""The repository as files: what the structure tests read, and where it lies."""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = frozenset({".git", ".venv", "build", "dist", "__pycache__", ".hypothesis"})


@dataclass(frozen=True)
class Source:
    """A Python file. `path` is relative to the repository and written with slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def files(top: Path = ROOT) -> Iterator[Path]:
    """Every file that could be committed, in a fixed order; caches and environments are left out."""
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in NOT_OURS and not name.endswith("_cache"))
        yield from (Path(folder, name) for name in sorted(names))


def sources(*folders: str) -> Iterator[Source]:
    """The Python files below these folders of the repository."""
    for folder in folders:
        for path in files(ROOT / folder):
            if path.suffix == ".py":
                yield Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
