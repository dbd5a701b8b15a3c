"""What is started, and what would remove it, by how it was installed."""

import json
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from pointsman.service.program import find_program


class Installed(Distribution):
    """A package's metadata, of which only where it came from matters."""

    def __init__(self, url: str = "", *, editable: bool = False) -> None:
        self._told = json.dumps({"url": url, "dir_info": {"editable": editable}}) if url else None

    def read_text(self, filename: str) -> str | None:
        return self._told if filename == "direct_url.json" else None

    def locate_file(self, path: object) -> Path:
        raise NotImplementedError


def test_the_script_beside_the_interpreter_is_started_by_its_whole_path(tmp_path: Path) -> None:
    (tmp_path / "pointsman").touch()
    assert find_program(str(tmp_path / "python"), "/v", Installed()).command == (f"{tmp_path}/pointsman",)


def test_without_a_script_the_interpreter_is_told_what_to_run(tmp_path: Path) -> None:
    python = str(tmp_path / "python")
    assert find_program(python, "/v", Installed()).command == (python, "-m", "pointsman.cli.main")


@pytest.mark.parametrize("name", ['a "b" c', "a $b c", "a `b` c", "a \\b c"])
def test_a_script_that_pip_could_not_write_for_its_path_is_not_started(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "pointsman").touch()
    python = str(tmp_path / name / "python")
    assert find_program(python, "/v", Installed()).command == (python, "-m", "pointsman.cli.main")


def test_a_checkout_is_known_by_its_metadata() -> None:
    checkout = Installed("file:///src/my%20house", editable=True)
    assert find_program("/v/bin/python", "/v", checkout).checkout == "/src/my house"
    assert find_program("/v/bin/python", "/v", Installed("file:///src/house")).checkout is None
    assert find_program("/v/bin/python", "/v", Installed()).checkout is None


@pytest.mark.parametrize(
    ("mark", "line"),
    [
        ("pipx_metadata.json", "pipx uninstall pointsman"),
        ("uv-receipt.toml", "uv tool uninstall pointsman"),
        ("pyvenv.cfg", "'/v e/bin/python' -m pip uninstall pointsman"),
    ],
)
def test_what_removes_it_is_what_installed_it(tmp_path: Path, mark: str, line: str) -> None:
    (tmp_path / mark).touch()
    assert find_program("/v e/bin/python", str(tmp_path), Installed()).removal == line
