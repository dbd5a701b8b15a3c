"""Where `serve` says what goes wrong, tried on daemons that do not start."""

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pointsman.cli.logs import LARGEST, Rotating

NOT_LOOPBACK = ("--host", "10.0.0.1")  # so that it warns of its configuration, and then does not start
WARNS = '[providers.mine]\napi_base = "http://127.0.0.1:1/v1"\napi_key = "sk-1234"\n'
NOTHING: Mapping[str, str] = {}


def refused(
    folder: Path, *flags: str, environ: Mapping[str, str] = NOTHING, err: int = subprocess.PIPE
) -> str:
    """What it says on standard error."""
    config = folder / "c.toml"
    config.write_text(WARNS, encoding="utf-8")
    config.chmod(0o644)
    command = (sys.executable, "-m", "pointsman.cli.main", "serve", "--config", str(config), *NOT_LOOPBACK)
    ran = subprocess.run(
        (*command, "--state", str(folder / "state"), *flags),
        env={"HOME": str(folder), "PATH": os.environ["PATH"], **environ},
        stderr=err,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    return ran.stderr or ""


def test_a_log_holds_warnings_and_what_ended_the_daemon(tmp_path: Path) -> None:
    log = tmp_path / "new folder" / "p.log"
    said = refused(tmp_path, "--log", str(log))
    warning, error = log.read_text(encoding="utf-8").splitlines()
    assert " WARNING pointsman.daemon: " in warning
    assert "can be read by others" in warning
    assert " ERROR pointsman.cli.logs: 10.0.0.1 is not a loopback address" in error
    assert "WARNING" not in said
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_log_that_can_not_be_written_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refused(tmp_path, "--log", str(tmp_path / "file" / "p.log"))
    assert f"the log {tmp_path}/file/p.log can't be written" in said


def test_a_log_that_could_not_be_begun_anew_stops_the_start(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "p.log"
    log.parent.mkdir()
    log.touch()
    log.parent.chmod(0o500)
    if os.access(log.parent, os.W_OK):
        pytest.skip("root may write everywhere")
    said = refused(tmp_path, "--log", str(log))
    assert f"the log {log} can't be begun anew when it is full" in said
    assert log.read_bytes() == b""


def test_a_log_that_is_no_file_is_never_begun_anew(tmp_path: Path) -> None:
    assert "can't be begun anew" not in refused(tmp_path, "--log", "/dev/null")


def test_without_a_log_it_is_standard_error_with_the_time(tmp_path: Path) -> None:
    assert refused(tmp_path)[:2] == "20"


def test_the_journal_puts_the_time_itself(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w+", encoding="utf-8") as journal:
        told = os.fstat(journal.fileno())
        refused(tmp_path, environ={"JOURNAL_STREAM": f"{told.st_dev}:{told.st_ino}"}, err=journal.fileno())
        journal.seek(0)
        assert journal.read().startswith("WARNING pointsman.daemon: ")


def test_a_variable_that_a_terminal_inherited_is_not_taken_for_the_journal(tmp_path: Path) -> None:
    assert refused(tmp_path, environ={"JOURNAL_STREAM": "1:2"})[:2] == "20"


@pytest.mark.parametrize("times", [1, 5])
def test_a_log_does_not_grow_for_ever(tmp_path: Path, times: int) -> None:
    handler = Rotating.in_file(tmp_path / "p.log")
    half = logging.makeLogRecord({"msg": "x" * (LARGEST // 2 + 1)})
    for _ in range(times * 2):
        handler.emit(half)
    handler.close()
    files = sorted(tmp_path.iterdir())
    assert len(files) == min(times * 2, 3)
    assert all(path.stat().st_size <= LARGEST for path in files)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
