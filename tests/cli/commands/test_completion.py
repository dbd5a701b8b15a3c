"""What a shell completes on TAB, asked of the shells themselves."""

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pointsman.cli.main import COMMANDS
from tests.cli.conftest import Run

SHELLS = ("bash", "zsh", "fish")
# Completes the words it is given, the last of which is being typed, as bash does on TAB.
BASH = """\
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
line=$(complete -p pointsman); line=${line##*-F }; ${line%% *} pointsman "${@: -1}" "${@: -2:1}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = 'source $argv[1]; complete -C "$argv[2]" | string replace -r "\\t.*" ""; true'
ZSH = 'autoload -Uz compinit; compinit -D -u; eval "$(<{})"; pointsman() {{ print "<$1>" }}\n'
PATIENCE = 20  # seconds

Script = Callable[[str], Path]
needs = {
    shell: pytest.mark.skipif(not shutil.which(shell), reason=f"{shell} is not installed") for shell in SHELLS
}


@pytest.fixture
def script(run: Run, tmp_path: Path) -> Script:
    def script(shell: str) -> Path:
        ran = run("completion", shell)
        assert (ran.code, ran.err) == (0, "")
        file = tmp_path / f"pointsman.{shell}"
        file.write_text(ran.out, encoding="utf-8")
        return file

    return script


def completed(shell: str, *words: str) -> list[str]:
    """What a shell prints. Pointsman is not on its path: all that it proposes is from the script."""
    program = shutil.which(shell) or shell
    environ = {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"]}
    ran = subprocess.run(
        [program, *words], capture_output=True, text=True, check=False, timeout=PATIENCE, env=environ
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return [word.rstrip("/") for word in ran.stdout.split()]


def by_bash(script: Path, *words: str) -> list[str]:
    return completed("bash", "--norc", "-c", BASH, "bash", str(script), "pointsman", *words)


def by_fish(script: Path, *words: str) -> list[str]:
    return completed("fish", "--no-config", "-c", FISH, str(script), " ".join(["pointsman", *words]))


@pytest.fixture(params=[pytest.param(shell, marks=needs[shell]) for shell in ("bash", "fish")])
def complete(request: pytest.FixtureRequest, script: Script) -> Callable[..., list[str]]:
    """What a shell proposes for the last of these words, typed after `pointsman`."""
    by = {"bash": by_bash, "fish": by_fish}[request.param]
    file = script(request.param)
    return lambda *words: by(file, *words)


def test_commands_options_and_choices_are_completed(complete: Callable[..., list[str]]) -> None:
    assert set(complete("")) == {command.name for command in COMMANDS}
    assert complete("stat") == ["status"]
    assert complete("mode", "") == ["normal", "no-paid", "local-only", "paused", "offline"]
    assert complete("status", "--js") == ["--json"]
    assert complete("role", "--floor", "gen") == ["generation"]
    assert complete("config", "sh") == ["show"]


def test_paths_are_completed_where_a_path_is_meant(
    complete: Callable[..., list[str]], tmp_path: Path
) -> None:
    (tmp_path / "a folder").mkdir()
    (tmp_path / "file.json").touch()
    assert complete("config", "--config", f"{tmp_path}/fi") == [f"{tmp_path}/file.json"]
    assert complete("import", f"{tmp_path}/fi") == [f"{tmp_path}/file.json"]
    assert complete("status", "--state", f"{tmp_path}/fi") == []


@needs["zsh"]
def test_zsh_completes_a_command_at_its_prompt(script: Script, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "dumb", "ZDOTDIR": str(tmp_path)}
    with subprocess.Popen(
        ["zsh", "-f", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, env=environ
    ) as zsh:
        os.close(theirs)  # once zsh has gone, reading fails
        try:
            os.write(ours, ZSH.format(script("zsh")).encode() + b"pointsman stat\t\n")
            seen = b""
            while b"<stat" not in seen:
                seen += os.read(ours, 4096)
            assert b"<status>" in seen
        finally:
            zsh.kill()
            os.close(ours)


@pytest.mark.parametrize("shell", [pytest.param(shell, marks=needs[shell]) for shell in SHELLS])
def test_each_script_is_one_that_its_shell_can_read(script: Script, shell: str) -> None:
    assert completed(shell, "-n", str(script(shell))) == []


def test_other_commands_do_not_load_what_writes_it() -> None:
    code = "import sys; from pointsman.cli import main; main.main(['config', 'path']); "
    code += "sys.exit('shtab' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
