import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pointsman.errors import StartError
from pointsman.paths import Paths, find_paths
from pointsman.server.instance import holder, published, sole

URL = "http://127.0.0.1:11711"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"HOME": str(tmp_path)}, state=tmp_path / "state")


def test_a_second_daemon_is_told_where_the_first_is(paths: Paths) -> None:
    with sole(paths), published(paths, version="1.0", url=URL, socket="/run/p.sock"):
        with pytest.raises(StartError) as caught, sole(paths):
            pytest.fail("two daemons hold one folder")
        words = caught.value.message
        assert f"process {os.getpid()}, at {URL} and /run/p.sock" in words
        assert "pointsman status" in words


def test_a_first_that_is_only_starting_is_named_by_its_process(paths: Paths) -> None:
    with (
        sole(paths),
        pytest.raises(StartError, match=f"process {os.getpid()}, which is starting, holds {paths.lock}"),
        sole(paths),
    ):
        pass


def test_a_first_whose_publication_was_removed_is_still_found(paths: Paths) -> None:
    with sole(paths), published(paths, version="1.0", url=URL, socket=""):
        paths.published.unlink()
        with pytest.raises(StartError, match=f"process {os.getpid()}, at {URL}"), sole(paths):
            pass


def test_what_the_lock_says_goes_with_the_daemon(paths: Paths) -> None:
    with sole(paths), published(paths, version="1.0", url=URL, socket=""):
        assert json.loads(paths.lock.read_text())["url"] == URL
    assert paths.lock.read_text() == ""


@pytest.mark.parametrize("facts", ["", "{", "[]", "null", "{}", '{"socket": null}', "\udcff"])
def test_a_file_that_says_nonsense_hides_no_daemon(paths: Paths, facts: str) -> None:
    with sole(paths):
        paths.lock.write_bytes(facts.encode("utf-8", "surrogateescape"))
        with pytest.raises(StartError, match="another process holds"), sole(paths):
            pass


def test_the_folder_is_free_again_when_the_first_is_gone(paths: Paths) -> None:
    with sole(paths):
        pass
    with sole(paths):
        pass


def test_the_lock_dies_with_its_process_however_it_dies(paths: Paths) -> None:
    child = (
        "import os, sys, pathlib\n"
        "from pointsman.paths import find_paths\n"
        "from pointsman.server.instance import sole\n"
        "with sole(find_paths(os.environ, state=pathlib.Path(sys.argv[1]))):\n"
        "    os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", child, str(paths.state_dir)], timeout=30, check=False)
    assert done.returncode == -9
    assert paths.lock.exists()
    with sole(paths):
        pass


def test_two_folders_are_two_daemons(paths: Paths, tmp_path: Path) -> None:
    other = find_paths({"HOME": str(tmp_path)}, state=tmp_path / "other")
    with sole(paths), sole(other):
        pass


def test_the_folder_and_what_is_in_it_are_the_owners_alone(paths: Paths) -> None:
    with sole(paths), published(paths, version="1.0", url=URL, socket=""):
        assert stat.S_IMODE(paths.state_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE(paths.lock.stat().st_mode) == 0o600
        assert stat.S_IMODE(paths.published.stat().st_mode) == 0o600


def test_what_is_published_is_there_as_long_as_the_daemon(paths: Paths) -> None:
    with sole(paths):
        with published(paths, version="1.0", url=URL, socket=""):
            assert json.loads(paths.published.read_text()) == {
                "pid": os.getpid(),
                "version": "1.0",
                "url": URL,
                "socket": None,
            }
        assert [path.name for path in paths.state_dir.iterdir()] == ["lock"]


def test_what_a_killed_daemon_published_is_replaced(paths: Paths) -> None:
    with sole(paths):
        paths.published.write_text('{"pid": 1, "url": "http://127.0.0.1:1", "socket": null}')
        with published(paths, version="1.0", url=URL, socket="/run/p.sock"):
            assert json.loads(paths.published.read_text())["url"] == URL


def test_a_state_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    paths = find_paths({"HOME": str(tmp_path)}, state=tmp_path / "file" / "state")
    with pytest.raises(StartError, match=r"can't be used: .*--state"), sole(paths):
        pass


def test_who_holds_the_folder_can_be_asked_without_taking_it(paths: Paths) -> None:
    assert holder(paths) is None
    assert not paths.state_dir.exists()
    with sole(paths), published(paths, version="1.0", url=URL, socket=""):
        held = holder(paths)
        assert held is not None
        assert held.pid == os.getpid()
        assert URL in held.whereabouts
    assert holder(paths) is None


def test_a_holder_whose_lock_says_nothing_is_still_one(paths: Paths) -> None:
    with sole(paths):
        paths.lock.write_text("?", encoding="utf-8")
        held = holder(paths)
        assert held is not None
        assert held.pid is None


def test_a_lock_that_can_not_be_read_is_no_word_that_nobody_is_there(paths: Paths) -> None:
    paths.state_dir.parent.mkdir(exist_ok=True)
    paths.state_dir.touch()
    with pytest.raises(StartError, match="can't be read"):
        holder(paths)
