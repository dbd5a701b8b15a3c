from collections.abc import Mapping

import pytest
from pydantic import SecretStr

from pointsman.config.schema import Config
from pointsman.discovery.written import Written, read_overrides, read_places, without_place
from pointsman.money import Price
from pointsman.types import Auth, Dialect, FoundBy, Grade, Tier

NO_ENVIRONMENT: Mapping[str, str] = {}


def config(**providers: Mapping[str, object]) -> Config:
    return Config.model_validate(
        {"providers": {name.replace("_", "-"): it for name, it in providers.items()}}
    )


def only(of: Config, environ: Mapping[str, str] = NO_ENVIRONMENT, **keys: str) -> Written:
    """The one place that the configuration names."""
    credentials = {name: SecretStr(key) for name, key in keys.items()}
    (written,) = (one for one in read_places(of, environ, credentials) if one.id in of.providers)
    return written


def unwritten(
    environ: Mapping[str, str] = NO_ENVIRONMENT, *, remote: bool = True, **keys: str
) -> dict[str, Written]:
    """The places that need no configuration, by name."""
    credentials = {name: SecretStr(key) for name, key in keys.items()}
    said = Config.model_validate({"discovery": {"remote": remote}})
    return {one.id: one for one in read_places(said, environ, credentials)}


def test_an_address_of_the_users_own_needs_no_key() -> None:
    written = only(config(mine={"api_base": "http://127.0.0.1:9900/v1/", "models": ["a"], "tier": "free"}))
    assert (written.id, written.place.url) == ("mine", "http://127.0.0.1:9900/v1")
    assert (written.account, written.trouble) == (None, "")
    assert (written.models, written.tier, written.port) == (("a",), Tier.FREE, 9900)
    assert written.here


def test_a_key_from_the_environment_is_filed_under_its_fingerprint() -> None:
    written = only(
        config(mine={"api_base": "https://api.example.org/v1", "api_key": "env:MINE"}), {"MINE": "secret"}
    )
    assert written.account is not None
    assert (written.account.id, written.account.key) == ("mine-2bb80d53", "secret")
    assert "secret" not in repr(written)
    assert (written.port, written.here) == (443, False)


@pytest.mark.parametrize("bad", [" ", "two\nlines", "k\x07"])
def test_a_variable_that_holds_no_key_hides_no_good_one_and_is_told(bad: str) -> None:
    gemini = unwritten({"GEMINI_API_KEY": bad, "GOOGLE_API_KEY": "good"})["gemini"]
    assert gemini.account is not None
    assert (gemini.account.key, gemini.origin) == ("good", "env:GOOGLE_API_KEY")
    assert gemini.passed_over.startswith("GEMINI_API_KEY is not used: it must be printable ASCII")
    alone = unwritten({"GEMINI_API_KEY": bad})["gemini"]
    assert "env:GEMINI_API_KEY" in alone.trouble
    both = unwritten({"GEMINI_API_KEY": "first", "GOOGLE_API_KEY": "good"})["gemini"]
    assert (both.origin, both.passed_over) == ("env:GEMINI_API_KEY", "")


def test_a_missing_key_is_a_trouble_that_names_variable_and_section() -> None:
    written = only(config(mine={"api_base": "https://api.example.org/v1", "api_key": "env:MINE"}))
    assert not written.usable
    assert "[providers.mine]" in written.trouble
    assert "MINE" in written.trouble


def test_a_cloud_is_reached_at_its_own_address_with_the_key_that_lies_in_the_environment() -> None:
    written = only(config(openrouter={}), {"OPENROUTER_API_KEY": "k"})
    assert written.place.url == "https://openrouter.ai/api/v1"
    assert written.account is not None
    assert (written.account.key, written.account.auth) == ("k", Auth.BEARER)


def test_a_cloud_without_a_key_says_how_to_give_it_one_and_where_one_is_had() -> None:
    written = only(config(groq={}))
    assert written.trouble == (
        "it needs a key: pointsman keys set groq (a key is had at https://console.groq.com/keys)"
    )


def test_a_cloud_whose_list_is_open_can_be_listed_without_a_key() -> None:
    written = only(config(openrouter={}))
    assert (written.trouble, written.account) == ("", None)
    assert written.sign_in.startswith(
        "needs sign-in: pointsman keys set openrouter (a key is had at https://"
    )


def test_a_clouds_usual_variable_makes_it_a_place_without_any_configuration() -> None:
    groq = unwritten({"GROQ_API_KEY": "k"})["groq"]
    assert (groq.found_by, groq.origin, groq.trouble, groq.sign_in) == (
        FoundBy.KEY,
        "env:GROQ_API_KEY",
        "",
        "",
    )
    assert groq.account is not None
    assert groq.account.key == "k"


