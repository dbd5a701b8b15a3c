"""`pointsman uninstall`: what goes, what stays, and what is never touched."""

import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pointsman.cli.main import main
from pointsman.paths import Paths, find_paths
from pointsman.server.instance import sole
from tests.cli.conftest import Run
from tests.fakes.managers import Managers
from tests.journeys.daemon import NO_CLOUD

COMMAND = (sys.executable, "-m", "pointsman.cli.main")
KEYRING = """\
from pathlib import Path
_kept = Path(__file__).parent
def get_password(service, name):
    return (_kept / name).read_text() if (_kept / name).exists() else None
def delete_password(service, name):
    (_kept / name).unlink()
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def managers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Managers]:
    """A home with a short path, as sockets want it."""
    with tempfile.TemporaryDirectory(prefix="pm-") as folder:
        made = Managers(Path(folder))
        (made.home / "run").mkdir()
        for name, value in {**made.environ, **NO_CLOUD}.items():
            monkeypatch.setenv(name, value)
        yield made
        if (left := made.held / "pid").exists():
            os.kill(int(left.read_text(encoding="utf-8")), signal.SIGKILL)


@pytest.fixture
def paths(managers: Managers) -> Paths:
    return find_paths(managers.environ)


@pytest.fixture
def lived_in(managers: Managers, paths: Paths) -> Paths:
    """What daemons that have run, and one that was killed, leave behind."""
    paths.config_file.parent.mkdir(parents=True)
    paths.config_file.write_text("[server]\nport = 0\n", encoding="utf-8")
    paths.credentials.touch(mode=0o600)
    paths.credentials.write_text('groq = "keyring:groq"\nmine = "gsk-1234"\n', encoding="utf-8")
    paths.state_dir.mkdir(parents=True)
    for name in ("ledger.sqlite3", "ledger.sqlite3-wal", "settings.json"):
        (paths.state_dir / name).write_text("{}", encoding="utf-8")
    for name in ("lock", "daemon.json", "daemon.new", "settings.new", "pointsman.log", "pointsman.log.1"):
        (paths.state_dir / name).write_text("{}", encoding="utf-8")
    paths.socket.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(paths.socket))
    return paths


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A keyring to be imported in the place of the real one; its keys are files in it."""
    package = tmp_path / "keyring"
    package.mkdir()
    (package / "errors.py").write_text("class KeyringError(Exception): pass\n", encoding="utf-8")
    (package / "__init__.py").write_text(KEYRING, encoding="utf-8")
    (package / "groq").write_text("gsk-5678", encoding="utf-8")
    for name in ("keyring", "keyring.errors"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    return package


def files(home: Path) -> list[str]:
    """All that is in a home, but for the managers that serve it."""
    every = (path for path in home.rglob("*") if "managers" not in path.parts)
    return sorted(path.relative_to(home).as_posix() for path in every)


def test_only_what_was_written_set_or_spent_stays_and_is_listed(
    run: Run, managers: Managers, lived_in: Paths
) -> None:
    ran = run("uninstall")
    assert ran.code == 0
    stay = [
        ".config/pointsman/config.toml",
        ".config/pointsman/credentials.toml",
        ".local/state/pointsman/ledger.sqlite3",
        ".local/state/pointsman/ledger.sqlite3-wal",
        ".local/state/pointsman/settings.json",
    ]
    assert [name for name in files(managers.home) if (managers.home / name).is_file()] == stay
    assert all(f"stays: {managers.home / name}  " in ran.out for name in stay)
    assert not lived_in.socket.parent.exists()
    assert "pip uninstall pointsman" in ran.out.splitlines()[-1]


def test_purged_nothing_stays_not_even_in_the_keyring(
    run: Run, managers: Managers, lived_in: Paths, keyring: Path
) -> None:
    ran = run("uninstall", "--purge", "--yes")
    assert ran.code == 0
    assert files(managers.home) == [".config", ".local", ".local/state", "run"]
    assert not (keyring / "groq").exists()
    assert "removed the key of groq in the keyring" in ran.out
    assert "gsk" not in ran.out + ran.err


def test_without_a_terminal_purging_has_to_be_meant(run: Run, managers: Managers, lived_in: Paths) -> None:
    before = files(managers.home)
    ran = run("uninstall", "--purge")
    assert ran.code == 2
    assert "say --yes" in ran.err
    assert files(managers.home) == before


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("\n", 1), ("no\n", 1)])
@pytest.mark.usefixtures("keyring")
def test_on_a_terminal_it_asks_before_it_purges(
    lived_in: Paths,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    code: int,
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert main(["uninstall", "--purge"]) == code
    asked, _, _ = capsys.readouterr().out.partition("Remove these too, for good?")
    assert f"{lived_in.config_file}  " in asked
    assert "the key of groq in the keyring" in asked
    assert lived_in.config_file.exists() == bool(code)


def test_a_file_of_somebody_else_is_left_and_named(run: Run, managers: Managers, lived_in: Paths) -> None:
    theirs = lived_in.state_dir / "notes.txt"
    theirs.touch()
    ran = run("uninstall", "--purge", "--yes", "--config", str(managers.home / "none.toml"))
    assert theirs.exists()
    named = [line for line in ran.out.splitlines() if "is not Pointsman's" in line]
    assert named == [f"stays, and is not Pointsman's: {theirs}"]


def test_a_copy_that_somebody_made_of_a_file_is_theirs(run: Run, managers: Managers, lived_in: Paths) -> None:
    names = ("ledger.sqlite3.bak", "ledger.sqlite3-copy", "pointsman.log.notes", "pointsman.log.old")
    theirs = [lived_in.state_dir / name for name in names]
    theirs.append(lived_in.credentials.with_name(".credentials.toml.swp"))
    for path in theirs:
        path.touch()
    ran = run("uninstall", "--purge", "--yes")
    assert all(path.exists() for path in theirs)
    assert all(f"stays, and is not Pointsman's: {path}\n" in ran.out for path in theirs)


def test_a_drop_in_is_left_and_named(run: Run, managers: Managers) -> None:
    run("service", "install", "--here", "--port", "0")
    drop_in = managers.units / "pointsman.service.d" / "override.conf"
    drop_in.parent.mkdir()
    drop_in.touch()
    for _ in range(2):
        ran = run("uninstall", "--purge", "--yes")
        assert drop_in.exists()
        assert f"stays, and is not Pointsman's: {drop_in}\n" in ran.out


def test_a_link_in_the_place_of_its_folder_is_left_and_named(
    run: Run, managers: Managers, lived_in: Paths
) -> None:
    elsewhere = managers.home / "disk"
    lived_in.state_dir.rename(elsewhere)
    lived_in.state_dir.symlink_to(elsewhere)
    ran = run("uninstall", "--purge", "--yes")
    assert files(elsewhere) == []
    assert f"stays, and is not Pointsman's: {lived_in.state_dir}\n" in ran.out


def test_a_link_to_a_folder_in_the_place_of_a_file_is_removed_and_not_followed(
    run: Run, managers: Managers, lived_in: Paths
) -> None:
    theirs = managers.home / "theirs" / "lock"
    theirs.parent.mkdir()
    theirs.touch()
    for path in (lived_in.lock, lived_in.settings):
        path.unlink()
        path.symlink_to(theirs)
    assert run("uninstall", "--purge", "--yes").code == 0
    assert theirs.exists()
    assert not lived_in.state_dir.exists()


@pytest.mark.parametrize("name", ["lock", "daemon.json", "settings.json"])
def test_a_fifo_in_the_place_of_a_file_keeps_nobody_waiting(
    managers: Managers, lived_in: Paths, name: str
) -> None:
    lived_in.credentials.unlink()
    (lived_in.state_dir / name).unlink()
    os.mkfifo(lived_in.state_dir / name)
    ran = subprocess.run((*COMMAND, "uninstall", "--purge", "--yes"), timeout=30, check=False)
    assert ran.returncode == 0


def test_a_socket_at_which_somebody_answers_is_not_removed(
    run: Run, managers: Managers, lived_in: Paths
) -> None:
    """A daemon with another state folder: the runtime folder is the same."""
    lived_in.socket.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(lived_in.socket))
        other.listen()
        assert run("uninstall").code == 0
        assert lived_in.socket.exists()


