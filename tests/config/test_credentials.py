import os
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from pointsman.config.credentials import Credentials
from pointsman.errors import ConfigError

SECRET = "sk-very-secret"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "credentials.toml"


def keep(file: Path, name: str, key: str = SECRET) -> None:
    Credentials(file).keep(name, SecretStr(key))


def read(file: Path) -> dict[str, str]:
    return {name: key.get_secret_value() for name, key in Credentials(file).read().keys.items()}


def write(file: Path, text: str, mode: int = 0o600) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


def refused(file: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        Credentials(file).read()
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_without_a_file_there_is_no_key(file: Path) -> None:
    assert read(file) == {}


def test_a_key_is_kept_in_a_file_that_only_its_owner_can_read(file: Path) -> None:
    old = os.umask(0)
    try:
        keep(file, "openrouter")
    finally:
        os.umask(old)
    assert read(file) == {"openrouter": SECRET}
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_key_takes_the_place_of_the_one_before_and_leaves_others_and_comments_alone(file: Path) -> None:
    write(file, '# mine\ngroq = "old"\n"my-place" = "other"  # of the work')
    keep(file, "groq", "new")
    assert read(file) == {"groq": "new", "my-place": "other"}
    assert file.read_text().splitlines()[:2] == ["# mine", '"my-place" = "other"  # of the work']


def test_what_is_taken_away_is_gone_from_the_file(file: Path) -> None:
    keep(file, "groq")
    keep(file, "openrouter", "other")
    Credentials(file).remove("groq")
    assert read(file) == {"openrouter": "other"}
    assert SECRET not in file.read_text()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_can_read_is_refused_with_what_mends_it(file: Path, mode: int) -> None:
    write(file, f'groq = "{SECRET}"', mode)
    said = refused(file)
    assert f"chmod 600 {file}" in said
    assert f"mode {mode:04o}" in said
    with pytest.raises(ConfigError):
        keep(file, "openrouter")
    assert file.read_text() == f'groq = "{SECRET}"'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'groq = "{SECRET}', "not valid TOML"),
        (f'groq = "{SECRET}"\na = ', "not valid TOML"),
    ],
)
def test_a_file_that_does_not_hold_is_refused_without_its_keys(file: Path, text: str, said: str) -> None:
    write(file, text)
    assert said in refused(file)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("groq = 1", "must be a key in quotes"),
        (f'groq = "{SECRET}\\n"', "credentials.toml:2: groq must be printable ASCII"),
        (f'groq = "{SECRET}ü"', "credentials.toml:2: groq must be printable ASCII"),
        (f'groq = "env:{SECRET}"', "must name an environment variable"),
    ],
)
def test_an_entry_that_is_no_key_is_named_takes_no_other_with_it_and_can_be_replaced(
    file: Path, entry: str, said: str
) -> None:
    write(file, f'a = "b"\n{entry}\nc = "d"\n')
    assert read(file) == {"a": "b", "c": "d"}
    (told,) = Credentials(file).read().bad.values()
    assert said in told
    assert "pointsman keys set groq" in told
    assert SECRET not in told
    keep(file, "groq", "new")
    assert read(file) == {"a": "b", "c": "d", "groq": "new"}
    write(file, f'a = "b"\n{entry}\nc = "d"\n')
    Credentials(file).remove("groq")
    assert file.read_text() == 'a = "b"\nc = "d"\n'


@pytest.mark.parametrize("name", ["groq", "other"])
def test_a_table_is_no_key_and_is_not_torn(file: Path, name: str) -> None:
    text = f'a = "b"\n[groq]\nkey = "{SECRET}"\n'
    write(file, text)
    assert read(file) == {"a": "b"}
    with pytest.raises(ConfigError, match="each entry must be a key in quotes"):
        keep(file, name, "new")
    assert file.read_text() == text


def test_a_change_of_the_file_or_of_its_mode_can_be_told(file: Path) -> None:
    credentials = Credentials(file)
    stamps = [credentials.stamp()]
    write(file, f'groq = "{SECRET}"', 0o644)
    stamps.append(credentials.stamp())
    file.chmod(0o600)
    stamps.append(credentials.stamp())
    keep(file, "groq", "new")
    stamps.append(credentials.stamp())
    assert len(set(stamps)) == 4
    read(file)
    assert credentials.stamp() == stamps[-1]


def test_a_key_that_is_spread_over_lines_is_not_torn(file: Path) -> None:
    text = f'groq = """\n{SECRET}"""\n'
    write(file, text)
    with pytest.raises(ConfigError, match="not valid TOML"):
        keep(file, "groq", "new")
    assert file.read_text() == text


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    write(tmp_path / "real.toml", 'groq = "old"')
    file.parent.mkdir()
    file.symlink_to(tmp_path / "real.toml")
    keep(file, "groq")
    assert file.is_symlink()
    assert read(tmp_path / "real.toml") == {"groq": SECRET}


def test_writers_at_the_same_time_lose_nothing_and_leave_nothing_behind(file: Path) -> None:
    names = [f"place{number}" for number in range(20)]
    writers = [threading.Thread(target=keep, args=(file, name)) for name in names]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(read(file)) == sorted(names)
    assert [path.name for path in file.parent.iterdir()] == ["credentials.toml"]


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file")
    with pytest.raises(ConfigError, match=r"can't be (read|written)"):
        keep(tmp_path / "config" / "credentials.toml", "groq")
