import socket
from pathlib import Path

import pytest

from pointsman.discovery.sockets import ListeningWatch

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


UNIX_HEAD = "Num       RefCount Protocol Flags    Type St Inode Path\n"


def line(address: str, state: str = "0A", inode: int = 233) -> str:
    times = "00000000:00000000 00:00000000 00000000     0        0"
    return f"   0: {address} 00000000:0000 {state} {times} {inode} 1\n"


def unix(path: str, flags: str = "00010000", inode: int = 4711) -> str:
    return f"0000000000000000: 00000002 00000000 {flags} 0001 01 {inode} {path}\n"


class Kernel:
    """The kernel's tables, as it would write them."""

    def __init__(self, folder: Path) -> None:
        self.tcp, self.tcp6, self.unix = (folder / name for name in ("tcp", "tcp6", "unix"))

    def tells(self, *lines: str) -> None:
        self.tcp.write_text("".join((HEAD, line("0100007F:0016"), *lines)))

    def tells_of_unix(self, *lines: str) -> None:
        self.unix.write_text("".join((UNIX_HEAD, *lines)))

    def watch(self, *ports: int, anywhere: bool = True) -> ListeningWatch:
        return ListeningWatch(ports, anywhere=anywhere, tcp=[self.tcp, self.tcp6], unix=self.unix)


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    made = Kernel(tmp_path)
    made.tells()
    made.tells_of_unix()
    return made


def looks(watch: ListeningWatch, times: int) -> list[bool]:
    return [watch.changed() for _ in range(times)]


def test_nothing_new_is_no_change(kernel: Kernel) -> None:
    assert not kernel.watch(8080).changed()


def test_a_listener_at_a_usual_port_that_comes_and_goes_is_a_change_each_time(kernel: Kernel) -> None:
    watch = kernel.watch(8080)
    kernel.tells(line("0100007F:1F90"))
    assert looks(watch, 3) == [True, False, False]
    kernel.tells()
    assert looks(watch, 2) == [True, False]


def test_another_listener_at_the_same_port_is_a_change(kernel: Kernel) -> None:
    kernel.tells(line("0100007F:1F90", inode=1))
    watch = kernel.watch(8080)
    kernel.tells(line("0100007F:1F90", inode=2))
    assert watch.changed()


def test_a_listener_elsewhere_counts_once_it_stays_and_when_it_goes(kernel: Kernel) -> None:
    watch = kernel.watch(8080)
    kernel.tells(line("00000000:C350"))
    assert looks(watch, 3) == [False, True, False]
    kernel.tells()
    assert looks(watch, 2) == [True, False]


def test_listeners_that_come_and_go_between_two_looks_never_count(kernel: Kernel) -> None:
    watch = kernel.watch(8080)
    for inode in range(5):
        kernel.tells(line("0100007F:C350", inode=inode))
        assert not watch.changed()


def test_where_only_the_usual_ports_matter_no_other_counts(kernel: Kernel) -> None:
    watch = kernel.watch(8080, anywhere=False)
    kernel.tells(line("0100007F:C350"))
    kernel.tells_of_unix(unix("/run/x.sock"))
    assert looks(watch, 2) == [False, False]
    kernel.tells(line("0100007F:1F90"))
    assert watch.changed()


def test_a_unix_socket_that_is_listened_at_counts_once_it_stays_and_when_it_goes(kernel: Kernel) -> None:
    watch = kernel.watch(8080)
    kernel.tells_of_unix(unix("/run/my llama.sock"))
    assert looks(watch, 3) == [False, True, False]
    kernel.tells_of_unix()
    assert watch.changed()


@pytest.mark.parametrize(
    "other", [unix("@abstract"), unix("/run/x.sock", "00000000"), unix("").rstrip(" \n") + "\n"]
)
def test_unix_sockets_without_a_path_or_a_listener_do_not_count(kernel: Kernel, other: str) -> None:
    watch = kernel.watch(8080)
    kernel.tells_of_unix(other)
    assert looks(watch, 3) == [False, False, False]


def test_a_unix_sockets_number_is_no_port(kernel: Kernel) -> None:
    watch = kernel.watch(30000)
    kernel.tells_of_unix(unix("/run/x.sock", inode=7530))  # the port in hexadecimal
    assert looks(watch, 2) == [False, True]


@pytest.mark.parametrize("address", ["0100007F", "3500007F", "00000000"])
def test_loopback_and_every_address_are_ours_to_reach(kernel: Kernel, address: str) -> None:
    watch = kernel.watch(8080)
    kernel.tells(line(f"{address}:1F90"))
    assert watch.changed()


@pytest.mark.parametrize(
    "address",
    ["00000000000000000000000001000000", "0" * 32, "0000000000000000FFFF00000100007F"],
)
def test_so_they_are_on_ipv6(kernel: Kernel, address: str) -> None:
    watch = kernel.watch(8080)
    kernel.tcp6.write_text(HEAD + line(f"{address}:1F90"))
    assert watch.changed()


def test_a_listener_at_another_address_alone_does_not_count(kernel: Kernel) -> None:
    watch = kernel.watch(8080)
    kernel.tells(line("0501A8C0:1F90"))
    assert looks(watch, 2) == [False, False]


def test_connections_are_no_listeners(kernel: Kernel) -> None:
    watch = kernel.watch(8080)
    kernel.tells(line("0100007F:1F90", "01"), line("0100007F:1F90", "06"))
    assert not watch.changed()


def test_where_the_kernel_tells_nothing_nothing_changes(tmp_path: Path) -> None:
    assert not Kernel(tmp_path / "missing").watch(8080).changed()


def test_lines_that_are_cut_are_passed_over(kernel: Kernel) -> None:
    watch = kernel.watch(8080)
    kernel.tells("   0: 0100007F:1F90 0000\n\n")
    kernel.tells_of_unix("0000000000000000: 00000002 00010000\n")
    assert not watch.changed()


def test_the_kernels_own_tables_are_read_so() -> None:
    if not Path("/proc/net/tcp").exists():
        pytest.skip("this system has no /proc/net")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        watch = ListeningWatch({listener.getsockname()[1]})
        listener.listen()
        assert watch.changed()
