"""docs/engines.md is what the rows say."""

from pathlib import Path

from pointsman.catalogue.document import render
from pointsman.catalogue.providers import PROVIDERS

DOCUMENT = Path(__file__).parents[2] / "docs" / "engines.md"


def test_the_committed_document_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render(), (
        "write it again: python -m pointsman.catalogue.document > docs/engines.md"
    )


def test_every_engine_is_in_it_and_no_cloud() -> None:
    written = render()
    assert [row.title for row in PROVIDERS if f"\n| {row.title} |" in written] == [
        row.title for row in PROVIDERS if not row.base_url
    ]
