from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.config.known import KNOWN, NAME
from pointsman.config.lines import dotted
from pointsman.config.load import Loaded, load
from pointsman.config.override import Origin, overrides
from pointsman.config.schema import Config
from pointsman.errors import ConfigError
from tests.config.examples import FULL, OLDER

Write = Callable[[str], Path]


def test_without_a_path_the_defaults_hold() -> None:
    assert load(None) == Loaded(Config(), None, {}, ())


def test_where_no_file_is_the_defaults_hold_unless_it_was_asked_for(tmp_path: Path) -> None:
    assert load(tmp_path / "config.toml").file is None
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "config.toml", explicit=True)


def test_the_file_that_was_read_is_told(write: Write) -> None:
    path = write("")
    assert load(path).file == path


def test_what_wins_over_the_file_is_in_the_configuration_and_told(write: Write) -> None:
    loaded = load(write("[server]\nport = 1\n"), overrides=overrides({}, port=2))
    assert loaded.config.server.port == 2
    assert loaded.origins == {"server.port": Origin.COMMAND_LINE}


def test_the_error_names_the_place_of_its_first_problem(write: Write) -> None:
    path = write("[server]\n\nport = -1\nhost = 1\n")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert (caught.value.file, caught.value.line) == (str(path), 3)
    assert len(str(caught.value).splitlines()) == 2
    assert all(line.startswith(f"{path}:") for line in str(caught.value).splitlines())


def test_the_problems_of_the_file_go_before_those_of_what_wins_over_it(write: Write) -> None:
    path = write("[streams]\nhold = 1\n")
    with pytest.raises(ConfigError) as caught:
        load(path, overrides=overrides({"POINTSMAN_PORT": "x"}, host=""))
    first, second, third = str(caught.value).splitlines()
    assert first.startswith(f"{path}:2: streams.hold ")
    assert {second.split(" must ")[0], third.split(" must ")[0]} == {
        "command line: server.host",
        "environment: server.port",
    }


def test_no_trace_of_an_error_holds_what_the_file_does(write: Write) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write('[providers.x]\napi_key = "sk-secret"\ntier = "?"\n'))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_with_a_key_that_others_can_read_is_warned_of(write: Write, mode: int) -> None:
    path = write('[providers.x]\napi_key = "sk-secret"\n')
    path.chmod(mode)
    (warning,) = load(path).warnings
    assert warning == f"{path}: holds a key and can be read by others (mode {mode:04o}): chmod 600 {path}"


def test_a_private_file_and_one_without_keys_are_not_warned_of(write: Write) -> None:
    assert load(write('[providers.x]\napi_key = "sk-secret"\n')).warnings == ()
    path = write('[providers.x]\napi_key = "env:KEY"\n')
    path.chmod(0o644)
    assert load(path).warnings == ()


@pytest.mark.parametrize("text", [OLDER, FULL])
def test_nothing_that_is_shown_of_a_configuration_holds_a_key(write: Write, text: str) -> None:
    loaded = load(write(text.replace("env:MINE_KEY", "sk-mine")))
    shown = (
        repr(loaded) + str(loaded.config) + str(loaded.config.model_dump()) + loaded.config.model_dump_json()
    )
    assert "sk-" not in shown
    assert "(set)" in loaded.config.model_dump_json()


def filled(path: tuple[str, ...]) -> tuple[str, ...]:
    """A place with a name of the user's own that is right there."""
    name = "code/x" if path[0] in ("prices", "grades") else "code"
    return tuple(name if part == NAME else part for part in path)


places = st.sampled_from([filled(row.path) for row in KNOWN])
odd = st.sampled_from(
    [
        "1",
        "-1",
        "0.5",
        "nan",
        "-inf",
        "1e999",
        "true",
        '""',
        '"sk-x"',
        "[]",
        "[[]]",
        "[1, '']",
        "{}",
        "07:32:00",
    ]
)


@given(st.dictionaries(places, odd, min_size=1, max_size=4))
def test_any_value_in_any_place_is_taken_or_refused_with_its_line(said: dict[tuple[str, ...], str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "config.toml")
        path.write_text("".join(f"{dotted(place)} = {value}\n" for place, value in said.items()))
        error = refusal(path)
    assert error is None or (error.line in range(1, len(said) + 1) and "sk-x" not in str(error))


def refusal(path: Path) -> ConfigError | None:
    try:
        load(path)
    except ConfigError as error:
        return error
    return None
