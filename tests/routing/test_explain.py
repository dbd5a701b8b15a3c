from dataclasses import replace
from typing import Any

from pointsman.calls import Outlook, Wanted
from pointsman.modes import Privacy
from pointsman.routing.explain import nobody_left
from pointsman.routing.policy import decide
from pointsman.types import Snapshot, Tier
from tests.routing.house import endpoint, model, snapshot, task

LOOKED_FOR = ("llama-server on 127.0.0.1:8080 and 9931", "Ollama on 127.0.0.1:11434")


def told(known: Snapshot, wanted: Wanted, looked_for: tuple[str, ...] = LOOKED_FOR, **facts: Any) -> str:
    decision = decide("d", wanted, task(**facts), known, Outlook())
    assert not decision.candidates
    return nobody_left(decision, looked_for, "/home/me/config.toml")


AUTO = Wanted("auto", chosen=True)


def test_where_nothing_was_found_it_says_what_was_looked_for_and_what_to_do() -> None:
    words = told(Snapshot(), AUTO)
    assert words.startswith(
        "no model was found. Looked for: llama-server on 127.0.0.1:8080 and 9931; Ollama on"
    )
    assert "llama-server -m model.gguf" in words
    assert "[providers] in /home/me/config.toml" in words


def test_where_nobody_looked_it_says_so() -> None:
    assert "nowhere, as discovery is switched off" in told(Snapshot(), AUTO, looked_for=())


def test_every_rule_that_left_somebody_out_is_told_with_its_models() -> None:
    known = snapshot(model("a/b", tier=None), model("p/q", tier=Tier.PAID), model("r/s", tier=Tier.PAID))
    words = told(known, AUTO)
    assert words.startswith("no model may answer 'auto'. a/b: nobody has said whether it runs here")
    assert "p/q, r/s: no budget set, and it costs money: `pointsman budget set day 1.00` lets it" in words


def test_of_many_models_three_are_named_and_the_others_counted() -> None:
    known = snapshot(*(model(f"p/{number}", tier=Tier.PAID) for number in range(5)))
    assert "p/0, p/1, p/2 and 2 more: no budget set, and it costs money" in told(known, AUTO)


def test_of_a_named_model_only_its_own_reason_is_told() -> None:
    known = snapshot(model("p/q", tier=Tier.PAID), model("local/tiny"))
    words = told(known, Wanted("p/q", chosen=False, models=("p/q",)))
    assert words.startswith("no model may answer 'p/q'. p/q: no budget set, and it costs money")
    assert "`pointsman budget none` as much as it does. Start a" in words
    assert words.endswith("see in `pointsman status` what to mend")


def test_a_named_model_that_is_private_is_refused_for_that() -> None:
    known = snapshot(model("f/g", tier=Tier.FREE))
    words = told(known, Wanted("f/g", chosen=False, models=("f/g",)), privacy=Privacy.LOCAL)
    assert "f/g: the request, or its program, is marked local" in words


def test_names_in_the_users_lists_that_nobody_serves_are_told() -> None:
    wanted = Wanted("main", chosen=False, models=(), via="main", missing=("anthropic/claude",))
    words = told(snapshot(model("local/tiny")), wanted)
    assert "'main'. anthropic/claude: nothing that is known now serves it. Start a local engine" in words


def test_of_a_missing_name_it_is_told_what_is_wrong_with_its_place() -> None:
    wanted = Wanted("main", chosen=False, models=(), via="main", missing=("anthropic/claude", "b/c"))
    place = replace(model("anthropic/x").endpoint, note="its dialect is not spoken yet")
    decision = decide("d", wanted, task(), snapshot(model("local/tiny")), Outlook())
    words = nobody_left(decision, LOOKED_FOR, "/config.toml", [place])
    assert "anthropic/claude: its dialect is not spoken yet; b/c: nothing that is known" in words


def test_a_place_that_nothing_is_known_of_is_told_with_what_is_wrong_there() -> None:
    known = Snapshot(endpoints=(endpoint("openrouter", note="OPENROUTER_API_KEY ends with a blank"),))
    words = nobody_left(decide("d", AUTO, task(), known, Outlook()), LOOKED_FOR, "c.toml", known.endpoints)
    assert "no model was found. openrouter: OPENROUTER_API_KEY ends with a blank. Looked for" in words
    assert "pointsman keys set openrouter" in words