def test_a_key_that_was_given_makes_a_place_too_and_wins_over_the_environment() -> None:
    groq = unwritten({"GROQ_API_KEY": "ambient"}, groq="given")["groq"]
    assert (groq.account and groq.account.key, groq.origin) == ("given", "credentials")


def test_the_configuration_wins_over_a_key_that_was_given() -> None:
    written = only(config(groq={"api_key": "written"}), {"GROQ_API_KEY": "ambient"}, groq="given")
    assert (written.account and written.account.key, written.origin) == ("written", "configuration")
    assert written.found_by is FoundBy.CONFIG


def test_without_any_key_only_the_open_list_is_there_and_not_where_remote_is_off() -> None:
    (openrouter,) = unwritten().values()
    assert (openrouter.id, openrouter.found_by, openrouter.account) == ("openrouter", FoundBy.OPEN, None)
    assert unwritten(remote=False) == {}
    assert list(unwritten({"GROQ_API_KEY": "k"}, remote=False)) == ["groq"]


def test_a_key_of_the_environment_that_can_not_be_sent_is_told_and_not_shown() -> None:
    groq = unwritten({"GROQ_API_KEY": "sk secret\n"})["groq"]
    assert groq.trouble.startswith("the key of groq can't be had: env:GROQ_API_KEY")
    assert "secret" not in groq.trouble


def test_a_key_that_was_given_never_goes_to_another_address_of_a_cloud() -> None:
    written = only(config(openai={"api_base": "http://127.0.0.1:9000/v1"}), openai="given")
    assert (written.account, written.trouble) == (None, "")


def test_a_key_may_be_given_for_a_place_of_the_users_own() -> None:
    written = only(config(mine={"api_base": "http://127.0.0.1:9000/v1"}), mine="given")
    assert (written.account and written.account.key, written.here) == ("given", True)


def test_a_stand_in_for_a_cloud_is_elsewhere_wherever_it_listens() -> None:
    environ = {"OPENROUTER_BASE_URL": "http://127.0.0.1:9000/api/v1/", "OPENROUTER_API_KEY": "k"}
    openrouter = unwritten(environ)["openrouter"]
    assert (openrouter.place.url, openrouter.here) == ("http://127.0.0.1:9000/api/v1", False)
    assert unwritten({"OPENROUTER_BASE_URL": "no address"})["openrouter"].place.url == (
        "https://openrouter.ai/api/v1"
    )


def test_a_clouds_key_never_goes_to_an_address_of_the_users_own() -> None:
    written = only(config(openai={"api_base": "http://127.0.0.1:9000/v1"}), {"OPENAI_API_KEY": "k"})
    assert (written.account, written.trouble) == (None, "")


def test_a_free_plan_makes_all_models_free_where_there_is_such_a_plan() -> None:
    written = only(config(groq={"plan": "free"}), {"GROQ_API_KEY": "k"})
    assert (written.tier, written.unheeded) == (Tier.FREE, "")
    assert only(config(groq={"plan": "free", "tier": "paid"}), {"GROQ_API_KEY": "k"}).tier is Tier.PAID


def test_a_free_plan_that_nobody_knows_gives_nothing_away_and_says_so() -> None:
    written = only(config(openrouter={"plan": "free"}), {"OPENROUTER_API_KEY": "k"})
    assert written.tier is None
    assert written.unheeded == (
        'plan = "free" does nothing here, as only gemini, groq, mistral, cerebras are known for such plans: '
        "what OpenRouter gives away is free without it"
    )
    mine = only(config(mine={"api_base": "https://api.example.org/v1", "plan": "free"}))
    assert mine.tier is None
    assert mine.unheeded.endswith('if all its models cost nothing, write tier = "free" into [providers.mine]')


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_second_account_of_a_cloud_is_known_by_its_address(slash: str) -> None:
    place = {"api_base": f"https://openrouter.ai/api/v1{slash}", "api_key": "second"}
    written = only(config(or2=place), {"OPENROUTER_API_KEY": "first"})
    assert (written.id, written.row.id, written.cloud) == ("or2", "openrouter", True)
    assert written.account is not None
    assert written.account.key == "second"
    groq = {"api_base": f"https://api.groq.com/openai/v1{slash}", "plan": "free"}
    written = only(config(g2=groq), g2="second")
    assert (written.row.id, written.tier, written.origin) == ("groq", Tier.FREE, "credentials")


