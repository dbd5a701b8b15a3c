"""What the tray needs of a desktop, whichever it is."""

from collections.abc import Callable
from typing import Protocol

from pointsman.errors import PointsmanError
from pointsman_tray.menu import Change, View
from pointsman_tray.news import Notice

Act = Callable[[Change], None]
"""Has what was clicked done; does not wait."""


class TrayError(PointsmanError):
    """There can be no icon; the message says why, and what to do."""


class Face(Protocol):
    def run(self, begin: Callable[[], None]) -> None:
        """Until the user quits; `begin` is called once it can show something. Raises TrayError."""
        ...

    def show(self, view: View) -> None:
        """From any thread; does not wait."""
        ...

    def tell(self, notice: Notice) -> None:
        """From any thread; does not wait."""
        ...
