"""What is installed for which command line, and what the managers are asked to do with it."""

import plistlib
import socket
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pointsman.daemon import Options, settle
from pointsman.service.install import plan
from pointsman.service.launchd import Launchd
from pointsman.service.manager import find_manager, the_manager
from pointsman.service.program import Program
from pointsman.service.run import ServiceError
from pointsman.service.units import Plan
from tests.fakes.managers import Managers

NO_FLAGS = Options()
PROGRAM = Program(("/opt/p/bin/pointsman",), None, "")
PLAN = Plan(("/opt/p/bin/pointsman", "serve"), Path("/p.sock"), ("127.0.0.1", 4711), Path("/p.log"))


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port: int = gone.getsockname()[1]
    return port


def planned(
    environ: Mapping[str, str], default_port: int, options: Options = NO_FLAGS, held: int = 0
) -> Plan:
    setup = settle(options, environ)
    return plan(
        PROGRAM,
        setup.paths,
        setup.live.loaded,
        environ,
        default_port=default_port,
        config=options.config,
        state=options.state,
        holds=lambda port: port == held,
    )


def test_without_a_word_it_is_the_daemon_as_it_is_by_itself(tmp_path: Path, free_port: int) -> None:
    made = planned({"HOME": str(tmp_path), "XDG_RUNTIME_DIR": "/run/user/1"}, free_port)
    assert made.command == ("/opt/p/bin/pointsman", "serve")
    assert (made.unix, made.in_runtime) == (Path("/run/user/1/pointsman/pointsman.sock"), True)
    assert made.tcp == ("127.0.0.1", free_port)
    assert made.environment == ()


def test_what_this_command_line_and_its_variables_say_the_service_is_told_by_flags(
    tmp_path: Path, free_port: int
) -> None:
    config = tmp_path / "c.toml"
    config.write_text("", encoding="utf-8")
    environ = {"HOME": str(tmp_path), "POINTSMAN_CONFIG": str(config), "POINTSMAN_PORT": str(free_port)}
    made = planned(environ, 1, Options(state=tmp_path / "own", socket="false", host="127.0.0.1"))
    assert made.command[2:] == (
        *("--config", str(config)),
        *("--state", str(tmp_path / "own")),
        *("--host", "127.0.0.1"),
        *("--port", str(free_port)),
        *("--socket", "false"),
    )
    assert (made.unix, made.tcp) == (None, ("127.0.0.1", free_port))


def test_what_the_file_says_the_daemon_reads_itself_and_the_socket_follows(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[server]\nport = 0\nsocket = "/tmp/own.sock"\n', encoding="utf-8")
    made = planned({"HOME": str(tmp_path)}, 1, Options(config=config))
    assert made.command[2:] == ("--config", str(config))
    assert (made.unix, made.in_runtime, made.tcp) == (Path("/tmp/own.sock"), False, None)


def test_a_state_folder_of_its_own_brings_a_socket_of_its_own(tmp_path: Path, free_port: int) -> None:
    environ = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": "/run/user/1"}
    made = planned(environ, free_port, Options(state=Path("/own")))
    assert (made.unix, made.in_runtime) == (Path("/own/pointsman.sock"), False)


def test_a_socket_whose_path_is_too_long_is_left_to_the_daemon(tmp_path: Path, free_port: int) -> None:
    made = planned({"HOME": str(tmp_path)}, free_port, Options(state=tmp_path / ("x" * 100)))
    assert (made.unix, made.tcp) == (None, ("127.0.0.1", free_port))


def test_folders_that_a_shell_has_moved_are_moved_for_the_service(tmp_path: Path, free_port: int) -> None:
    environ = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / ".config"),
        "XDG_STATE_HOME": str(tmp_path / "moved"),
    }
    assert planned(environ, free_port).environment == (("XDG_STATE_HOME", str(tmp_path / "moved")),)


def test_the_default_port_that_is_taken_is_left_to_the_daemon(tmp_path: Path, taken_port: int) -> None:
    assert planned({"HOME": str(tmp_path)}, taken_port).tcp is None


