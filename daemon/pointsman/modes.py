"""What may become of a request's words: by the user's mode for all requests, by a request's own mark."""

from enum import StrEnum


class Mode(StrEnum):
    """Who may answer, until the user says otherwise."""

    NORMAL = "normal"
    NO_PAID = "no-paid"  # nobody who costs money
    LOCAL_ONLY = "local-only"  # nobody who is not on this machine
    PAUSED = "paused"  # nobody


class Privacy(StrEnum):
    ANY = "any"
    NO_TRAIN = "no-train"
    LOCAL = "local"
