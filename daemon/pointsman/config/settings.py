"""What commands have set at run time: it wins over the file, and outlasts a restart.

One JSON object in the state folder, dotted keys and their values, as `{"privacy.mode": "local-only"}`. The
daemon alone writes it, and what is in it goes through the schema like all else.
"""

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from pointsman.errors import PointsmanError, StartError


class Settings:
    """`values` is a snapshot: who changes one gets another."""

    def __init__(self, path: Path) -> None:
        """Raises StartError for a file that can't be read: what was ruled out must not be allowed by that."""
        self._path = path
        self.values: Mapping[str, object] = MappingProxyType(_read(path))

    def set(self, key: str, value: object) -> None:
        """It is in the file when this returns. Raises NotKept, and then it holds until the next start."""
        self.swap((), {key: value})

    def undo(self, key: str) -> None:
        """What the file, or the default, says holds again. Raises NotKept as `set` does."""
        self.swap((key,), {})

    def swap(self, gone: Collection[str], new: Mapping[str, object]) -> None:
        """Takes some back and sets others, all at once. Raises NotKept as `set` does."""
        kept = {key: value for key, value in self.values.items() if key not in gone}
        self.values = MappingProxyType(kept | dict(new))
        self._write()

    def _write(self) -> None:
        draft = self._path.with_suffix(".new")
        try:
            draft.touch(mode=0o600)
            with draft.open("w", encoding="utf-8") as file:
                file.write(json.dumps(dict(self.values)) + "\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as error:
            raise NotKept(
                f"it holds now, but not after a restart: {self._path} can't be written ({error.strerror})"
            ) from error


class NotKept(PointsmanError):
    """What was set is in force, and nobody will know of it after a restart."""

    code = "not_kept"


def _read(path: Path) -> dict[str, object]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StartError(f"{path}, what commands have set, can't be read ({error}): {TO_DO}") from error
    if not isinstance(values, dict):
        raise StartError(f"{path}, what commands have set, is no JSON object: {TO_DO}")
    return values


TO_DO = "mend it, or remove it and set again what was set, such as `pointsman mode`"