def test_what_a_change_of_keys_left_that_was_killed_goes(
    run: Run, managers: Managers, lived_in: Paths
) -> None:
    draft = lived_in.credentials.with_name(".credentials.toml.a1b2_c3d")
    draft.touch()
    assert run("uninstall").code == 0
    assert not draft.exists()


def test_a_file_in_the_place_of_the_socket_is_not_removed(
    run: Run, managers: Managers, lived_in: Paths
) -> None:
    lived_in.socket.unlink()
    lived_in.socket.touch()
    run("uninstall")
    assert lived_in.socket.exists()


def test_while_somebody_runs_a_daemon_nothing_is_removed(
    run: Run, managers: Managers, lived_in: Paths
) -> None:
    with sole(lived_in):
        before = files(managers.home)
        ran = run("uninstall")
        assert ran.code == 1
        assert f"process {os.getpid()}" in ran.err
        assert files(managers.home) == before


def test_what_a_service_was_told_at_its_installation_is_where_is_looked(
    run: Run, managers: Managers, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = managers.home / "moved"
    monkeypatch.setenv("XDG_STATE_HOME", str(moved))
    run("service", "install", "--here", "--port", "0")
    monkeypatch.delenv("XDG_STATE_HOME")
    (moved / "pointsman").mkdir(parents=True)
    (moved / "pointsman" / "pointsman.log").touch()
    assert run("uninstall").code == 0
    assert files(moved) == []


@pytest.mark.parametrize(("flag", "other"), [("--state", "elsewhere"), ("--config", "elsewhere/config.toml")])
def test_a_service_is_not_uninstalled_with_the_files_of_another(
    run: Run, managers: Managers, lived_in: Paths, flag: str, other: str
) -> None:
    run("service", "install", "--here", "--port", "0")
    before = files(managers.home)
    ran = run("uninstall", "--purge", "--yes", flag, str(managers.home / other))
    assert ran.code == 1
    assert "leave out --state and --config" in ran.err
    assert files(managers.home) == before


def test_folders_that_a_shell_moved_after_the_installation_are_not_the_services(
    run: Run, managers: Managers, monkeypatch: pytest.MonkeyPatch, lived_in: Paths
) -> None:
    run("service", "install", "--here", "--port", "0")
    monkeypatch.setenv("XDG_STATE_HOME", str(managers.home / "moved"))
    assert run("uninstall").code == 0
    assert not lived_in.lock.exists()


@pytest.mark.parametrize("command", [("uninstall",), ("service", "uninstall")])
def test_an_icon_goes_from_where_the_shell_had_its_folders_at_the_installation(
    run: Run, managers: Managers, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    moved = managers.home / "moved"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(moved))
    assert run("service", "install", "--here", "--tray", "--port", "0").code == 0
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert run(*command).code == 0
    assert files(moved) == []


def test_where_nothing_is_there_is_nothing_to_do(run: Run, managers: Managers) -> None:
    before = files(managers.home)
    assert run("uninstall").code == 0
    assert files(managers.home) == before


def test_a_service_that_nobody_can_stop_is_not_forgotten(run: Run, managers: Managers) -> None:
    run("service", "install", "--here", "--port", "0")
    managers.hold("away")
    ran = run("uninstall")
    assert ran.code == 1
    assert "the service can't be stopped" in ran.err
    assert len(list(managers.units.glob("pointsman.*"))) == 2


def test_a_service_that_runs_is_stopped_and_all_that_it_left_is_gone(run: Run, managers: Managers) -> None:
    """The daemon itself, started by the manager as the unit says, in a folder that only the unit names."""
    state = managers.home / "own state"
    managers.hold("for-real", str(state / "daemon.json"))
    assert run("service", "install", "--here", "--port", "0", "--state", str(state)).code == 0
    pid = int((managers.held / "pid").read_text(encoding="utf-8"))
    assert run("status", "--state", str(state)).code == 0
    ran = run("uninstall")
    assert ran.code == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert managers.enabled == []
    assert {path.name for path in state.iterdir()} == {"ledger.sqlite3"}
    assert not managers.units.exists()
    assert f"stays: {state}/ledger.sqlite3" in ran.out
    assert run("uninstall", "--purge", "--yes", "--state", str(state)).code == 0
    assert not state.exists()
