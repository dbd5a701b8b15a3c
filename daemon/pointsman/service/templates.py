"""Where the templates are: in the package where it was installed, beside it in a checkout."""

from pathlib import Path

_HERE = Path(__file__).parent
_CHECKOUT = _HERE.parents[2]
_FOLDERS = (_HERE, _CHECKOUT / "systemd", _CHECKOUT / "launchd")


def template(name: str) -> bytes:
    return next(folder / name for folder in _FOLDERS if (folder / name).exists()).read_bytes()
