from pathlib import Path

import pytest

from pointsman.discovery.sockets import ListeningWatch

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def line(address: str, state: str = "0A", inode: int = 233) -> str:
    times = "00000000:00000000 00:00000000 00000000     0        0"
    return f"   0: {address} 00000000:0000 {state} {times} {inode} 1\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tcp"
    path.write_text(HEAD + line("0100007F:0016"))
    return path


def test_nothing_new_is_no_change(file: Path) -> None:
    watch = ListeningWatch({8080}, [file])
    assert not watch.changed()


def test_a_listener_that_comes_and_one_that_goes_are_changes(file: Path) -> None:
    watch = ListeningWatch({8080}, [file])
    before = file.read_text()
    file.write_text(before + line("0100007F:1F90"))
    assert watch.changed()
    assert not watch.changed()
    file.write_text(before)
    assert watch.changed()


def test_another_listener_at_the_same_port_is_a_change(file: Path) -> None:
    before = file.read_text()
    file.write_text(before + line("0100007F:1F90", inode=1))
    watch = ListeningWatch({8080}, [file])
    file.write_text(before + line("0100007F:1F90", inode=2))
    assert watch.changed()


def test_only_ports_that_are_looked_at_matter(file: Path) -> None:
    watch = ListeningWatch({8080}, [file])
    file.write_text(file.read_text() + line("0100007F:1F91"))
    assert not watch.changed()


def test_connections_are_no_listeners(file: Path) -> None:
    watch = ListeningWatch({8080}, [file])
    file.write_text(HEAD + line("0100007F:1F90", "01") + line("0100007F:1F90", "06"))
    assert not watch.changed()


def test_listeners_on_ipv6_count(tmp_path: Path, file: Path) -> None:
    watch = ListeningWatch({8080}, [file, tmp_path / "tcp6"])
    (tmp_path / "tcp6").write_text(HEAD + line("00000000000000000000000001000000:1F90"))
    assert watch.changed()


def test_where_the_kernel_tells_nothing_nothing_changes(tmp_path: Path) -> None:
    watch = ListeningWatch({8080}, [tmp_path / "missing"])
    assert not watch.changed()


def test_lines_that_are_cut_are_passed_over(file: Path) -> None:
    watch = ListeningWatch({8080}, [file])
    file.write_text(HEAD + "   0: 0100007F:1F90 0000\n\n")
    assert not watch.changed()
