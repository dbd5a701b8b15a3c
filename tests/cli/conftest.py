"""What the tests of the command line share: a stub of the daemon, and the command run as a shell runs it."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pointsman.cli.main import main
from tests.cli.stub import Stub, running_stub


@pytest.fixture
def stub() -> Iterator[Stub]:
    with running_stub() as running:
        yield running


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine that runs the tests: no configuration, no daemon, no colour."""
    for name in ("CONFIG", "STATE", "SOCKET", "HOST", "PORT"):
        monkeypatch.delenv(f"POINTSMAN_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*words: str, stdin: str = "") -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = main(words)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


@pytest.fixture
def ask_stub(run: Run, stub: Stub) -> Run:
    """The same, of the stub."""

    def ask(*words: str, stdin: str = "") -> Ran:
        return run(*words, "--state", str(stub.state), stdin=stdin)

    return ask
