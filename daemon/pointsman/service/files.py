"""Files that a service manager reads: written as a whole or not at all."""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pointsman.service.run import ServiceError

READABLE = 0o644  # permission bits; there is no secret in them


def differing(files: Mapping[Path, bytes]) -> Sequence[Path]:
    """Those that are not as they should be, or not there."""
    return [path for path, content in files.items() if _content(path) != content]


def written(files: Mapping[Path, bytes]) -> Sequence[Path]:
    """Those that were not as they should be, and now are. Raises ServiceError."""
    different = differing(files)
    for path in different:
        try:
            _write(path, files[path])
        except OSError as error:
            raise ServiceError(f"{path} can't be written: {error.strerror}") from error
    return different


def make_folder(folder: Path) -> None:
    """For its owner alone, where it is not there yet. Raises ServiceError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ServiceError(f"the folder {folder} can't be made: {error.strerror}") from error


def removed(paths: Iterable[Path]) -> Sequence[Path]:
    """Those that were there, and are not any more. Raises ServiceError."""
    there = [path for path in paths if path.is_symlink() or path.exists()]
    for path in there:
        try:
            path.unlink()
        except OSError as error:
            raise ServiceError(f"{path} can't be removed: {error.strerror}") from error
    return there


def forget(*folders: Path) -> Sequence[Path]:
    """Removes those that are empty, and gives them; the inner come before the outer."""
    gone = []
    for folder in folders:
        with suppress(OSError):  # it is not empty, or not there
            folder.rmdir()
            gone.append(folder)
    return gone


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), READABLE)
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