def test_the_default_port_that_the_service_itself_holds_is_not_taken(tmp_path: Path, taken_port: int) -> None:
    made = planned({"HOME": str(tmp_path)}, taken_port, held=taken_port)
    assert made.tcp == ("127.0.0.1", taken_port)


def test_a_port_that_was_chosen_and_is_taken_is_refused(tmp_path: Path, taken_port: int) -> None:
    with pytest.raises(ServiceError, match=f"port {taken_port} of 127.0.0.1 is taken by another program"):
        planned({"HOME": str(tmp_path)}, 1, Options(port=taken_port))


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost"])
def test_only_a_loopback_address_is_listened_on_for_the_daemon(tmp_path: Path, host: str) -> None:
    assert planned({"HOME": str(tmp_path)}, 1, Options(host=host, port=4711)).tcp is None


# -- systemd


def test_installed_it_is_enabled_and_runs(managers: Managers) -> None:
    manager = the_manager(managers.environ, "linux")
    written = manager.install(PLAN)
    assert [path.name for path in written] == ["pointsman.service", "pointsman.socket"]
    assert managers.enabled == managers.running == ["pointsman.service", "pointsman.socket"]
    state = manager.state()
    assert (state.active, state.command, state.installed) == ("running", PLAN.command, tuple(written))
    assert state.lingers is False
    assert manager.listens(4711)
    assert not manager.listens(711)


def test_installed_again_nothing_is_written_and_nothing_stops(managers: Managers) -> None:
    manager = the_manager(managers.environ, "linux")
    manager.install(PLAN)
    before = len(managers.calls)
    assert not manager.install(PLAN)
    assert not [call for call in managers.calls[before:] if " stop " in call]


def test_installed_otherwise_it_stops_first_and_a_socket_that_is_not_needed_goes(managers: Managers) -> None:
    manager = the_manager(managers.environ, "linux")
    manager.install(PLAN)
    changed = manager.install(replace(PLAN, unix=None, tcp=None))
    assert sorted(path.name for path in changed) == ["pointsman.service", "pointsman.socket"]
    assert managers.enabled == managers.running == ["pointsman.service"]
    verbs = [call.split()[2] for call in managers.calls]
    last_stop = len(verbs) - verbs[::-1].index("stop")
    assert verbs[last_stop:].count("start") == 1


def test_where_the_old_one_can_not_be_stopped_its_words_stay_and_the_next_try_stops_it(
    managers: Managers,
) -> None:
    manager = the_manager(managers.environ, "linux")
    manager.install(PLAN)
    managers.hold("stuck")
    new = replace(PLAN, command=("/new", "serve"))
    with pytest.raises(ServiceError, match=r"Job for .* timed out"):
        manager.install(new)
    assert manager.state().command == PLAN.command
    (managers.held / "stuck").unlink()
    before = len(managers.calls)
    assert [path.name for path in manager.install(new)] == ["pointsman.service"]
    assert [call for call in managers.calls[before:] if " stop " in call]


def test_where_nobody_can_say_whether_it_lingers_all_else_is_said(managers: Managers) -> None:
    path = managers.path_without("loginctl")
    state = the_manager({**managers.environ, "PATH": path}, "linux").state()
    assert (state.active, state.lingers) == ("stopped", None)


def test_uninstalled_nothing_is_left_of_it(managers: Managers) -> None:
    manager = the_manager(managers.environ, "linux")
    manager.install(PLAN)
    assert len(manager.uninstall()) == 2
    assert managers.running == []
    assert not managers.units.parent.exists()
    assert manager.state().installed == ()
    assert not manager.uninstall()


def test_what_can_not_be_started_is_said_in_the_managers_words(managers: Managers) -> None:
    managers.hold("refuse")
    with pytest.raises(ServiceError, match=r"Job for pointsman.socket failed(.|\n)*pointsman service logs"):
        the_manager(managers.environ, "linux").install(PLAN)


def test_a_service_that_comes_down_and_is_tried_again_has_failed(managers: Managers) -> None:
    manager = the_manager(managers.environ, "linux")
    managers.hold("inactive", "ActiveState=activating\nSubState=auto-restart")
    assert manager.state().active == "failed"
    managers.hold("inactive", "ActiveState=failed\nSubState=failed")
    assert manager.state().active == "failed"
    managers.hold("inactive", "ActiveState=puzzled")
    assert manager.state().active == "unknown"


