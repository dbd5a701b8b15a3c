import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pointsman.config.source import LARGEST, read_source
from pointsman.errors import ConfigError

Write = Callable[[str], Path]
Refused = Callable[[str], str]


def unreadable(path: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read_source(path, explicit=False)
    return caught.value


def test_a_file_that_nobody_asked_for_may_be_missing(tmp_path: Path) -> None:
    assert read_source(tmp_path / "config.toml", explicit=False) is None


def test_a_file_that_was_asked_for_may_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml: there is no such file"):
        read_source(tmp_path / "config.toml", explicit=True)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert str(unreadable(tmp_path)) == f"{tmp_path}: can't be read: Is a directory"


@pytest.mark.parametrize("writer", [True, False])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, *, writer: bool) -> None:
    pipe = tmp_path / "config.toml"
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDWR) if writer else os.open(tmp_path, os.O_RDONLY)
    assert str(unreadable(pipe)) == f"{pipe}: is a pipe, which could not be read again: name a file"
    os.close(held)


def test_what_is_too_long_for_a_configuration_is_not_read(write: Write) -> None:
    path = write("#" * (LARGEST + 1))
    assert str(unreadable(path)) == f"{path}: is larger than 1,000,000 bytes: no configuration is"
    assert read_source(write("#" * LARGEST), explicit=True) is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(write: Write) -> None:
    path = write("")
    path.chmod(0)
    assert str(unreadable(path)) == f"{path}: can't be read: Permission denied"


def test_text_that_is_not_utf8_is_told_with_its_line(write: Write) -> None:
    path = write("")
    path.write_bytes(b"# fine\n[models]\nx = '\xe9'\n")
    assert (unreadable(path).line, unreadable(path).file) == (3, str(path))


def test_a_byte_order_mark_is_no_text(write: Write) -> None:
    source = read_source(write("\ufeff[server]\nport = 1\n"), explicit=True)
    assert source is not None
    assert source.tables() == {"server": {"port": 1}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nb = = 2\n", "config.toml:2: not valid TOML: invalid value"),
        ("a = 1\na = 2\n", "config.toml:2: not valid TOML: cannot overwrite a value"),
        ("[a]\n\n[a]\n", "config.toml:3: not valid TOML: cannot declare ('a',) twice"),
        ("a = 1\nb = [\n", "config.toml:2: not valid TOML: "),
        ('a = "x', "config.toml:1: not valid TOML: unterminated string"),
        (f"a = {'9' * 5_000}", "config.toml: a number in it has too many digits"),
        (f"a = {'[' * 50_000}", "config.toml: its brackets are nested too deeply"),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(refused: Refused, text: str, said: str) -> None:
    assert refused(text).startswith(said)
