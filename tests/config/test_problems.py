from collections.abc import Callable

import pytest

Refused = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nprot = 1", "config.toml:2: unknown key server.prot; did you mean server.port?"),
        ("[provider.x]\n", "config.toml:1: unknown key provider; did you mean providers?"),
        (
            '[providers.x]\napiKey = "k"',
            "config.toml:2: unknown key providers.x.apiKey; did you mean providers.x.api_key?",
        ),
        (
            'apps.x.budget = { window = "day", limit = 1, hardd = true }',
            "config.toml:1: unknown key apps.x.budget.hardd; did you mean apps.x.budget.hard?",
        ),
        (
            "[profiles.mine]\nslak = 1",
            "config.toml:2: unknown key profiles.mine.slak; did you mean profiles.mine.slack?",
        ),
        ("\nport = 1", "config.toml:2: unknown key port; did you mean server.port?"),
        (
            "[streams]\nzebra = 1",
            "config.toml:2: unknown key streams.zebra; known here: hold, collect, patience",
        ),
    ],
)
def test_unknown_key_names_file_line_and_nearest(refused: Refused, text: str, said: str) -> None:
    assert refused(text) == said


def test_all_problems_of_a_file_are_told_at_once_in_its_order(refused: Refused) -> None:
    said = refused(
        '[timeouts]\ntotal = 0\n[server]\nport = 70000\nhots = "x"\n[providers.x]\ntier = "free-ish"\n'
    )
    assert said.splitlines() == [
        "config.toml:2: timeouts.total must be a number of seconds above 0 (it is 0)",
        "config.toml:4: server.port must be a port: a whole number from 0 to 65535 (it is 70000)",
        "config.toml:5: unknown key server.hots; did you mean server.host?",
        "config.toml:7: providers.x.tier must be one of local, free, paid; did you mean free?",
    ]


def test_an_item_of_a_list_is_told_at_the_line_of_its_list(refused: Refused) -> None:
    assert refused('[fallback]\nmain = [\n  "a",\n  1,\n]\n') == (
        "config.toml:2: fallback.main must be a list of names, or one name (it is 1)"
    )


@pytest.mark.parametrize(
    "text",
    [
        'api_key = "sk-secret"',
        '[providers]\nx = "sk-secret"',
        '[providers.x]\nkey = "sk-secret"',
        '[providers.x]\napi_key = ["sk-secret"]',
        '[providers.x]\napi_key = " sk-secret"',
        '[providers.x]\napi_key = "env:sk-secret"',
        '[providers.x]\napi_base = "sk-secret"',
        '[providers.x]\nkind = "sk-secret"',
        '[providers.x]\nrate_limit_rpm = "sk-secret"',
        '[providers.x]\napi_key = "sk-secret',
        "[providers.x]\napi_key = sk-secret",
    ],
)
def test_a_key_in_the_wrong_place_is_in_no_message(refused: Refused, text: str) -> None:
    assert "sk-secret" not in refused(text)


@pytest.mark.parametrize("section", ["server", "providers", "models", "fallback", "tasks", "degradation"])
def test_a_section_that_is_no_table_is_told_so(refused: Refused, section: str) -> None:
    assert refused(f"{section} = 3\n") == f"config.toml:1: {section} must be a table (it is 3)"


def test_a_number_of_any_length_can_be_told_as_wrong(refused: Refused) -> None:
    assert refused(f"[server]\nport = 0x{'f' * 9_000}\n").endswith("from 0 to 65535")
