"""The repository is about no machine in particular, and its documents lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.structure.repository import ROOT, files

LOCKS = ("requirements.lock", "requirements-dev.lock")
REGISTRY = re.compile(r"://|^\s*-{1,2}(index-url|i|extra-index-url|find-links|f|trusted-host)\b")

# A home folder of somebody, and this checkout's own place. Samples are called after nobody in particular.
SOMEBODY = re.compile(
    r"(?<![\w.~-])(?:/home/|/Users/|[A-Z]:\\Users\\)(?!you\b|ada\b|me\b)\w+|(?<![\w.~-])/root/"
)
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)")


def registries(text: str) -> list[str]:
    """The lines of a lock file that say where packages come from."""
    return [line for line in text.splitlines() if not line.startswith("#") and REGISTRY.search(line)]


def machine_paths(text: str, checkout: Path = ROOT) -> list[str]:
    own = re.compile(rf"(?<![\w.~-]){re.escape(str(checkout))}(?=/)")
    return [match.group() for pattern in (SOMEBODY, own) for match in pattern.finditer(text)]


def dead_links(document: Path) -> Iterator[str]:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        if not (document.parent / target).exists():
            yield f"{document.name} links to {target}, which is not there: mend the link or write the file"


def texts() -> Iterator[tuple[str, str]]:
    for path in files():
        if path != Path(__file__) and path.suffix not in {".lock", ".png", ".pyc"}:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_has_hashes_and_names_no_registry(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "--hash=sha256:" in text, f"{name} has no hashes: write it anew with `make lock`"
    assert not registries(text), f"{name} names a registry: write it anew with `make lock`"


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://pypi.example/simple",
        "-i https://x",
        "--find-links wheels",
        "a @ file:///tmp/a.whl",
    ],
)
def test_a_registry_in_a_lock_file_is_found(line: str) -> None:
    assert registries(f"# a comment\na==1.0 \\\n    --hash=sha256:ab\n{line}\n") == [line]


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    found = [f"{name}: {path}" for name, text in texts() for path in machine_paths(text)]
    assert not found, "\nwrite ~, a relative path, or a sample such as /home/you:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "text",
    ["/home/karl/models", "see /Users/karl", r"C:\Users\karl", "/root/.cache", "at /src/checkout/docs"],
)
def test_a_place_on_somebodys_machine_is_found(text: str) -> None:
    assert machine_paths(text, Path("/src/checkout"))


def test_samples_and_addresses_are_no_places_on_a_machine() -> None:
    assert not machine_paths("/home/you/models https://x.org/home/karl ~/root/x", Path("/src/checkout"))


def test_every_link_in_the_documents_leads_to_a_file() -> None:
    documents = [path for path in files() if path.suffix == ".md"]
    assert documents
    assert not [link for document in documents for link in dead_links(document)]


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text(
        "[ok](there.md) [web](https://x.org) [dead](gone.md)", encoding="utf-8"
    )
    (dead,) = dead_links(tmp_path / "there.md")
    assert "gone.md" in dead
