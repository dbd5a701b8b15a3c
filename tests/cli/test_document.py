"""docs/cli.md is what the commands say of themselves."""

from pathlib import Path

from pointsman.cli.document import render
from pointsman.cli.main import COMMANDS

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_committed_document_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render(), (
        "write it again: python -m pointsman.cli.document > docs/cli.md"
    )


def test_every_command_has_its_section() -> None:
    written = render()
    assert all(f"\n## {command.name}\n" in written for command in COMMANDS)
