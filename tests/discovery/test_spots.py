from pathlib import Path

import pytest

from pointsman.catalogue.row import Provider
from pointsman.discovery.spots import Address, Spot, key, merged, read_address
from pointsman.types import FoundBy, Place

A, B = Provider("a", "A"), Provider("b", "B")


def place_of(text: str, port: int = 11434) -> str:
    address = read_address(text, port)
    assert address, f"{text} is no address"
    return str(address.place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434/v1"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        (":8000", "http://127.0.0.1:8000/v1"),
        ("localhost", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0:8000", "http://127.0.0.1:8000/v1"),
        ("http://localhost:8000", "http://127.0.0.1:8000/v1"),
        ("http://localhost:8000/", "http://127.0.0.1:8000/v1"),
        ("HTTP://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1", "http://127.0.0.1:80/v1"),
        ("https://localhost", "https://127.0.0.1:443/v1"),
        ("::1", "http://[::1]:11434/v1"),
        ("[::1]", "http://[::1]:11434/v1"),
        ("[::1]:8000", "http://[::1]:8000/v1"),
        ("::", "http://127.0.0.1:11434/v1"),
        ("[::]:8000", "http://127.0.0.1:8000/v1"),
        ("::ffff:127.0.0.1", "http://127.0.0.1:11434/v1"),
        ("127.0.0.2:8000", "http://127.0.0.2:8000/v1"),
        (' "127.0.0.1:8000" ', "http://127.0.0.1:8000/v1"),
        ("/run/x.sock", "unix:/run/x.sock"),
        ("unix:///run/x.sock", "unix:/run/x.sock"),
        ("x.sock", "unix:x.sock"),
    ],
)
def test_an_address_is_read_as_engines_take_it(text: str, place: str) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize(
    "text", ["192.168.1.5", "gpu.lan:8000", "https://ollama.example", "fe80::1", "example"]
)
def test_an_address_elsewhere_has_no_place_here(text: str) -> None:
    address = read_address(text, 11434)
    assert address is not None
    assert address.place is None


@pytest.mark.parametrize(
    "text",
    ["ftp://127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "a b", "::1:x]", "http://me@host", ":x", "a:1:2"],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert read_address(text, 11434) is None


@pytest.mark.parametrize(
    "name",
    ["http://localhost:80/v1", "http://127.0.0.1/v1", "http://[::1]/x", "http://0.0.0.0", "http://[::]"],
)
def test_the_names_of_loopback_are_one_place(name: str) -> None:
    assert key(Place(name)) == key(Place("http://localhost"))


@pytest.mark.parametrize("name", ["http://127.0.0.2", "https://localhost:80", "http://localhost:81"])
def test_others_are_not(name: str) -> None:
    assert key(Place(name)) != key(Place("http://localhost"))


def test_a_socket_is_one_place_behind_its_links(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    linked, real = (Place("", str(tmp_path / name)) for name in ("link", "real"))
    assert key(linked) == key(real)


def spot(port: int, row: Provider | None = None, found_by: FoundBy = FoundBy.PORT, **more: bool) -> Spot:
    place = Address(port=port).place
    assert place
    return Spot(place, found_by, row, **more)


def test_spots_of_one_place_are_one_goal_and_usual_ports_are_the_weakest_word() -> None:
    (goal,) = merged([spot(80, A), spot(80, B, FoundBy.PROCESS, proven=True), spot(80, A)], ())
    assert (goal.found_by, goal.rows, goal.proven) == (FoundBy.PORT, (B, A), {spot(80, A).place: B})


def test_places_that_are_skipped_and_parts_of_engines_are_no_goals() -> None:
    spots = [spot(80), spot(81), spot(82), spot(82, found_by=FoundBy.PROCESS, inner=True)]
    (goal,) = merged(spots, [key(Place("http://[::1]:81"))])
    assert goal.place == spot(80).place
