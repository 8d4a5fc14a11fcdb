"""How a function becomes a verb: its docstring is the sentence the student reads, its keyword arguments are the case."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from autograder.model import Check
from autograder.surroundings import demand_sentences

Verb = Callable[..., Check]
# cases that would only lengthen a check's name
SILENT = frozenset({"via", "forward", "backward", "given", "wanted", "names", "shapes", "what", "function", "gamma", "memory"})
_SENTENCES: dict[str, str] = {}


def verb(
    chances: int = 0,
    with_reference: bool = False,
    sees: Callable[..., str] | None = None,
) -> Callable[[Callable[..., None]], Verb]:
    """Turn `def keeps_shape(exam, *, shape=(4, 5))` into a maker of checks: `keeps_shape(shape=(7,), weight=2, needs="...")`.

    `chances` is the number of chance tests one run makes, each at chance.ALPHA; `sees(**case)` says the smallest error they show. A
    verb that compares with the solution takes `(exam, reference, ...)` and says `with_reference=True`; such a check can only stand in
    a key.
    """
    demand_sentences()

    def decorate(judge: Callable[..., None]) -> Verb:
        name = judge.__name__
        _SENTENCES[name] = (judge.__doc__ or "").strip().splitlines()[0]
        defaults = {k: p.default for k, p in inspect.signature(judge).parameters.items() if p.kind is p.KEYWORD_ONLY}

        @functools.wraps(judge)
        def make(*, weight: float = 1.0, needs: str | tuple[str, ...] = (), seconds: float | None = None, **case: Any) -> Check:
            unknown = set(case) - set(defaults)
            if unknown:
                raise TypeError(f"{name} takes {sorted(defaults)}, not {sorted(unknown)}")
            full = {**defaults, **case}
            wanted = (needs,) if isinstance(needs, str) else tuple(needs)
            bound = functools.partial(judge, **full)
            telling = ", ".join(f"{k}={v}" for k, v in case.items() if k not in SILENT)
            title = f"{name}({telling})" if telling else name
            return Check(name, title, _sentence(name, full), bound, wanted, weight, chances, False, seconds, with_reference, full, sees)

        return make

    return decorate


def hide(check: Check) -> Check:
    """The same check as a hidden one: its sentence names p and p_in, not their values."""
    case = {k: k if k in ("p", "p_in") else v for k, v in check.case.items()}
    return replace(check, hidden=True, sentence=_sentence(check.verb, case))


def _sentence(name: str, case: Mapping[str, Any]) -> str:
    return _SENTENCES[name].format(**case)
