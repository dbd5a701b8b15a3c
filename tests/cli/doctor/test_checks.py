"""Checks over what was found out: what no test could have the machine be."""

import os
import threading
import time
from dataclasses import replace
from types import MappingProxyType

import pytest

from pointsman.cli.doctor.case import Case, Running
from pointsman.cli.doctor.checks import CHECKS, examine
from pointsman.cli.doctor.daemon import daemon
from pointsman.cli.doctor.finding import Finding, State
from pointsman.cli.doctor.ledger import ledger
from pointsman.cli.doctor.limits import limits
from pointsman.cli.doctor.port import port
from pointsman.cli.doctor.sockets import unix_socket
from pointsman.cli.doctor.system import files
from pointsman.server.control.shapes import JobShape, LedgerShape, LimitShape
from pointsman.server.listen import DEFAULT_PORT, bind_tcp, bind_unix
from tests.cli.doctor.conftest import Home, bad
from tests.cli.samples import STATUS

RUNS = Running(STATUS, away=False)


def case(home: Home) -> Case:
    return Case(MappingProxyType(home.environ), home.paths, time.time())


def one(findings: list[Finding], state: State) -> Finding:
    found = [finding for finding in findings if finding.state is state]
    assert len(found) == 1, findings
    return found[0]


def test_a_service_manager_that_listens_for_the_daemon_is_well(home: Home) -> None:
    (found,) = port(case(home), lambda _: (1234, "systemd"))
    assert (found.state, found.what) == (
        State.OK,
        f"systemd listens on port {DEFAULT_PORT}, and starts the daemon",
    )


def test_a_daemon_that_does_not_answer_is_told_by_its_process_and_is_no_other_program(home: Home) -> None:
    deaf = replace(case(home), running=Running(trouble="it is deaf", away=False, pid=1234))
    (found,) = daemon(deaf)
    assert (found.state, found.why) == (State.FAIL, "it is deaf")
    assert "kill -9 1234" in found.to_do
    (found,) = port(deaf, lambda _: (1234, "pointsman"))
    assert (found.state, found.what) == (
        State.NOTE,
        f"the daemon that does not answer has port {DEFAULT_PORT}",
    )


async def test_a_check_that_does_not_end_leaves_the_others_to_be_told(home: Home) -> None:
    go_on = threading.Event()

    def stuck(_: Case) -> list[Finding]:
        go_on.wait()
        return []

    told = await examine(case(home), (stuck, files), patience=0.05)
    go_on.set()
    assert [(one.topic, one.state) for one in told] == [("stuck", State.WARN)]
    assert told[0].why == "something that it asks does not answer within 0.05 s"


def test_a_link_to_nothing_is_in_the_way_of_a_socket(home: Home) -> None:
    home.paths.state_dir.mkdir(parents=True)
    (home.paths.state_dir / "pointsman.sock").symlink_to(home.folder / "gone")
    (found,) = unix_socket(case(home))
    assert (found.state, found.why) == (State.WARN, "it is a link to what is not there")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_takes_no_socket_leaves_it_to_the_next(home: Home) -> None:
    run = home.folder / "run"
    run.mkdir(mode=0o500)
    home.environ["XDG_RUNTIME_DIR"] = str(run)
    first, second = unix_socket(case(home))
    assert (first.state, first.why) == (State.WARN, f"{run} can't be written to")
    assert second.what == f"{home.paths.state_dir}/pointsman.sock is free"


def test_where_the_usual_port_is_taken_the_next_one_is_named(home: Home) -> None:
    with bind_tcp("127.0.0.1", None) as first:
        taken = first.getsockname()[1]
        (found,) = port(case(home), lambda _: (1234, "python3"))
    assert found.state is State.NOTE
    assert f"port {DEFAULT_PORT} is taken by process 1234 (python3): a daemon would listen on" in found.what
    assert f"on {taken}" not in found.what


