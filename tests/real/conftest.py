"""Real engines: two shared by a session, and `start_engine` for the test that wants, or kills, its own."""

import importlib.util
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.real.engine import RealEngine, StartEngine, real_engine

NEEDS = ("xllamacpp", "gguf", "numpy")


@pytest.fixture(scope="session")
def llama() -> None:
    """Skips what needs a real llama.cpp where there is none."""
    missing = " ".join(name for name in NEEDS if importlib.util.find_spec(name) is None)
    if missing:
        pytest.skip(f"a real llama.cpp server is not installed: pip install {missing}")


@pytest.fixture(scope="session")
def tcp_engine(llama: None) -> Iterator[RealEngine]:
    """A llama.cpp server on a free port of 127.0.0.1, with the model `tiny`."""
    with real_engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def socket_engine(llama: None) -> Iterator[RealEngine]:
    """A llama.cpp server on a Unix socket, with the model `tiny`."""
    with (
        tempfile.TemporaryDirectory(prefix="pm-") as folder,  # a socket's path holds a hundred bytes at most
        real_engine(socket=Path(folder) / "llama.sock") as engine,
    ):
        yield engine


@pytest.fixture
def start_engine(llama: None) -> Iterator[StartEngine]:
    """Starts engines that end with the test."""
    with ExitStack() as engines:
        yield lambda **options: engines.enter_context(real_engine(**options))
