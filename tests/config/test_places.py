from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.config.places import PriceConfig, ProviderConfig
from pointsman.config.schema import Config
from pointsman.money import NANO, Price

Read = Callable[[str], Config]
Refused = Callable[[str], str]


def test_a_price_is_exact_in_nano_dollars(read: Read) -> None:
    config = read('[prices."a/b"]\ninput = 0.1\noutput = 2.000000001\ncache_read = 3\nrequest = 0.005\n')
    assert config.prices["a/b"].to_price() == Price(
        input=100_000_000, output=2_000_000_001, cache_read=3_000_000_000, request=5_000_000
    )


def test_audio_is_priced_apart_where_somebody_says_so() -> None:
    price = PriceConfig(audio=Decimal(32), audio_output=Decimal(64)).to_price()
    assert (price.audio, price.audio_output) == (32 * NANO, 64 * NANO)


def test_what_a_price_leaves_out_is_unknown_and_not_zero() -> None:
    price = PriceConfig(input=Decimal(0)).to_price()
    assert (price.input, price.output, price.cache_read, price.cache_write) == (0, None, None, None)


@given(st.integers(0, 10**18))
def test_every_amount_of_nano_dollars_can_be_written(nano: int) -> None:
    assert PriceConfig(input=Decimal(nano).scaleb(-9)).to_price().input == nano


@pytest.mark.parametrize(
    "amount", ["-0.01", "0.0000000001", "1e12", "inf", "nan", "1e9999999", '"3"', "true"]
)
def test_an_amount_that_is_no_price_is_refused(refused: Refused, amount: str) -> None:
    said = refused(f'[prices."a/b"]\ninput = {amount}\n')
    assert said.startswith(
        'config.toml:2: prices."a/b".input must be US dollars: a number from 0 to a billion'
    )


@pytest.mark.parametrize("section", ["prices.big", 'prices."/big"', 'prices."mine/"'])
def test_a_price_is_of_a_provider_and_a_model(refused: Refused, section: str) -> None:
    assert "must be written as provider/model" in refused(f"[{section}]\ninput = 1\n")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080/v1",
        "https://api.example.com/v1",
        "http://[::1]:8080",
        "http://10.0.0.2",
    ],
)
def test_an_address_is_kept_without_a_slash_at_its_end(url: str) -> None:
    assert ProviderConfig(api_base=url + "/").api_base == url
    assert ProviderConfig(api_base=url).api_base == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8080",
        "ftp://x/v1",
        "http://",
        "http:///v1",
        "http://h:99999",
        "http://[::1",
        "http://a b/",
    ],
)
def test_an_address_without_scheme_or_host_is_refused(refused: Refused, url: str) -> None:
    said = refused(f'[providers.x]\napi_base = "{url}"\n')
    assert said.startswith("config.toml:2: providers.x.api_base must be an http:// or https:// address")


def test_a_password_in_an_address_is_refused_and_not_repeated(refused: Refused) -> None:
    said = refused('[providers.x]\napi_base = "https://me:hunter2@example.com/v1"\n')
    assert "give the key as api_key" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("tail", ["?key=1", "#part"])
def test_an_address_that_no_path_can_be_added_to_is_refused(refused: Refused, tail: str) -> None:
    assert "must end with its path" in refused(f'[providers.x]\napi_base = "http://h/v1{tail}"\n')


def test_one_model_may_be_written_without_a_list(read: Read) -> None:
    assert read('[providers.x]\nmodels = "big"\n').providers["x"].models == ("big",)


@pytest.mark.parametrize("name", ['"a/b"', '"a b"', '""'])
def test_a_provider_that_no_model_id_could_begin_with_is_refused(refused: Refused, name: str) -> None:
    assert "without slashes and spaces" in refused(f"[providers.{name}]\n")


def test_a_wrong_tier_is_told_the_right_ones(refused: Refused) -> None:
    assert refused('[providers.x]\ntier = "payed"\n') == (
        "config.toml:2: providers.x.tier must be one of local, free, paid; did you mean paid?"
    )