def test_what_the_service_sees_is_the_managers_environment_and_its_own(managers: Managers) -> None:
    managers.hold("environment", "HOME=/home/you\nPATH=/usr/bin:/bin\nNAME=$'two\\'s words'")
    manager = the_manager(managers.environ, "linux")
    manager.install(replace(PLAN, environment=(("XDG_STATE_HOME", "/a b"),)))
    seen = manager.environment()
    assert seen["NAME"] == "two's words"
    assert seen["XDG_STATE_HOME"] == "/a b"
    assert "POINTSMAN_STATE" not in seen


def test_a_unit_of_an_odd_kind_is_written_where_systemd_looks(managers: Managers, tmp_path: Path) -> None:
    managers.hold("environment", f"XDG_CONFIG_HOME={tmp_path}/odd")
    (path, _) = the_manager(managers.environ, "linux").files(PLAN)
    assert path == tmp_path / "odd" / "systemd" / "user" / "pointsman.service"


def test_where_nobody_manages_services_the_reason_is_said(managers: Managers) -> None:
    managers.hold("away")
    assert find_manager(managers.environ, "linux") is None
    with pytest.raises(ServiceError, match="Failed to connect to bus: No medium found"):
        the_manager(managers.environ, "linux")
    with pytest.raises(ServiceError, match="launchctl is not on the PATH"):
        the_manager({"HOME": "/", "PATH": "/nowhere"}, "darwin")


# -- launchd


def test_an_agent_is_loaded_and_runs_and_its_log_is_a_file(managers: Managers) -> None:
    manager = the_manager(managers.environ, "darwin")
    (path,) = manager.install(PLAN)
    assert plistlib.loads(path.read_bytes())["ProgramArguments"] == [*PLAN.command, "--log", "/p.log"]
    state = manager.state()
    assert (state.active, state.pid, state.lingers) == ("running", 42, None)
    assert manager.listens(4711)
    assert manager.logs(5, follow=True) == ("tail", "-n", "5", "-F", "/p.log")
    assert not manager.install(PLAN)
    assert not [call for call in managers.calls if "bootout" in call]


def test_the_folder_of_its_socket_is_there_before_launchd_listens(managers: Managers) -> None:
    folder = managers.home / "new" / "state"
    the_manager(managers.environ, "darwin").install(replace(PLAN, unix=folder / "p.sock"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    managers.hold("file")
    in_the_way = replace(PLAN, unix=managers.held / "file" / "p.sock")
    with pytest.raises(ServiceError, match="can't be made"):
        the_manager(managers.environ, "darwin").install(in_the_way)


def test_an_agent_is_stopped_by_unloading_it_so_that_its_sockets_do_not_start_it(managers: Managers) -> None:
    manager = the_manager(managers.environ, "darwin")
    manager.install(PLAN)
    manager.restart()
    assert managers.running == ["agent"]
    manager.stop()
    assert managers.running == []
    assert manager.state().active == "stopped"
    assert [path.name for path in manager.uninstall()] == ["dev.pointsman.agent.plist"]


def test_an_agent_that_came_down_has_failed(managers: Managers) -> None:
    manager = the_manager(managers.environ, "darwin")
    manager.install(PLAN)
    (managers.held / "pid").unlink()
    managers.hold("code", "1")
    state = manager.state()
    assert (state.active, state.detail) == ("failed", "not running, last exit code 1")


def test_an_agent_sees_next_to_nothing_of_a_shell(managers: Managers) -> None:
    manager = Launchd({**managers.environ, "OPENAI_API_KEY": "k", "TMPDIR": "/var/t"}, managers.home)
    manager.install(replace(PLAN, environment=(("XDG_STATE_HOME", "/s"),)))
    seen = manager.environment()
    assert set(seen) == {"PATH", "HOME", "SHELL", "USER", "LOGNAME", "TMPDIR", "XDG_STATE_HOME"}
