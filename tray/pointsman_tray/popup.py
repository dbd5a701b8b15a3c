"""A menu for an icon that has none: GTK's, in a process of its own, as GTK takes more than all the rest."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from pointsman.cli.panels import NO_MENU
from pointsman.service.run import ServiceError, must
from pointsman_tray.menu import Item

PROGRAM = Path(__file__).with_name("gtk_menu.py")
PATIENCE = 660.0  # seconds; it goes of itself before


class Popup:
    """One menu at a time. It stays as it was opened, whatever happens meanwhile.

    python: the one that can show it; empty: there is none
    chosen: is called in a thread of its own
    say: is told why there is no menu
    """

    def __init__(
        self,
        python: str,
        environ: Mapping[str, str],
        chosen: Callable[[Item], None],
        say: Callable[[str], None],
    ) -> None:
        self._command = (python, "-I", str(PROGRAM)) if python else ()
        self._environ = environ
        self._chosen = chosen
        self._say = say
        self._may_open = Lock()

    def open(self, items: Iterable[Item]) -> None:
        """Does not wait."""
        if not self._command:
            self._say(NO_MENU)
        elif self._may_open.acquire(blocking=False):
            Thread(target=self._show, args=[items], daemon=True).start()

    def _show(self, items: Iterable[Item]) -> None:
        lines: list[Item] = []
        try:
            number = must(
                self._command, self._environ, said=json.dumps(_numbered(items, lines)), patience=PATIENCE
            )
        except ServiceError as error:
            self._say(f"the menu can't be shown: {error.message.splitlines()[-1]}")
        else:
            if number:
                self._chosen(lines[int(number)])
        finally:
            self._may_open.release()


def _numbered(items: Iterable[Item], lines: list[Item]) -> list[dict[str, Any]]:
    """As the program reads them; `lines` gets each at its number."""
    numbered = []
    for item in items:
        lines.append(item)
        one = {"label": item.label, "number": len(lines) - 1, "chosen": item.chosen}
        numbered.append({**one, "items": _numbered(item.items, lines)})
    return numbered
