import pytest

from pointsman.config.known import KNOWN, row_at, siblings


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: ".".join(row.path))
def test_every_place_in_a_file_says_what_it_means_and_what_it_takes(row: object) -> None:
    assert isinstance(row, type(KNOWN[0]))
    assert row.field.description
    assert row.says


def test_every_optional_field_says_what_holds_without_it() -> None:
    rows = [row for row in KNOWN if row.is_value and not row.field.is_required()]
    assert [row.path for row in rows if row.field.default is None and not row.unset] == []


def test_a_fixed_key_goes_before_a_name_of_the_user_s_own() -> None:
    active, mine = row_at(("profiles", "active")), row_at(("profiles", "mine"))
    assert active is not None
    assert mine is not None
    assert (active.path, mine.path) == (("profiles", "active"), ("profiles", "NAME"))


def test_siblings_are_the_keys_of_the_same_table() -> None:
    assert siblings(("apps", "x", "budget", "?")) == ("window", "limit", "hard", "unpriced")
    assert siblings(("models", "?")) == ()
