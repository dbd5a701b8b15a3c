"""Where the templates are: in the packages where they were installed, beside them in a checkout."""

from pathlib import Path

_HERE = Path(__file__).parent
_INSTALLED, _CHECKOUT = _HERE.parents[1], _HERE.parents[2]
_FOLDERS = (
    _HERE,
    _INSTALLED / "pointsman_tray",
    *(_CHECKOUT / name for name in ("systemd", "launchd", "tray/pointsman_tray")),
)


def template(name: str) -> bytes:
    return next(folder / name for folder in _FOLDERS if (folder / name).exists()).read_bytes()
