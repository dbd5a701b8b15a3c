"""What a request is about, by its words: which of them speak for which kind, and how loudly.

What is asked for weighs most (`write ... poem`), then how it is asked (`^ analyze`), then what is merely
spoken of (`python`). 9 ends the matter, 5 says it by itself, 3 says it unless something speaks against it,
1 is a hint. `routing.signs` says how a sign is written.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from pointsman.routing.signs import Found, Sign, Signs, named
from pointsman.routing.turn import NUMBER, Turn
from pointsman.types import TaskKind

LEAST = 1.5  # what a kind must come to; below it nothing is known, and the request is general
SHORT = 160  # characters of a general request, up to which it is a fast one

_MAKE = (
    "write|writing|create|creating|make|making|build|building|develop|implement|generate|give|design|draft"
)
_WRITE = "write|writing|create|compose|draft|craft|generate|make|tell|produce|pen|prepare|give"
_JUDGE = (
    "analyze|analyse|evaluate|assess|critique|compare|contrast|examine|investigate|discuss|interpret|review"
)
_REWORD = "rewrite|rephrase|reword|paraphrase|proofread|translate|transliterate"
_TEXT = "text|passage|article|paragraph|document|context|sentence|email|review|transcript|report|table|data"
_SUM_UP = "summarize|summarise|summarizing|summarising|tldr|recap"
_THIS = "the|this|these|following|above|below|given|provided"

KINDS = MappingProxyType(
    {
        TaskKind.CODE: (
            # Programs and their parts, when somebody is to make or mend them.
            Sign(f"{_MAKE} ... script|function|program|algorithm|regex|regexp|subroutine|macro", 5),
            Sign(
                f"{_MAKE} ... class|method|module|library|package|component|parser|api|endpoint|query|code", 4
            ),
            Sign(f"{_MAKE} ... app|application|website|webpage|bot|cli|server|plugin|extension|database", 3),
            Sign("^ implement|refactor|debug|compile|deploy", 3.5),
            Sign("fix|optimize|optimise|port|run|add ... code|function|bug|error|test|build|query|script", 4),
            Sign("implement|refactor|debug|debugging, unit|integration|regression test", 2),
            # Languages and tools whose names are seldom anything else.
            Sign(
                "python|python3|javascript|typescript|c++|c#|golang|kotlin|php|perl|bash|powershell|sql", 2.5
            ),
            Sign(
                "html|css|matlab|haskell|vba|pandas|numpy|pytorch|tensorflow|django|flask|nodejs|mysql", 2.5
            ),
            Sign("java|ruby|rust|scala|react|docker|kubernetes|git|linux|regex|json|xml|yaml", 1.5),
            # Talk of programs.
            Sign("code|codebase|repository|repo|compiler|backend|frontend, source code, pull request", 1.5),
            Sign("bug|exception|traceback|segfault|stacktrace, stack trace, null pointer, syntax error", 2),
            Sign("data structure, binary search|tree, linked list, hash map|table, regular expression", 2),
            Sign("function|array|string|integer|variable|algorithm|recursion|loop|parameter", 1),
            Sign("return ... list|array|string|integer|true|false|none|value", 1),
        ),
        TaskKind.REASONING: (
            Sign("prove|proof|disprove|theorem|lemma", 3.5),
            Sign("^ solve|calculate|compute|derive|factor|integrate|differentiate|deduce", 3.5),
            Sign("solve|calculate|compute ... equation|problem|integral|value|probability|puzzle", 2),
            Sign("^ find|determine ... value|area|volume|perimeter|length|angle|root|remainder", 3),
            Sign("what is the ... value|area|volume|perimeter|length|angle|root|remainder|probability", 2.5),
            Sign(
                "find|determine|what|calculate ... probability|distance|speed|derivative|slope|sum|product", 2
            ),
            Sign("how many|much", 1.5),
            Sign("plan|design|architect|propose ... architecture|system|infrastructure|roadmap|migration", 3),
            Sign("step by step, reasoning|logically, chain of thought", 2),
            Sign(
                "equation|integral|polynomial|matrix|triangle|hypotenuse|derivative|integer|prime|modulo", 1.5
            ),
            Sign("riddle|puzzle|paradox|sudoku|logic, brain teaser", 2.5),
            Sign("premise|hypothesis|entail|contradict|contradiction|syllogism|fallacy|infer|deduce", 2.5),
            Sign("which of the following, which of these, true or false", 2.5),
            Sign("next ... number|term|letter|sequence|series", 2),
            Sign("percent|percentage|average|total|twice|half|each, per hour|day|week", 0.75),
            Sign("0 mph|km|kg|cm|meter|metre|mile|dollar|degree|minute|hour|liter|litre|percent", 1),
            Sign("^ if ... how|what|then|who", 1.5),
        ),
        TaskKind.ANALYSIS: (
            Sign(f"^ {_JUDGE}", 3.5),
            Sign(_JUDGE, 1.5),
            Sign("analysis|evaluation|assessment|comparison|critique", 2),
            Sign("pros and cons, strength and weakness, advantage|benefit and disadvantage|drawback", 3.5),
            Sign("swot|feasibility|tradeoff, root cause, cost benefit, trade off", 3),
            Sign("implication|impact|consequence|ramification|effect of|on|for", 2),
            Sign("how|why|do|does|has|have|can|might|did ... influence|affect|impact|shape|contribute", 2.5),
            Sign("^ what if", 3.5),
            Sign("^ rate|score|grade|judge|rank ... answer|response|essay|candidate|option|quality", 3.5),
            Sign("which|who ... better|best ... why|explain|reason", 2.5),
            Sign("feedback on, argument|case for|against", 2.5),
            Sign("trend|insight|interpretation|perspective, difference|similarity between, in depth", 1),
        ),
        TaskKind.CREATIVE: (
            Sign(f"{_WRITE} ... poem|haiku|sonnet|limerick|song|lyrics|rap|story|novel|fable|tale|verse", 5),
            Sign(
                f"{_WRITE} ... scene|dialogue|dialog|monologue|screenplay|character|plot|fanfiction|joke", 5
            ),
            Sign(f"{_WRITE} ... essay|article|blog|post|letter|email|mail|speech|toast|review|chapter", 4.5),
            Sign(
                f"{_WRITE} ... ad|advert|advertisement|slogan|tagline|headline|caption|tweet|copy|pitch", 4.5
            ),
            Sign(f"{_WRITE} ... bio|biography|resume|cv|proposal|newsletter|announcement|invitation", 4.5),
            Sign(
                f"{_WRITE} ... description|message|note|introduction|paragraph|statement, press release", 3.5
            ),
            Sign("script ... video|youtube|podcast|film|movie|play|episode|commercial|tv|show", 6),
            Sign("video|youtube|podcast|film|movie|tv|commercial script", 6),
            Sign("^ write|writing|compose|draft|craft|pen", 2),
            Sign("come up with, brainstorm|invent", 3),
            Sign("suggest|generate|give|need ... name|idea|title|slogan|theme|nickname", 3),
            Sign("^ imagine|pretend|roleplay", 4),
            Sign("role play, roleplay|pretend, in character", 3),
            Sign("^ as a ... describe|tell|explain|introduce|declare|how", 3),
            Sign("^ you are|were ... describe|tell|declare|introduce", 2),
            Sign("^ if you were", 3),
            Sign("in the style|voice of", 3),
            Sign("poem|haiku|sonnet|limerick|lyrics|screenplay|slogan|tagline, short story, fan fiction", 2),
            Sign(
                "cover|love|resignation letter, blog post, press release, sales pitch, product description", 2
            ),
            Sign("marketing|advertising|instagram|tiktok|seo|catchy|persuasive|captivating|humorous", 1),
        ),
        TaskKind.SUMMARIZE: (
            Sign(f"^ {_SUM_UP}|condense|shorten|abridge", 5),
            Sign(f"{_SUM_UP}|summary|synopsis, tl dr", 3),
            Sign(f"{_WRITE}|provide ... summary|synopsis|abstract", 4),
            Sign("key|main point|takeaway|idea|argument|message", 2),
            Sign("in a nutshell, the gist", 3),
        ),
        TaskKind.EXTRACT: (
            Sign(
                "^ extract|classify|categorize|categorise|identify|label|tag|detect|annotate|parse|locate",
                4.5,
            ),
            Sign("extract|extracting|classify|categorize", 2.5),
            Sign(f"^ list|find|pick|pull|get|name|count|highlight ... {_THIS} {_TEXT}", 3.5),
            Sign("named entity, entity recognition", 3),
            Sign("keyword|entity|date|name|fact|information from|mentioned", 2.5),
            Sign("sentiment|topic|category|intent|genre|emotion|tone|polarity of|is", 2.5),
            Sign("positive|negative|neutral or negative|positive|neutral", 3),
            Sign(f"according to|based|using|from|in {_THIS} {_TEXT}, based on {_THIS} {_TEXT}", 2.5),
            Sign(f"from|in {_THIS} {_THIS} {_TEXT}, on {_THIS} {_THIS} {_TEXT}, {_TEXT} below|above", 2),
        ),
        TaskKind.TRANSFORM: (
            Sign(f"^ {_REWORD}|convert|reformat|edit|polish|transcribe|correct|improve|simplify|expand", 4.5),
            Sign(_REWORD, 3),
            Sign("convert|turn|change|transform|reformat|translate ... to|into|from", 3),
            Sign("translation|grammar|grammatical|grammatically|spelling|punctuation|typo", 2),
            Sign(f"fix|correct|check|improve|polish|edit ... grammar|writing|spelling|{_TEXT}", 3.5),
            Sign("make ... sound|more|less|shorter|longer|clearer|concise|formal|professional|polite", 3),
            Sign("in other|different|simpler words, in your own words", 3),
            Sign("in|into|to english|french|german|spanish|chinese|japanese|italian|latin|russian|korean", 2),
            Sign("^ sort|reorder|replace|remove ... list|word|sentence|paragraph|line|letter", 3),
        ),
        TaskKind.RESEARCH: (
            Sign("^ research|search|google|browse", 4),
            Sign("do|some|deep|market|more research, literature review, state of the art", 3.5),
            Sign("search the|for web|internet|online|sources, look up|online", 3.5),
            Sign("latest|recent|current|today's ... news|price|weather|study|research|paper|version", 3),
            Sign("find|cite|provide|give|with ... source|paper|study|reference|citation", 3),
            Sign("up to date, as of today", 2),
        ),
        TaskKind.BACKGROUND: (
            # Only what is to be done so, and not what is told of: programs, too, run in the background, have
            # jobs there, and send heartbeats, and pictures have one. Whoever starts one is waited for.
            Sign(f"^ {_SUM_UP}|index|sync ... in the background", 9),
            Sign("^ do|process this|it|that|these ... in the background", 9),
            Sign("this is a background task|heartbeat, heartbeat md|ok", 6),
            Sign("^ heartbeat|keepalive|healthcheck", 3),
            # What chat programs and agents ask for beside the conversation itself.
            Sign("title|tag|emoji for|of this|our conversation|chat|session|thread", 6),
            Sign("title|tag|emoji ... the|this|our|following|above conversation", 5),
            Sign("title|tag|emoji ... chat history", 5),
            Sign(f"summary|compact|{_SUM_UP} ... conversation|session|history|chat", 4.5),
            Sign("conversation|chat|session so|history far|history, conversation|chat history", 2),
            Sign("suggest|generate ... follow up question", 5),
            Sign("whenever you are|have time|idle", 3),
        ),
        TaskKind.GENERAL: (
            Sign("^ what|who|when|where|which|whose", 2),
            Sign("^ how do|can|should|to|is|are", 2),
            Sign("^ why|is|are|do|does|should|did|was", 1.5),
            Sign("^ explain|describe|define|elaborate|teach|clarify", 2.5),
            Sign("^ tell me about|what|how|more|why", 2.5),
            Sign("^ recommend|suggest|list|name|advise|provide|give", 1.5),
            Sign("advice|tips|recommendation|suggestion, best way, meaning of, mean by", 1.5),
            Sign("what do you think, your opinion, favorite|favourite", 2),
        ),
    }
)

# What is written in programs and hardly anywhere else, in small letters.
_CODE = (
    "def ",
    "import ",
    "#include",
    "class ",
    "console.log",
    "select * ",
    "</",
    "=> {",
    "();",
    "print(",
    "):",
)
_SUM = re.compile(r"[0-9x)] ?[-+*/^=<>] ?[0-9x(]")

_SIGNS = Signs(KINDS)
_LOUDEST = 30  # more than all built-in signs of one request come to


def own_signs(table: Mapping[TaskKind, Sequence[str]]) -> Signs[TaskKind] | None:
    """Those of the user's own, louder than all that is built in."""
    signs = {kind: [Sign(one, _LOUDEST) for one in written] for kind, written in table.items()}
    return Signs(signs) if signs else None


