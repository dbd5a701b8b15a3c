import os
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from pointsman.config.keys import (
    LARGEST_KEY_FILE,
    fingerprint,
    keep_in_keyring,
    remove_from_keyring,
    resolve_key,
    show_key,
)
from pointsman.errors import ConfigError

SECRET = "sk-very-secret"


def resolve(reference: str, **environ: str) -> str:
    return resolve_key(SecretStr(reference), environ)


def refused(reference: str, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve(reference, **environ)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


def fake_keyring(folder: Path, body: str) -> None:
    """A keyring to be imported in the place of the real one."""
    package = folder / "keyring"
    package.mkdir()
    (package / "errors.py").write_text("class KeyringError(Exception): ...\n")
    (package / "__init__.py").write_text(f"from keyring.errors import KeyringError\n{body}")


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("keyring", "keyring.errors"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return monkeypatch


def test_a_key_of_no_known_scheme_is_the_key_itself() -> None:
    assert resolve(SECRET) == SECRET
    assert resolve("user:password") == "user:password"


def test_a_key_is_read_from_the_environment_that_is_given() -> None:
    assert resolve("env:MY_KEY", MY_KEY=SECRET) == SECRET


@pytest.mark.parametrize("environ", [{}, {"MY_KEY": ""}])
def test_a_variable_that_is_not_set_is_named(environ: dict[str, str]) -> None:
    assert "the environment variable MY_KEY is not set" in refused("env:MY_KEY", **environ)


def test_a_key_that_was_pasted_after_env_is_not_shown() -> None:
    assert "must name an environment variable" in refused(f"env:{SECRET}")


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_a_key_is_read_from_a_file_without_its_line_end(tmp_path: Path, end: str) -> None:
    (tmp_path / "key").write_bytes(SECRET.encode() + end.encode())
    assert resolve(f"file:{tmp_path}/key") == SECRET


def test_a_tilde_is_the_home_folder_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "schlüssel").write_text(SECRET)
    assert resolve("file:~/schlüssel", HOME=str(tmp_path)) == SECRET


@pytest.mark.parametrize("content", ["", "\n", f"{SECRET}\nmore", f" {SECRET}", f"{SECRET}é"])
def test_a_file_that_holds_no_key_is_refused_without_its_content(tmp_path: Path, content: str) -> None:
    (tmp_path / "key").write_text(content, encoding="utf-8")
    assert "what is there must be printable ASCII" in refused(f"file:{tmp_path}/key")


@pytest.mark.parametrize("flags", [os.O_RDWR, os.O_RDONLY | os.O_NONBLOCK])
def test_nobody_waits_for_a_pipe_that_holds_no_key(tmp_path: Path, flags: int) -> None:
    os.mkfifo(tmp_path / "key")
    held = os.open(tmp_path / "key", flags)
    assert "what is there must be printable ASCII" in refused(f"file:{tmp_path}/key")
    os.close(held)


def test_a_file_that_is_too_large_is_not_taken_for_a_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x" * (LARGEST_KEY_FILE + 1))
    assert "is larger than 16,384 bytes" in refused(f"file:{tmp_path}/key")


def test_a_file_that_is_missing_or_a_folder_is_told(tmp_path: Path) -> None:
    assert "No such file" in refused(f"file:{tmp_path}/none")
    assert "Is a directory" in refused(f"file:{tmp_path}")


@pytest.mark.parametrize(
    "reference", ["", "env:", "file:", "keyring:", "file:key", " x", "a\nb", "file:/a\0"]
)
def test_what_can_not_be_a_key_is_refused(reference: str) -> None:
    assert refused(reference).startswith("the key must")


def test_without_the_keyring_package_the_extra_is_named(no_keyring: pytest.MonkeyPatch) -> None:
    no_keyring.setitem(
        sys.modules, "keyring", None
    )  # what the import system does for a module that is not there
    assert "pip install 'pointsman[keyring]'" in refused("keyring:mine")


def test_a_key_is_read_from_the_keyring(tmp_path: Path, no_keyring: pytest.MonkeyPatch) -> None:
    fake_keyring(
        tmp_path, f"def get_password(service, name): return '{SECRET}' if service == 'pointsman' else None"
    )
    no_keyring.syspath_prepend(tmp_path)
    assert resolve("keyring:mine") == SECRET


def test_a_keyring_without_the_entry_says_how_to_put_it_in(
    tmp_path: Path, no_keyring: pytest.MonkeyPatch
) -> None:
    fake_keyring(tmp_path, "def get_password(service, name): return None")
    no_keyring.syspath_prepend(tmp_path)
    assert "keyring set pointsman mine" in refused("keyring:mine")


def test_a_keyring_that_fails_does_not_tell_what_it_said(
    tmp_path: Path, no_keyring: pytest.MonkeyPatch
) -> None:
    fake_keyring(tmp_path, f"def get_password(service, name): raise KeyringError('{SECRET}')")
    no_keyring.syspath_prepend(tmp_path)
    assert "the keyring doesn't answer (KeyringError)" in refused("keyring:mine")


def test_a_reference_is_shown_and_a_key_is_not() -> None:
    assert show_key(None) is None
    assert show_key(SecretStr(SECRET)) == "(set)"
    assert [show_key(SecretStr(f"{scheme}:x")) for scheme in ("env", "file", "keyring")] == [
        "env:x",
        "file:x",
        "keyring:x",
    ]


FILED = """
filed = {}
def get_password(service, name): return filed.get((service, name))
def set_password(service, name, key): filed[service, name] = key
def delete_password(service, name): del filed[service, name]
"""


def test_a_key_that_is_filed_in_the_keyring_is_found_by_its_reference(
    tmp_path: Path, no_keyring: pytest.MonkeyPatch
) -> None:
    fake_keyring(tmp_path, FILED)
    no_keyring.syspath_prepend(tmp_path)
    reference = keep_in_keyring("groq", SecretStr(SECRET))
    assert reference.get_secret_value() == "keyring:groq"
    assert resolve("keyring:groq") == SECRET
    remove_from_keyring("groq")
    remove_from_keyring("groq")  # what is gone is no trouble
    assert "there is none yet" in refused("keyring:groq")


def test_a_keyring_that_will_not_take_a_key_does_not_tell_it(
    tmp_path: Path, no_keyring: pytest.MonkeyPatch
) -> None:
    fake_keyring(tmp_path, "def set_password(service, name, key): raise KeyringError(key)")
    no_keyring.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="doesn't answer") as caught:
        keep_in_keyring("groq", SecretStr(SECRET))
    assert SECRET not in str(caught.value)


def test_a_fingerprint_tells_keys_apart_and_nothing_else() -> None:
    assert fingerprint(SECRET) == fingerprint(SECRET) != fingerprint(f"{SECRET}x")
    assert len(fingerprint(SECRET)) == 8
