"""Names for requests. The clock and the randomness are passed in."""

import random
from collections.abc import Callable


class Ids:
    """Short ids for requests that sort by time: milliseconds and ten random bits, in base 32."""

    ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no letter that looks like another

    def __init__(self, wall: Callable[[], float], source: random.Random) -> None:
        self._wall = wall
        self._source = source
        self._last = 0

    def __call__(self) -> str:
        self._last = max(self._last + 1, int(self._wall() * 1000) << 10 | self._source.getrandbits(10))
        rest, letters = self._last, ""
        while rest:
            rest, digit = divmod(rest, 32)
            letters = self.ALPHABET[digit] + letters
        return letters
