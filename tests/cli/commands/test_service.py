"""`pointsman service`, with a manager that is a program of its own."""

import json
from pathlib import Path

import pytest

from pointsman.paths import find_paths
from pointsman.server.instance import sole
from pointsman.service.autostart import autostart_file
from tests.cli.conftest import Run
from tests.fakes.managers import Managers

INSTALL = ("service", "install", "--here", "--port", "0")


@pytest.fixture
def managers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Managers:
    made = Managers(tmp_path)
    for name, value in made.environ.items():
        monkeypatch.setenv(name, value)
    return made


def test_from_a_checkout_it_is_installed_only_where_that_is_said(run: Run, managers: Managers) -> None:
    ran = run("service", "install")
    assert ran.code == 1
    assert "runs from the checkout" in ran.err
    assert "--here" in ran.err
    assert managers.running == []
    assert not managers.units.exists()


def test_it_says_what_it_wrote_and_that_it_ends_with_the_login(run: Run, managers: Managers) -> None:
    ran = run(*INSTALL)
    assert ran.code == 0
    assert ran.out.splitlines()[:2] == [
        f"wrote {managers.units}/pointsman.service",
        f"wrote {managers.units}/pointsman.socket",
    ]
    assert "loginctl enable-linger" in ran.err
    assert managers.running == ["pointsman.service", "pointsman.socket"]


def test_nothing_is_said_of_lingering_where_it_does(run: Run, managers: Managers) -> None:
    managers.hold("linger", "Linger=yes")
    assert run(*INSTALL).err == ""


def test_one_that_comes_down_at_once_is_not_said_to_run(run: Run, managers: Managers) -> None:
    managers.hold("dies")
    managers.hold("inactive", "ActiveState=failed\nSubState=failed")
    ran = run(*INSTALL)
    assert ran.code == 1
    assert "It runs" not in ran.out
    assert "does not run (systemd: failed, failed, success)" in ran.err
    assert "pointsman service logs" in ran.err


def test_installed_twice_the_second_time_changes_nothing(run: Run, managers: Managers) -> None:
    run(*INSTALL)
    assert run(*INSTALL).out.startswith("its files are as they should be\n")


def test_what_would_be_written_is_printed_and_nothing_is_written(run: Run, managers: Managers) -> None:
    managers.hold("away")
    ran = run("service", "install", "--print", "--port", "0")
    assert ran.code == 0
    assert f"# {managers.units}/pointsman.service\n" in ran.out
    assert f"# {managers.units}/pointsman.socket\n" in ran.out
    assert "ExecStart=:" in ran.out
    assert not managers.units.exists()


@pytest.mark.parametrize(("which", "there"), [("service", "[Service]"), ("socket", "[Socket]")])
def test_one_file_can_be_printed_alone(run: Run, managers: Managers, which: str, there: str) -> None:
    out = run("service", "install", f"--print={which}", "--port", "0").out
    assert [line for line in out.splitlines() if line in ("[Service]", "[Socket]")] == [there]


def test_the_icon_is_there_at_each_login_where_that_is_wanted(run: Run, managers: Managers) -> None:
    ran = run(*INSTALL, "--tray")
    entry = autostart_file(managers.environ)
    assert ran.code == 0
    assert f"wrote {entry}\n" in ran.out
    assert '"tray" "--state"' in entry.read_text(encoding="utf-8")
    assert f"removed {entry}\n" in run("uninstall").out


def test_the_icon_goes_with_its_service(run: Run, managers: Managers) -> None:
    run(*INSTALL, "--tray")
    entry = autostart_file(managers.environ)
    assert f"removed {entry}\n" in run("service", "uninstall").out
    assert not entry.parent.exists()


def test_a_path_that_no_login_can_start_installs_nothing(run: Run, managers: Managers) -> None:
    ran = run(*INSTALL, "--tray", "--state", str(managers.home / "two\nlines"))
    assert ran.code == 1
    assert "a desktop entry takes no control characters" in ran.err
    assert not managers.units.exists()
    assert managers.running == []