def test_a_daemon_on_another_port_than_the_configuration_says_is_noted(home: Home) -> None:
    settled = case(home).settled
    server = settled.config.server.model_copy(update={"port": 4711})
    loaded = replace(settled.loaded, config=settled.config.model_copy(update={"server": server}))
    told = replace(case(home), running=RUNS, settled=replace(settled, loaded=loaded))
    (found,) = port(told)
    assert (found.state, found.why) == (State.NOTE, "the configuration says 4711")


def test_who_listens_at_the_socket_for_a_daemon_that_does_not_run_is_noted(home: Home) -> None:
    home.paths.state_dir.mkdir(parents=True)
    with bind_unix(home.paths.socket):
        (found,) = unix_socket(case(home))
    assert found.what == f"somebody listens at {home.paths.socket}, and no daemon runs"


def test_a_disk_that_is_nearly_full_is_warned_of_with_both_sizes(home: Home) -> None:
    found = one(list(ledger(case(home), lambda _: 30_000_000)), State.WARN)
    folder = next(path for path in home.paths.state_dir.parents if path.is_dir())
    assert found.what == f"30 MB are free on the disk of {folder}, and the ledger may grow by 256 MB"


def test_a_low_limit_of_open_files_is_warned_of(home: Home) -> None:
    (found,) = files(case(home), most=256)
    assert found.what == "a process may open 256 files, which is enough for 128 answers at once"
    assert list(files(case(home), most=20_000)) == []


def test_what_the_daemon_says_of_its_jobs_its_ledger_and_its_limits_is_told(home: Home) -> None:
    home.keep()
    status = STATUS.copy()
    status["failed_jobs"] = [
        JobShape(name="look", failures=3, error="it broke"),
        JobShape(name="other", failures=1, error=""),
    ]
    status["ledger"] = LedgerShape(trouble="disk full", lost=2)
    status["limits"] = [
        LimitShape(kind="account", id="groq-1", seconds=90.0, failures=1, limited=False, reason="401")
    ]
    told = replace(case(home), running=replace(RUNS, status=status))
    assert one(list(daemon(told)), State.WARN).words == "job look: 3 failures: it broke"
    assert one(list(ledger(told)), State.FAIL).why == "disk full"
    assert one(list(ledger(told)), State.WARN).what == "2 requests could not be written down"
    assert one(list(limits(told)), State.WARN).words == "account groq-1 is left alone for 90 s: 401"


def test_many_that_are_left_alone_are_counted(home: Home) -> None:
    status = STATUS.copy()
    status["limits"] = [
        LimitShape(kind="model", id=f"a/{n}", seconds=9.0, failures=1, limited=True, reason="429")
        for n in range(12)
    ]
    found = list(limits(replace(case(home), running=replace(RUNS, status=status))))
    assert [finding.state for finding in found] == [State.WARN] * 5 + [State.NOTE]
    assert found[-1].what == "7 more are left alone"


def test_a_daemon_of_another_version_is_told_with_what_to_do(home: Home) -> None:
    said = "this command is version 2, the running daemon 1: restart the daemon"
    found = one(list(daemon(replace(case(home), running=replace(RUNS, said=(said,))))), State.WARN)
    assert found.words == f"it is of another version: {said}"
    assert found.to_do.startswith("pointsman service restart")


async def test_a_check_is_told_in_the_order_of_the_table(home: Home) -> None:
    found = await examine(replace(case(home), running=RUNS), CHECKS)
    assert list(dict.fromkeys(finding.topic for finding in found))[:3] == [
        "configuration",
        "daemon",
        "service",
    ]


async def test_everything_that_is_wrong_says_what_to_do(home: Home) -> None:
    found = bad(await home.findings())
    assert found
    assert all(finding.to_do for finding in found)


def test_a_daemon_that_goes_by_another_file_is_noted_with_the_way_to_look_at_that(home: Home) -> None:
    status = STATUS.copy()
    status["config_file"] = "/else where/c.toml"
    found = one(list(daemon(replace(case(home), running=replace(RUNS, status=status)))), State.NOTE)
    assert found.what == "it goes by /else where/c.toml, and this look by none"
    assert found.to_do == "pointsman doctor --config '/else where/c.toml'"
