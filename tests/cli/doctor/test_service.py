"""The service as a systemctl on the PATH tells of it, and its own executable in its own environment."""

import json
import sys
from collections.abc import Sequence

import pytest

from pointsman.cli.doctor.finding import Finding, State, Where
from pointsman.server.listen import DEFAULT_PORT
from pointsman.service.manager import the_manager
from pointsman.service.units import Plan
from tests.cli.doctor.conftest import QUIET, Home, bad
from tests.cli.stub import GONE
from tests.fakes.managers import Managers
from tests.journeys.daemon import NO_CLOUD

COMMAND = (sys.executable, "-m", "pointsman.cli.main", "serve")
KEY = "sk-right-0123456789"


class Systemd:
    """Its programs in a home, which tell of one service. `environ`: what it gives to what it starts."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.environ = {"HOME": str(home.folder), "PATH": "/usr/bin:/bin", **NO_CLOUD}
        self.managers = Managers(home.folder)
        self.managers.hold("linger", "Linger=yes")
        home.environ["PATH"] = self.managers.environ["PATH"]

    def install(self, command: Sequence[str] = COMMAND) -> None:
        self.managers.hold(
            "environment", "\n".join(f"{name}={value}" for name, value in self.environ.items())
        )
        plan = Plan(tuple(command), None, ("127.0.0.1", DEFAULT_PORT), self.home.folder / "log")
        the_manager(self.home.environ).install(plan)

    async def findings(self) -> list[Finding]:
        found = await self.home.findings()
        return [one for one in found if one.topic == "service" or one.where is Where.SERVICE]


@pytest.fixture
def systemd(home: Home) -> Systemd:
    return Systemd(home)


def said(findings: Sequence[Finding]) -> list[str]:
    return [one.words for one in findings]


async def test_where_there_is_no_service_manager_nothing_is_wrong(home: Home) -> None:
    (found,) = await home.findings("service")
    assert (found.state, found.why) == (State.NOTE, "pointsman serve needs none")


async def test_a_service_that_is_not_installed_is_noted_with_how_to(systemd: Systemd) -> None:
    (found,) = await systemd.findings()
    assert (found.state, found.what) == (State.NOTE, "it is not installed")
    assert found.to_do == "pointsman service install"


async def test_a_service_that_runs_as_it_does_here_is_well(systemd: Systemd) -> None:
    systemd.install()
    systemd.managers.hold("pid", str(GONE))
    assert said(await systemd.findings()) == [f"it runs under systemd: process {GONE}"]


async def test_a_service_whose_sockets_are_held_starts_with_the_first_request(systemd: Systemd) -> None:
    systemd.install()
    (systemd.managers.held / "active.pointsman.service").unlink()
    assert said(await systemd.findings()) == [
        f"systemd listens on port {DEFAULT_PORT}, and starts it for the first request"
    ]


@pytest.mark.parametrize(
    ("told", "state", "what"),
    [
        ("inactive", State.WARN, "it is installed and not running"),
        ("failed", State.FAIL, "it came down"),
    ],
)
async def test_a_service_that_does_not_run_is_told_with_what_to_do(
    systemd: Systemd, told: str, state: State, what: str
) -> None:
    systemd.install()
    the_manager(systemd.home.environ).stop()
    systemd.managers.hold("inactive", f"ActiveState={told}\nSubState=dead")
    (found,) = await systemd.findings()
    assert (found.state, found.what) == (state, what)
    assert found.to_do.startswith("pointsman service ")


async def test_one_that_ends_with_the_session_is_noted(systemd: Systemd) -> None:
    systemd.managers.hold("linger", "Linger=no")
    systemd.install()
    assert (await systemd.findings())[1].to_do == "loginctl enable-linger"


async def test_an_executable_that_is_gone_is_a_failure(systemd: Systemd) -> None:
    gone = systemd.home.folder / "gone" / "pointsman"
    systemd.install((str(gone), "serve"))
    (found,) = bad(await systemd.findings())
    assert found.words == f"{gone} can't be started: it is gone, or no program any more"
    assert found.to_do == "pointsman service install"


async def test_a_version_that_knows_no_doctor_is_told_by_its_number(systemd: Systemd) -> None:
    systemd.home.program("other", '[ "$1" = --version ] && echo "pointsman 0.0.1" || exit 2')
    systemd.install((f"{systemd.home.folder}/bin/other", "serve"))
    (found,) = bad(await systemd.findings())
    assert found.what.startswith("it starts version 0.0.1, and this command is ")
    assert found.to_do == "pointsman service install"


@pytest.mark.parametrize(
    "told", ["[]", "{}", "7", '{"version": "9.9", "findings": [{"topic": "x", "state": "ghastly"}]}']
)
async def test_what_another_version_says_in_another_way_breaks_nothing(systemd: Systemd, told: str) -> None:
    systemd.home.program("other", f"echo '{told}'")
    systemd.install((f"{systemd.home.folder}/bin/other", "serve"))
    (found,) = bad(await systemd.findings())
    assert found.words == "its own executable could not look: what it says of itself can't be read"


async def test_another_version_in_the_service_is_told(systemd: Systemd) -> None:
    folder, told = systemd.home.folder, json.dumps({"version": "9.9", "findings": []})
    systemd.home.program("other", f"echo \"$*\" > {folder}/words; echo '{told}'")
    systemd.install(
        (f"{folder}/bin/other", "serve", "--state", str(systemd.home.paths.state_dir), "--port", "1")
    )
    (found,) = bad(await systemd.findings())
    assert found.what.startswith("it starts version 9.9, and this command is ")
    started = (folder / "words").read_text(encoding="utf-8").split()
    assert started == ["doctor", "--json", "--inside", "--state", str(systemd.home.paths.state_dir)]


async def test_an_executable_that_knows_no_doctor_is_told(systemd: Systemd) -> None:
    systemd.home.program("old", "echo 'invalid choice: doctor' >&2; exit 2")
    systemd.install((str(systemd.home.folder / "bin" / "old"), "serve"))
    (found,) = bad(await systemd.findings())
    assert found.why.endswith("ended with 2: invalid choice: doctor")


async def test_a_key_that_only_the_shell_has_is_told_and_not_shown(systemd: Systemd) -> None:
    systemd.install()
    systemd.home.environ["OPENROUTER_API_KEY"] = KEY
    found = next(one for one in await systemd.findings() if "OPENROUTER_API_KEY" in one.what)
    assert found.what == "OPENROUTER_API_KEY is set in this shell, and is not set in the service"
    assert found.to_do == "for both: pointsman keys set openrouter (needs a daemon: pointsman serve)"
    systemd.environ["OPENROUTER_API_KEY"] = f"{KEY}-other"
    systemd.install()
    findings = await systemd.findings()
    assert any("holds another key in the service" in one.what for one in findings)
    assert KEY not in json.dumps(await systemd.home.findings())


async def test_a_variable_of_the_shell_that_the_configuration_wants_is_missing_in_the_service(
    systemd: Systemd,
) -> None:
    quiet = QUIET.replace("local = false", "local = false\nremote = false")
    systemd.home.write(f'{quiet}[providers.groq]\napi_key = "env:MINE"\n')
    systemd.home.environ["MINE"] = KEY
    systemd.install()
    found = next(one for one in await systemd.findings() if one.topic == "keys")
    assert (found.where, found.state) == (Where.SERVICE, State.FAIL)
    assert "MINE" in found.why


async def test_another_state_folder_in_the_service_is_told_with_both(systemd: Systemd) -> None:
    there = f"{systemd.home.folder}/elsewhere"
    systemd.environ["XDG_STATE_HOME"] = there
    systemd.install()
    found = next(one for one in await systemd.findings() if "another state folder" in one.what)
    assert found.why == f"{there}/pointsman; here it is {systemd.home.paths.state_dir}"
    assert f"--state {there}/pointsman" in found.to_do
