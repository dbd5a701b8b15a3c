"""How spending is held back as a budget is used up."""

from enum import StrEnum


class Step(StrEnum):
    """From not at all to nothing that costs money, and then to nothing that is not on this machine."""

    NORMAL = "normal"
    THRIFTY = "thrifty"
    LEAN = "lean"
    RESERVE = "reserve"
    FREE = "free"  # nothing paid: free models and local ones
    LOCAL = "local"  # local models only
