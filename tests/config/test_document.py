from pathlib import Path

import pytest

from pointsman.config.document import LOCAL_EXAMPLE, PAID_EXAMPLE, render
from pointsman.config.known import KNOWN
from pointsman.config.load import load

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "renew it: .venv/bin/python -m pointsman.config.document > docs/configuration.md"
    )


@pytest.mark.parametrize("example", [LOCAL_EXAMPLE, PAID_EXAMPLE])
def test_the_examples_on_the_page_load(tmp_path: Path, example: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(example)
    assert load(path).file == path
    assert example in render()


def test_every_key_is_on_the_page() -> None:
    lines = render().splitlines()
    for row in KNOWN:
        if row.is_value:
            section, key = ".".join(row.path[:-1]), row.path[-1]
            after = lines[lines.index(f"## `[{section}]`") :]
            assert any(line.startswith((f"| `{key}` |", f"| {key} |")) for line in after)


def test_a_required_key_is_told_as_such() -> None:
    assert "| `window` | one of hour, day, week, month | must be given |" in render()
