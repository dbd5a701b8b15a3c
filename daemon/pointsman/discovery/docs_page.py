"""The names of models on a page that was written for people. Pure.

A page is hostile as any other body: only what a row's pattern fits is taken, so much and no more.
"""

import re

from pointsman.discovery.fields import is_name
from pointsman.discovery.listing import Listed, Listing

MOST_NAMES = 200
SOURCE = "docs"
# A name stands alone: it is no part of a path, of an address or of a longer word.
ALONE = r"(?<![\w./:@-])(?:{})(?![\w/@])"
FILES = re.compile(r"\.(?:png|jpe?g|svg|webp|gif|html?|mdx?|json|css|js|txt)$", re.IGNORECASE)


def read_page(body: bytes, pattern: str) -> Listing:
    """The models that the page names, in its order, each once."""
    text = body.decode("utf-8", "replace")
    found: dict[str, None] = {}
    for match in re.finditer(ALONE.format(pattern), text):
        name = match[0].rstrip(".-")
        if is_name(name) and not FILES.search(name):
            found[name] = None
        if len(found) == MOST_NAMES:
            break
    return Listing(tuple(Listed(name, source=SOURCE) for name in found))
