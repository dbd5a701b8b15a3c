from collections.abc import Callable
from pathlib import Path

import pytest

from pointsman.config.load import load
from pointsman.config.schema import Config
from pointsman.errors import ConfigError


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a configuration that belongs to its user alone, and says where."""

    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return write


@pytest.fixture
def read(write: Callable[[str], Path]) -> Callable[[str], Config]:
    return lambda text: load(write(text), explicit=True).config


@pytest.fixture
def refused(write: Callable[[str], Path]) -> Callable[[str], str]:
    """What is said of a bad configuration, with the folder taken out of it."""

    def refused(text: str) -> str:
        path = write(text)
        with pytest.raises(ConfigError) as caught:
            load(path, explicit=True)
        return str(caught.value).replace(f"{path.parent}/", "")

    return refused
