"""Sockets that are handed over, as systemd and launchd do it."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ctypes import CDLL, CFUNCTYPE, POINTER, c_char_p, c_int, c_size_t, c_void_p, cast, memmove, sizeof
from errno import EALREADY, ENOENT, ESRCH
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pointsman.config.schema import ServerConfig
from pointsman.errors import StartError
from pointsman.service.launchd_sockets import Activate, descriptors
from pointsman.service.sockets import Inherited, adopt, from_systemd, inherited, overruled

PID = 42
OURS = {"LISTEN_PID": str(PID)}
NO_DESCRIPTOR = 9_999


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="pm-") as folder:
        yield Path(folder)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def tcp(host: str = "127.0.0.1") -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, 0), family=family)


def unix(path: Path, mode: int = 0o600) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    path.chmod(mode)
    sock.listen()
    return sock


def handed(*socks: socket.socket, name: str = "pointsman.socket") -> list[tuple[str, int]]:
    """What a manager hands over is no longer its own."""
    for sock in socks:
        sock.set_inheritable(True)
    return [(name, sock.detach()) for sock in socks]


@pytest.fixture
def adopted(stack: ExitStack) -> Callable[..., Inherited]:
    def adopted(*socks: socket.socket, name: str = "pointsman.socket") -> Inherited:
        found = adopt(handed(*socks, name=name))
        for sock in (*found.tcp, *found.unix):
            stack.enter_context(sock)
        return found

    return adopted


@pytest.mark.parametrize("environ", [{}, {"LISTEN_FDS": "1"}, {"LISTEN_PID": "41", "LISTEN_FDS": "x"}])
def test_what_is_not_meant_for_this_process_is_left_alone(environ: dict[str, str]) -> None:
    assert from_systemd(environ, PID) == []
    assert inherited(environ, PID, platform="linux") == Inherited()


def test_descriptors_are_counted_from_three_and_keep_their_names() -> None:
    environ = {**OURS, "LISTEN_FDS": "2"}
    assert from_systemd(environ, PID) == [("unknown", 3), ("unknown", 4)]
    named = {**environ, "LISTEN_FDNAMES": "unix:tcp"}
    assert from_systemd(named, PID) == [("unix", 3), ("tcp", 4)]


@pytest.mark.parametrize("count", [None, "", "two", "-1", "1.5", "²"])
def test_a_number_that_is_none_is_refused(count: str | None) -> None:
    environ = OURS if count is None else {**OURS, "LISTEN_FDS": count}
    with pytest.raises(StartError, match="LISTEN_FDS is"):
        from_systemd(environ, PID)


@pytest.mark.parametrize("names", ["", "tcp", "tcp:tcp:unix"])
def test_names_that_are_not_as_many_as_sockets_are_refused(names: str) -> None:
    with pytest.raises(StartError, match=r"has \d names for the 2 sockets"):
        from_systemd({**OURS, "LISTEN_FDS": "2", "LISTEN_FDNAMES": names}, PID)


def test_they_are_told_apart_by_family_and_are_no_childs(
    adopted: Callable[..., Inherited], folder: Path
) -> None:
    ears = [tcp(), unix(folder / "a"), tcp(), unix(folder / "b")]
    fds = [sock.fileno() for sock in ears]
    found = adopted(*ears)
    assert [sock.fileno() for sock in found.tcp] == [fds[0], fds[2]]
    assert [sock.getsockname() for sock in found.unix] == [str(folder / "a"), str(folder / "b")]
    assert not any(os.get_inheritable(fd) for fd in fds)


def test_a_name_that_contradicts_its_socket_is_refused(
    adopted: Callable[..., Inherited], folder: Path
) -> None:
    assert adopted(tcp(), name="tcp").tcp
    with pytest.raises(StartError, match="is a tcp socket: name it tcp"):
        adopted(tcp(), name="unix")
    with pytest.raises(StartError, match="is a unix socket: name it unix"):
        adopted(unix(folder / "a"), name="tcp")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM), "is no TCP and no Unix stream socket"),
        (lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), "is no TCP and no Unix stream socket"),
        (lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW), "is no TCP and no Unix stream socket"),
        (lambda: socket.socket(socket.AF_INET), "does not listen: .*Accept=no"),
    ],
)
def test_what_is_no_listening_stream_socket_is_refused(make: Callable[[], socket.socket], why: str) -> None:
    with pytest.raises(StartError, match=why):
        adopt(handed(make()))


def test_what_is_no_socket_at_all_is_refused(folder: Path) -> None:
    with pytest.raises(StartError, match=r"descriptor 9999.* can't be used: Bad file descriptor"):
        adopt([("tcp", NO_DESCRIPTOR)])
    with (
        (folder / "file").open("wb") as file,
        pytest.raises(StartError, match="used: Socket op"),
    ):
        adopt([("tcp", file.fileno())])


def test_when_one_is_refused_none_is_kept_open(folder: Path) -> None:
    given = handed(tcp(), socket.socket(socket.AF_INET))
    with pytest.raises(StartError):
        adopt(given)
    for _, fd in given:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_another_address_than_loopback_is_refused(host: str) -> None:
    try:
        sock = tcp(host)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with pytest.raises(StartError, match=rf"listens on {host}, which is not a loopback address"):
        adopt(handed(sock))


@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602])
def test_a_file_that_others_may_use_is_refused(folder: Path, mode: int) -> None:
    with pytest.raises(StartError, match="may be used by other accounts: set SocketMode=0600"):
        adopt(handed(unix(folder / "a", mode)))


def test_a_socket_without_its_file_is_refused(folder: Path) -> None:
    gone = unix(folder / "gone")
    (folder / "gone").unlink()
    with pytest.raises(StartError, match="Restart the manager's socket"):
        adopt(handed(gone))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0{folder}")
    abstract.listen()
    with pytest.raises(StartError, match="has no file"):
        adopt(handed(abstract))


def test_what_the_configuration_asks_for_otherwise_is_said(
    adopted: Callable[..., Inherited], folder: Path
) -> None:
    both = adopted(tcp(), unix(folder / "a"))
    port = both.tcp[0].getsockname()[1]
    for same in ({}, {"port": 0}, {"port": port}, {"socket": str(folder / "a")}):
        assert list(overruled(ServerConfig.model_validate(same), both)) == []
    other = ServerConfig.model_validate({"port": 1, "socket": str(folder / "b")})
    on_port, on_path = overruled(other, both)
    assert f"listens on port {port}, so port 1 is not used: `pointsman service install`" in on_port
    assert f"listens on {folder}/a, so the socket {folder}/b is not used: " in on_path
    (none,) = overruled(ServerConfig.model_validate({"socket": False}), both)
    assert "so `socket = false` has no effect" in none
    assert list(overruled(other, Inherited())) == []


def launchd(named: dict[str, list[int]], otherwise: int = ENOENT) -> Activate:
    """launch_activate_socket(3) as C has it: it allocates what its caller frees."""
    malloc = CDLL(None).malloc
    malloc.argtypes, malloc.restype = (c_size_t,), c_void_p

    @CFUNCTYPE(c_int, c_char_p, POINTER(POINTER(c_int)), POINTER(c_size_t))
    def activate(name, fds, count):  # type: ignore[no-untyped-def]
        given = named.get(name.decode())
        if given is None:
            return otherwise
        array = (c_int * len(given))(*given)
        room = malloc(sizeof(array))
        memmove(room, array, sizeof(array))
        fds[0], count[0] = cast(room, POINTER(c_int)), len(given)
        return 0

    return activate


def test_launchd_hands_over_by_name() -> None:
    assert descriptors(launchd({"unix": [5], "tcp": [7, 8]})) == [("tcp", 7), ("tcp", 8), ("unix", 5)]
    assert descriptors(launchd({"unix": [5]})) == [("unix", 5)]


def test_where_launchd_did_not_start_us_there_is_nothing() -> None:
    assert descriptors(launchd({}, otherwise=ESRCH)) == []


def test_what_launchd_refuses_is_said() -> None:
    with pytest.raises(StartError, match=r"launchd does not hand over the socket 'tcp': .*already"):
        descriptors(launchd({}, otherwise=EALREADY))
