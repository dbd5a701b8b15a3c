"""The tray's entry point, until there is an icon."""

import pytest

from pointsman_tray.__main__ import main


def test_it_says_in_one_line_that_there_is_no_icon_yet_and_what_to_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main() == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "pointsman status" in said