def test_a_folder_that_takes_no_icon_keeps_nobody_from_hearing_of_the_service(
    run: Run, managers: Managers
) -> None:
    folder = autostart_file(managers.environ).parent
    folder.parent.mkdir()
    folder.symlink_to("nowhere")
    ran = run(*INSTALL, "--tray")
    assert ran.code == 1
    assert f"wrote {managers.units}/pointsman.service\n" in ran.out
    assert f"{autostart_file(managers.environ)} can't be written" in ran.err


def test_the_icons_file_is_printed_with_the_others(run: Run, managers: Managers) -> None:
    out = run("service", "install", "--print", "--tray", "--port", "0").out
    assert f"# {autostart_file(managers.environ)}\n" in out
    assert "[Desktop Entry]" in out
    assert not autostart_file(managers.environ).exists()


def test_a_daemon_that_somebody_started_is_in_the_way_and_nothing_is_written(
    run: Run, managers: Managers
) -> None:
    with sole(find_paths(managers.environ)):
        ran = run(*INSTALL)
    assert ran.code == 1
    assert "runs already, and not as the service" in ran.err
    assert not managers.units.exists()


def test_a_configuration_that_no_daemon_would_start_with_is_not_installed(
    run: Run, managers: Managers, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[server]\nprot = 1\n", encoding="utf-8")
    ran = run(*INSTALL, "--config", str(bad))
    assert ran.code == 1
    assert f"{bad}:2" in ran.err
    assert not managers.units.exists()


@pytest.mark.parametrize("what", ["start", "stop", "restart", "logs"])
def test_what_is_not_installed_can_not_be_handled(run: Run, managers: Managers, what: str) -> None:
    ran = run("service", what)
    assert ran.code == 1
    assert "not installed: pointsman service install" in ran.err


def test_it_is_stopped_and_started(run: Run, managers: Managers) -> None:
    run(*INSTALL)
    assert run("service", "stop").code == 0
    assert managers.running == []
    assert run("service", "status").code == 3
    assert run("service", "start").code == 0
    assert run("service", "restart").code == 0
    assert managers.running == ["pointsman.service", "pointsman.socket"]


def test_how_it_is_can_be_read_by_people_and_by_programs(run: Run, managers: Managers) -> None:
    assert run("service", "status").code == 3
    run(*INSTALL)
    ran = run("service", "status")
    assert ran.code == 0
    assert ran.out.startswith("running (active, running, success)\n  starts ")
    told = json.loads(run("service", "status", "--json").out)
    assert told["command"][-3:] == ["serve", "--port", "0"]
    assert Path(told["command"][0]).is_absolute()
    assert (told["manager"], told["active"], told["lingers"]) == ("systemd", "running", False)


def test_the_log_is_the_journals(run: Run, managers: Managers) -> None:
    run(*INSTALL)
    assert run("service", "logs", "-n", "7", "--follow").code == 0
    assert managers.calls[-1] == "journalctl --user -u pointsman.service -n 7 -f"


def test_a_log_that_nobody_can_show_is_said_in_a_line(
    run: Run, managers: Managers, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*INSTALL)
    monkeypatch.setenv("PATH", managers.path_without("journalctl"))
    ran = run("service", "logs")
    assert (ran.code, ran.err) == (1, "pointsman: journalctl can't be run: No such file or directory\n")


def test_it_is_uninstalled(run: Run, managers: Managers) -> None:
    run(*INSTALL)
    ran = run("service", "uninstall")
    assert ran.out.count("removed ") == 2
    assert managers.running == []
    assert managers.enabled == []
    assert "no service to remove" in run("service", "uninstall").err


def test_where_there_is_no_manager_it_says_so(run: Run, managers: Managers) -> None:
    managers.hold("away")
    ran = run(*INSTALL)
    assert ran.code == 1
    assert "No medium found" in ran.err
    assert "pointsman serve" in ran.err


@pytest.mark.parametrize("words", [("status", "--here"), ("stop", "--print"), ("start", "--port", "1")])
def test_what_goes_with_install_alone_is_wrong_usage_elsewhere(run: Run, words: tuple[str, ...]) -> None:
    assert run("service", *words).code == 2
