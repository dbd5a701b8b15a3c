from pathlib import Path

import pytest

from pointsman.errors import StartError
from pointsman.paths import Paths, find_paths

HOME = {"HOME": "/home/me"}
RUNTIME = {"XDG_RUNTIME_DIR": "/run/user/7"}
POINTED = {
    "POINTSMAN_CONFIG": "/etc/p.toml",
    "POINTSMAN_STATE": "/var/p",
    "POINTSMAN_SOCKET": "/run/p.sock",
}


def shown(paths: Paths) -> tuple[str, str, str]:
    return str(paths.config_file), str(paths.state_dir), str(paths.socket)


def test_on_linux_they_are_where_the_desktop_standard_says() -> None:
    assert shown(find_paths(HOME, platform="linux")) == (
        "/home/me/.config/pointsman/config.toml",
        "/home/me/.local/state/pointsman",
        "/home/me/.local/state/pointsman/pointsman.sock",
    )


def test_the_desktops_own_folders_are_honoured() -> None:
    environ = HOME | RUNTIME | {"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"}
    assert shown(find_paths(environ, platform="linux")) == (
        "/c/pointsman/config.toml",
        "/s/pointsman",
        "/run/user/7/pointsman/pointsman.sock",
    )


def test_on_macos_they_are_in_the_library() -> None:
    library = "/home/me/Library/Application Support/pointsman"
    environ = HOME | {"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"}
    assert shown(find_paths(environ, platform="darwin")) == (
        f"{library}/config.toml",
        f"{library}/state",
        f"{library}/state/pointsman.sock",
    )


def test_our_own_variables_win_over_the_systems_places() -> None:
    assert shown(find_paths(HOME | RUNTIME | POINTED)) == ("/etc/p.toml", "/var/p", "/run/p.sock")


def test_arguments_win_over_variables() -> None:
    found = find_paths(HOME | POINTED, config=Path("/a.toml"), state=Path("/b"), socket=Path("/c.sock"))
    assert shown(found) == ("/a.toml", "/b", "/c.sock")


@pytest.mark.parametrize("environ", [HOME | RUNTIME | {"POINTSMAN_STATE": "/own"}, HOME | RUNTIME])
def test_a_state_folder_of_ones_own_brings_its_own_socket(environ: dict[str, str]) -> None:
    assert str(find_paths(environ, state=Path("/own")).socket) == "/own/pointsman.sock"


def test_an_empty_variable_counts_as_unset() -> None:
    empty = dict.fromkeys((*POINTED, "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"), "")
    assert find_paths(HOME | empty, platform="linux") == find_paths(HOME, platform="linux")


def test_relative_paths_are_made_absolute_where_they_are_given() -> None:
    found = find_paths(HOME | {"POINTSMAN_STATE": "state"}, config=Path("my.toml"))
    assert (found.config_file, found.state_dir) == (Path.cwd() / "my.toml", Path.cwd() / "state")
    assert found.socket == Path.cwd() / "state" / "pointsman.sock"


def test_a_desktops_folder_that_is_not_absolute_counts_as_unset() -> None:
    relative = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"), "here")
    assert find_paths(HOME | relative, platform="linux") == find_paths(HOME, platform="linux")


def test_where_nobody_chose_the_state_folder_stands_in_for_the_runtime_folder() -> None:
    first, second = find_paths(HOME | RUNTIME, platform="linux").sockets
    assert str(first) == "/run/user/7/pointsman/pointsman.sock"
    assert str(second) == "/home/me/.local/state/pointsman/pointsman.sock"
    assert len(find_paths(HOME, platform="linux").sockets) == 1


@pytest.mark.parametrize("word", ["auto", "false"])
def test_a_socket_variable_that_is_no_path_names_none(word: str) -> None:
    assert find_paths(HOME | {"POINTSMAN_SOCKET": word}) == find_paths(HOME)


def test_a_tilde_that_stands_for_no_folder_is_a_clear_error() -> None:
    with pytest.raises(StartError, match="~no-such-user/x means no folder"):
        find_paths(HOME, state=Path("~no-such-user/x"))


@pytest.fixture
def _homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whom the system does not know, as containers have them."""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.delenv("HOME", raising=False)


@pytest.mark.usefixtures("_homeless")
def test_without_a_home_folder_it_says_what_to_set() -> None:
    with pytest.raises(StartError, match="set HOME, or both POINTSMAN_STATE and POINTSMAN_CONFIG"):
        find_paths({})


@pytest.mark.usefixtures("_homeless")
def test_no_home_folder_is_needed_where_the_places_are_named() -> None:
    assert shown(find_paths(POINTED)) == ("/etc/p.toml", "/var/p", "/run/p.sock")


def test_what_is_kept_is_in_the_state_folder() -> None:
    found = find_paths(HOME, state=Path("/own"))
    assert [str(path) for path in (found.ledger, found.published, found.lock)] == [
        "/own/ledger.sqlite3",
        "/own/daemon.json",
        "/own/lock",
    ]