def test_a_second_account_is_not_given_the_key_of_the_first() -> None:
    place = {"api_base": "https://api.groq.com/openai/v1"}
    written = only(config(g2=place), {"GROQ_API_KEY": "first"}, groq="first")
    assert (written.account, written.usable) == (None, False)
    assert written.trouble.startswith("it needs a key: pointsman keys set g2 ")


@pytest.mark.parametrize("address", ["https://api.anthropic.com", "https://api.anthropic.com/v1/"])
def test_an_address_says_which_dialect_is_spoken_there_unless_the_user_does(address: str) -> None:
    written = only(config(mine={"api_base": address, "api_key": "k"}))
    assert (written.row.id, written.dialect) == ("anthropic", Dialect.ANTHROPIC)
    assert written.place.url == "https://api.anthropic.com/v1"
    written = only(config(mine={"api_base": address, "api_key": "k", "kind": "openai"}))
    assert (written.row.id, written.dialect) == ("generic", Dialect.OPENAI)


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_clouds_own_address_may_be_written_and_changes_nothing(slash: str) -> None:
    environ = {"OPENROUTER_API_KEY": "k"}
    spelled = only(config(openrouter={"api_base": f"https://openrouter.ai/api/v1{slash}"}), environ)
    assert spelled == only(config(openrouter={}), environ)
    assert spelled.origin == "env:OPENROUTER_API_KEY"


def test_an_engine_without_an_address_is_where_it_usually_is() -> None:
    written = only(config(llama_server={"api_key": "k"}))
    assert written.place.url == "http://127.0.0.1:8080/v1"
    assert written.account is not None


def test_a_dialect_that_is_not_spoken_yet_is_told() -> None:
    written = only(config(mine={"api_base": "https://api.example.org/v1", "kind": "gemini"}))
    assert not written.usable
    assert "does not speak the gemini dialect yet" in written.trouble


def test_anthropics_cloud_gets_its_key_where_it_wants_it() -> None:
    written = only(config(anthropic={}), {"ANTHROPIC_API_KEY": "k"})
    assert (written.place.url, written.dialect) == ("https://api.anthropic.com/v1", Dialect.ANTHROPIC)
    assert written.account is not None
    assert (written.account.key, written.account.auth, written.usable) == ("k", Auth.X_API_KEY, True)


@pytest.mark.parametrize("path", ["", "/v1", "/v1/"])
def test_a_server_of_anthropics_dialect_is_found_with_or_without_its_version(path: str) -> None:
    place = {"api_base": f"https://api.example.org/anthropic{path}", "kind": "anthropic", "api_key": "k"}
    written = only(config(mine=place))
    assert (written.place.url, written.trouble) == ("https://api.example.org/anthropic/v1", "")
    assert (written.account and written.account.auth, written.tier) == (Auth.X_API_KEY, None)


def test_a_row_brings_its_dialect_and_the_user_may_say_otherwise() -> None:
    assert only(config(ollama={})).dialect is Dialect.OLLAMA
    mine = config(ollama={"api_base": "http://127.0.0.1:11434/v1", "kind": "openai"})
    assert only(mine).usable


@pytest.mark.parametrize("path", ["", "/v1", "/api"])
def test_an_ollama_is_reached_at_its_openai_api_whichever_is_written(path: str) -> None:
    written = only(config(mine={"api_base": f"http://nas:11434{path}", "kind": "ollama"}))
    assert (written.place.url, written.row.id) == ("http://nas:11434/v1", "ollama")
    assert (written.dialect, written.trouble, written.tier) == (Dialect.OLLAMA, "", None)


def test_an_ollama_on_a_unix_socket_is_there() -> None:
    written = only(config(ollama={"api_base": "unix:/run/ollama.sock"}))
    assert (written.place.url, written.place.socket) == ("http://localhost/v1", "/run/ollama.sock")


def test_a_section_without_any_address_is_named() -> None:
    written = config(nowhere={"tier": "paid"})
    assert [one.id for one in read_places(written, NO_ENVIRONMENT)] == ["openrouter"]
    (words,) = without_place(written)
    assert "[providers.nowhere]" in words
    assert "api_base" in words


def test_prices_and_grades_are_read_in_nano_dollars_and_grades() -> None:
    overrides = read_overrides(
        Config.model_validate(
            {"prices": {"mine/big": {"input": 3.0, "output": 15.0}}, "grades": {"mine/big": "reasoning"}}
        )
    )
    assert overrides.prices["mine/big"] == Price(3_000_000_000, 15_000_000_000)
    assert overrides.grades["mine/big"] is Grade.REASONING
