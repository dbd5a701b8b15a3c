"""What may become of a request's words: by the user's mode for all requests, by a request's own mark."""

from enum import StrEnum

OFFLINE = "offline"  # the same as local-only, as people call it


class Mode(StrEnum):
    """Who may answer, until the user says otherwise."""

    NORMAL = "normal"
    NO_PAID = "no-paid"  # nobody who costs money
    LOCAL_ONLY = "local-only"  # nobody who is not on this machine
    PAUSED = "paused"  # nobody

    @classmethod
    def _missing_(cls, value: object) -> "Mode | None":
        return cls.LOCAL_ONLY if value == OFFLINE else None


class Privacy(StrEnum):
    ANY = "any"
    NO_TRAIN = "no-train"
    LOCAL = "local"

    def with_(self, other: "Privacy") -> "Privacy":
        """The stricter of two."""
        return max(self, other, key=list(Privacy).index)