def kind_of(turn: Turn, own: Signs[TaskKind] | None = None) -> tuple[TaskKind, str]:
    """The kind that most speaks for, and by what; of equals the one that the table has first."""
    seen = _SIGNS.seen(turn.words)
    for kind, found in (*_shape(turn), *_own(turn, own)):
        seen.setdefault(kind, []).append(found)
    kind = max((*KINDS, *seen), key=lambda one: sum(found.weight for found in seen.get(one, ())))
    if sum(found.weight for found in seen.get(kind, ())) < LEAST:
        return TaskKind.GENERAL, "no sign of another"
    return kind, named(seen[kind])


def _own(turn: Turn, own: Signs[TaskKind] | None) -> Iterator[tuple[TaskKind, Found]]:
    seen = own.seen(turn.words) if own else {}
    yield from ((kind, found) for kind, signs in seen.items() for found in signs)


def _shape(turn: Turn) -> Iterator[tuple[TaskKind, Found]]:
    if turn.fenced:
        yield TaskKind.CODE, Found("a code fence", 2)
    if traces := sum(trace in turn.text for trace in _CODE):
        yield TaskKind.CODE, Found("code", min(4, 1.5 * traces))
    if _SUM.search(turn.text):
        yield TaskKind.REASONING, Found("arithmetic", 1.5)
    if turn.words.count(NUMBER) > 2:
        yield TaskKind.REASONING, Found("numbers", 1)
