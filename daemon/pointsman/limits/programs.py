"""Which programs are told apart: a client may call itself anything, and what a name spent stays for ever."""

from collections.abc import Callable, Container

from pointsman.limits.budget import Budgets

MOST = 500  # names on one day: each takes up rows of the lasting sums
OTHERS = "(others)"


class Programs:
    """Those that have a budget, or rules, of their own are told apart however many there are."""

    def __init__(self, budgets: Budgets, have_rules: Callable[[], Container[str]] = tuple) -> None:
        self._budgets = budgets
        self._have_rules = have_rules
        self._day = 0
        self._names: set[str] = set()

    def name(self, said: str) -> str:
        """By which its requests are counted."""
        day = self._budgets.today()
        if day != self._day:
            self._day, self._names = day, set()
        if said in self._names or not said:
            return said
        if len(self._names) < MOST:
            self._names.add(said)
            return said
        return said if said in self._have_rules() or self._has_budget(said) else OTHERS

    def _has_budget(self, name: str) -> bool:
        scopes = (stand.budget.scope for stand in self._budgets.stands())
        return any(scope.kind == "app" and scope.name == name for scope in scopes)
