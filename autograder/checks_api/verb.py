"""How a function becomes a verb: its docstring is the student's sentence, its keywords the case."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from autograder.model import Check, Part
from autograder.surroundings import demand_sentences

Verb = Callable[..., Check]
Need = str | Check | Part
# cases that would only lengthen a check's name
SILENT = frozenset({"via", "forward", "backward", "given", "wanted", "names", "shapes", "what",
                    "function", "gamma", "memory", "model"})


def verb(chances: int = 0, with_reference: bool = False,
         sees: Callable[..., str] | None = None) -> Callable[[Callable[..., None]], Verb]:
    """Make `def keeps_shape(exam, *, shape=(4, 5))` a maker: `keeps_shape(shape=(7,), needs=SOME)`.

    `chances` is the number of chance tests one run makes, each at chance.ALPHA; `sees(**case)` says
    the smallest error they show. A verb that compares with the solution takes `(exam, reference,
    ...)` and says `with_reference=True`; such a check can only stand in a key.
    """
    demand_sentences()

    def decorate(judge: Callable[..., None]) -> Verb:
        name = judge.__name__
        template = " ".join((judge.__doc__ or "").partition("\n\n")[0].split())
        cases = {k: p for k, p in inspect.signature(judge).parameters.items()
                 if p.kind is p.KEYWORD_ONLY}

        @functools.wraps(judge)
        def make(*, needs: Need | Iterable[Need] = (), seconds: float | None = None,
                 **case: Any) -> Check:
            full = _full(name, cases, case)
            telling = ", ".join(f"{k}={v}" for k, v in case.items() if k not in SILENT)
            return Check(name, f"{name}({telling})" if telling else name, template.format(**full),
                         functools.partial(judge, **full), named(needs), chances, seconds=seconds,
                         with_reference=with_reference, case=full, sees=sees, template=template)

        _show_cases(make, cases)
        return make

    return decorate


def _full(name: str, cases: Mapping[str, inspect.Parameter],
          case: Mapping[str, Any]) -> dict[str, Any]:
    """The whole case; TypeError for what the verb does not know, or when something is lacking."""
    if unknown := set(case) - set(cases):
        raise TypeError(f"{name} takes {sorted(cases)}, not {sorted(unknown)}")
    if lacking := [k for k, p in cases.items() if p.default is p.empty and k not in case]:
        raise TypeError(f"{name} needs {' and '.join(f'{k}=' for k in lacking)}")
    return {**{k: p.default for k, p in cases.items()}, **case}


def _show_cases(make: Verb, cases: Mapping[str, inspect.Parameter]) -> None:
    """Let `pydoc` and `inspect` show what an author can write."""
    own = inspect.signature(make, follow_wrapped=False).parameters
    shown = [*cases.values(),
             *(own[k].replace(annotation=own[k].empty) for k in ("needs", "seconds"))]
    make.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]


def named(needs: Need | Iterable[Need]) -> tuple[str, ...]:
    """Needs by their names: of a check, a verb or a part."""
    listed = (needs,) if isinstance(needs, (str, Check, Part)) else needs
    return tuple(need if isinstance(need, str) else need.name for need in listed)


def renamed(check: Check, of: str) -> Check:
    """The same check under another verb, which says of which function, layer or mask it is."""
    name = f"{check.verb} of {of}"
    return replace(check, verb=name, name=check.name.replace(check.verb, name, 1),
                   sentence=f"{check.sentence} ({of})",
                   template=check.template and f"{check.template} ({of})")


def hide(check: Check) -> Check:
    """The same check as a hidden one: its sentence names p and p_in, not their values."""
    template = (check.template.replace("when p = {p}", "for another bad p")
                .replace("p = {p}", "another p") or check.sentence)
    case = {k: k if k in ("p", "p_in") else v for k, v in check.case.items()}
    return replace(check, hidden=True, sentence=template.format(**case))
