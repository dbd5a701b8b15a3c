"""A provider may repeat a key in whatever way it writes its JSON."""

import pytest

from pointsman.net import without_key
from pointsman.types import Account


@pytest.mark.parametrize(
    "spelt",
    [
        rb"sk\u002d1/x+y",
        rb"sk-1\/x\u002By",
        rb"sk-1\\/x+y",
        rb"\u0073\u006B-1/x\u002by",
        rb"sk-1/x\\u002by",
    ],
)
def test_a_key_is_known_however_json_may_write_it(spelt: bytes) -> None:
    said = b'{"message": "no user has ' + spelt + b' here", "x": "\\u00e9"}'
    assert (
        without_key(said, Account("a", "sk-1/x+y"))
        == b'{"message": "no user has (the key) here", "x": "\\u00e9"}'
    )
