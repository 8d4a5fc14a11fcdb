"""Verbs and facts about functions in closed form: a case done by hand, the definition worked out mask by mask, the solution on real sizes.

Nothing here is left to chance. Where the definition itself is the judge, all 2^n masks of a small input are listed, so n stays small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, an, array, number
from autograder.checks.behaviour import compare, demand_value_error, ending, item
from autograder.checks.facts import fact
from autograder.checks.inputs import Array, normal
from autograder.checks.verb import verb
from autograder.model import Call, CourseError, Given

IT = "it"  # how a sentence speaks of a result that has only one part
STILL = 1e-4  # a slope, beside that at w = 0: who walks down step by step may stop somewhat early
NEAR = 1e-5  # relative: 1e-6 added to a divisor is no wrong formula ...
EXACT = 1e-10  # ... but the digits see it; enough for sums of up to 2^12 terms in any order
ROUGH = 0.05  # relative: as near as drawing masks at random comes


# ------------------------------------------------------------------------------------------------------- arguments that a list names
@dataclass(frozen=True)
class Normals:
    """Standard normal numbers of this shape, each multiplied by `times` (a number, or one for each column)."""

    shape: tuple[int, ...]
    times: float | tuple[float, ...] = 1.0


def normals(*shape: int, times: float | tuple[float, ...] = 1.0) -> Normals:
    """In a list: normal numbers, larger or smaller than usual, or in columns of different size."""
    return Normals(shape, times)


def ones(*shape: int) -> Given:
    """In a list: an array of ones."""
    return Given(f"np.ones({shape})", np.ones(shape))


def powers(rows: int, columns: int) -> Given:
    """In a list: the powers of a variable between 1/2 and 3/2 as columns, which are nearly dependent."""
    return Given(f"np.vander(np.linspace(0.5, 1.5, {rows}), {columns})", np.vander(np.linspace(0.5, 1.5, rows), columns))


def argument(spec: Any, seed: int) -> Any:
    """A tuple of whole numbers stands for a normal array of that shape, a list for an array, anything else for itself."""
    if isinstance(spec, Normals):
        plain = normal(spec.shape, seed)
        times = spec.times if isinstance(spec.times, float) else np.array(spec.times)
        return Given(f"{times!r} * {plain.text}".replace("array(", "np.array("), times * np.asarray(plain.value))
    if isinstance(spec, tuple):
        return normal(spec, seed)
    return Given(f"np.array({spec})", np.array(spec)) if isinstance(spec, list) else spec


def question(exam: Exam, given: tuple[Any, ...], returns: tuple[str, ...] = (), watch: bool = False) -> Call:
    """The call of the exercise's function with these arguments."""
    return Call(exam.function, tuple(argument(a, exam.seed(k)) for k, a in enumerate(given)), returns=returns, watch=watch)


# ---------------------------------------------------------------------------------------------------------------- values, by any case
@verb()
def is_right(
    exam: Exam,
    *,
    case: str,
    given: tuple[Any, ...],
    wanted: Any,
    names: tuple[str, ...] = ("result",),
    name: str = IT,
    tolerance: float = NEAR,
) -> None:
    """gets {name} right for {case}"""
    _value_is(exam, given, wanted, names, name, tolerance)


def _value_is(
    exam: Exam, given: tuple[Any, ...], wanted: Any, names: tuple[str, ...], name: str, tolerance: float
) -> None:
    called = names[0] if name == IT else name
    (value,) = exam.ask(question(exam, given, names))
    expected = np.array(wanted)
    compare(array(item(value, names, called), called, expected.shape), expected, called, tolerance)


@verb(with_reference=True)
def is_right_like_the_solution(
    exam: Exam,
    reference: Exam,
    *,
    case: str,
    given: tuple[Any, ...],
    names: tuple[str, ...] = ("result",),
    name: str = IT,
    tolerance: float = NEAR,
) -> None:
    """gets {name} right for {case}"""
    called = names[0] if name == IT else name
    call = question(exam, given, names)
    (value,), (right,) = exam.ask(call), reference.ask(call)
    expected = np.asarray(item(right, names, called))
    compare(array(item(value, names, called), called, expected.shape), expected, called, tolerance)


@verb()
def is_right_to_ten_digits(
    exam: Exam, *, case: str, given: tuple[Any, ...], wanted: Any, names: tuple[str, ...] = ("result",), name: str = IT
) -> None:
    """gets {name} right to ten digits for {case}"""
    _value_is(exam, given, wanted, names, name, EXACT)


@verb()
def gives_in_proportion(
    exam: Exam, *, case: str, given: tuple[Any, ...], to: tuple[Any, ...], wanted: Any, names: tuple[str, ...] = ("result",)
) -> None:
    """gives {case}"""
    # `wanted` is the result for `given` over that for `to`: what both are multiplied by is another sentence's business
    expected, (called,) = np.array(wanted), names
    found = exam.ask(question(exam, given, names), question(exam, to, names))
    one, other = (array(value, called, expected.shape).astype(float) for value in found)
    if not np.all(np.isfinite(other) & (other != 0)):
        raise Wrong(f"the second {called} is {number(other[~np.isfinite(other) | (other == 0)].flat[0])}", "a number other than 0")
    compare(one / other, expected, f"the first {called} / the second", NEAR)


@verb()
def raises_value_error(exam: Exam, *, case: str, given: tuple[Any, ...]) -> None:
    """raises ValueError for {case}"""
    call = question(exam, given)
    (answer,) = exam.answers(call)
    demand_value_error(call, answer)


@verb()
def leaves_its_arguments_alone(exam: Exam, *, given: tuple[Any, ...], names: tuple[str, ...]) -> None:
    """does not modify the arrays it is given"""
    call = question(exam, given, watch=True)
    changed = _changed(exam, call)
    if changed:
        raise Wrong(f"{names[changed[0]]} was changed by the call", f"{names[changed[0]]} as it was")


@verb()
def keeps_single_precision(exam: Exam, *, given: tuple[Any, ...], names: tuple[str, ...]) -> None:
    """gives float32 for float32"""
    asked = question(exam, given, names)
    single = tuple(_single(a) for a in asked.args)
    (value,) = exam.ask(Call(asked.function, single, returns=names))
    for name in names:
        found = array(item(value, names, name), name)
        if found.dtype != np.float32:
            raise Wrong(f"{name}.dtype = {found.dtype.name}", "float32")


def _single(given: Any) -> Any:
    if isinstance(given, Given) and isinstance(given.value, np.ndarray):
        return Given(f"({given.text}).astype(np.float32)", given.value.astype(np.float32))
    return given


def _changed(exam: Exam, call: Call) -> list[int]:
    """Places of the array arguments that are no longer as they were given."""
    (answer,) = exam.returned(call)
    after = answer.facts.arguments if answer.facts else ()
    pairs = enumerate(zip(call.args, after, strict=False))
    return [k for k, (before, now) in pairs if isinstance(before, Given) and not np.array_equal(before.value, now)]


# --------------------------------------------------------------------------------------------------------------------- lists of masks
@verb()
def lists_every_mask_once(exam: Exam, *, n: int) -> None:
    """lists each of the 2^{n} masks of {n} units once, one per row"""
    rows = _listed(exam, n)
    codes, counts = np.unique(rows @ 2 ** np.arange(n), return_counts=True)
    if len(codes) < 2**n:
        twice = (codes[counts.argmax()] >> np.arange(n)) & 1
        raise Wrong(f"{len(codes)} different masks, and {_told(twice)} stands there {counts.max()} times", f"{2**n} different masks")


def _listed(exam: Exam, n: int) -> Array:
    """What the function lists for n units, as zeros and ones of shape (2^n, n)."""
    (value,) = exam.ask(Call(exam.function, (n,), returns=("masks",)))
    masks = array(value, "masks", (2**n, n))
    odd = masks[(masks != 0) & (masks != 1)]
    if odd.size:
        raise Wrong(f"masks holds {number(odd[0])}", "True and False only")
    return masks.astype(np.int64)


def _told(mask: Array) -> str:
    shown = ", ".join("kept" if m else "dropped" for m in mask[:6])
    return f"({shown}{', ...' if len(mask) > 6 else ''})"


@verb()
def lists_booleans(exam: Exam, *, n: int) -> None:
    """returns a boolean array, True = kept"""
    (value,) = exam.ask(Call(exam.function, (n,), returns=("masks",)))
    if not isinstance(value, np.ndarray) or value.ndim != 2:
        raise Wrong(f"the function returned {an(value)}", "a boolean array, one mask per row")
    if value.dtype != bool:
        raise Wrong(f"masks.dtype = {value.dtype.name}", "bool")


# ------------------------------------------------------------------------------------- linear regression, the definition as the judge
@dataclass(frozen=True)
class Regression:
    """sum((y - (X * M / (1 - p)) w)^2), and its average over the masks M of all entries of a small X."""

    X: Array
    y: Array
    p: float

    def average(self, w: Array) -> float:
        """The average over all 2^(N D) masks, one by one."""
        n = self.X.size
        masks = (np.arange(2**n)[:, None] >> np.arange(n)) & 1  # (2^n, n)
        kept = masks.sum(axis=1)
        chances = (1 - self.p) ** kept * self.p ** (n - kept)  # (2^n,)
        inputs = masks.reshape(-1, *self.X.shape) * self.X / (1 - self.p)  # (2^n, N, D)
        return float(chances @ ((self.y - inputs @ w) ** 2).sum(axis=1))

    def slopes(self, w: Array) -> Array:
        """The derivative by each weight: a central difference, which for a quadratic is exact at any distance."""
        steps = np.eye(len(w))
        return np.array([(self.average(w + step) - self.average(w - step)) / 2 for step in steps])


def _small_regression(exam: Exam, shape: tuple[int, int], p: float) -> tuple[Given, Given, Regression]:
    if shape[0] * shape[1] > 12:
        raise CourseError(f"{shape} has more than 12 entries: too many masks to list. Ask with fewer.")
    X, y = normal(shape, exam.seed(0)), normal(shape[:1], exam.seed(1))
    return X, y, Regression(np.asarray(X.value), np.asarray(y.value), p)


@verb()
def is_the_average_over_masks(exam: Exam, *, p: float, shape: tuple[int, int] = (3, 4)) -> None:
    """is the average over all masks of X, worked out one by one (p = {p})"""
    X, y, problem = _small_regression(exam, shape, p)
    w = normal(shape[1:], exam.seed(2))
    (value,) = exam.ask(Call(exam.function, (X, y, w, p), returns=("loss",)))
    compare(array(value, "loss", ()), np.asarray(problem.average(np.asarray(w.value))), "loss", NEAR)


@verb()
def leaves_no_way_down(exam: Exam, *, p: float, shape: tuple[int, int] = (3, 4)) -> None:
    """finds weights from which no step lowers the average loss over all masks (p = {p})"""
    X, y, problem = _small_regression(exam, shape, p)
    (value,) = exam.ask(Call(exam.function, (X, y, p), returns=("w",)))
    w = array(value, "w", shape[1:]).astype(float)
    if not np.isfinite(w).all():
        raise Wrong(f"w holds {number(w[~np.isfinite(w)][0])}", "finite numbers")
    slopes, at_zero = problem.slopes(w), problem.slopes(np.zeros(shape[1]))
    worst = int(np.abs(slopes).argmax())
    if not abs(slopes[worst]) <= STILL * max(1.0, np.abs(at_zero).max()):
        raise Wrong(f"at w[{worst}] = {number(w[worst])} the average loss has the slope {number(slopes[worst])}", "slope 0")


@verb(with_reference=True)
def reaches_the_minimum(
    exam: Exam, reference: Exam, *, case: str, given: tuple[Any, ...], loss: str, tolerance: float = 1e-6
) -> None:
    """reaches the smallest average loss for {case}"""
    # judged by the loss, not by the weights: where columns are nearly dependent, quite different weights are equally good
    call = question(exam, given, ("w",))
    (value,), (best,) = exam.ask(call), reference.ask(call)
    w = array(value, "w", np.shape(best)).astype(float)
    X, y, p = call.args
    found, least = reference.ask(*(Call(loss, (X, y, Given("w", v), p)) for v in (w, best)))
    if not found <= least * (1 + tolerance):
        raise Wrong(f"the average loss is {number(found / least)} times the smallest", "the smallest")


# ------------------------------------------------------------------------------------------------------------------------------ facts
@fact
def masks_listed(exam: Exam, *, n: int = 4) -> str:
    """Which masks a list holds."""
    (value,) = exam.ask(Call(exam.function, (n,)))
    masks = array(value, "masks")
    if masks.ndim != 2 or masks.shape[1] != n or len(masks) > 100 * 2**n or not np.isin(masks, (0, 1)).all():
        return "no list of masks"
    distinct = {tuple(row) for row in masks.astype(bool).tolist()}
    if len(distinct) == 2**n:
        return "each once" if len(masks) == 2**n else "some twice"
    missing = [row for row in np.ndindex(*(2,) * n) if tuple(map(bool, row)) not in distinct]
    if len(missing) == 1:
        return "all but the empty one" if not any(missing[0]) else "all but one"
    return f"{len(masks)} rows, some twice" if len(distinct) < len(masks) else f"{len(masks)} different ones"


@fact
def list_type(exam: Exam, *, n: int = 4) -> str:
    """Does a list of masks hold booleans?"""
    (value,) = exam.ask(Call(exam.function, (n,)))
    return "bool" if array(value, "masks").dtype == bool else "numbers"


@fact
def gives(exam: Exam, *, given: tuple[Any, ...], index: int | None = None, place: int = 0) -> str:
    """The number at one place of the result (of item `index`, when it is a tuple), in six digits."""
    found = _place(exam, given, index, place)
    return "missing" if found is None else number(found + 0.0)  # + 0.0 turns -0.0 into 0.0


def _place(exam: Exam, given: tuple[Any, ...], index: int | None, place: int) -> float | None:
    (value,) = exam.ask(question(exam, given))
    if index is not None:
        if not isinstance(value, (tuple, list)) or len(value) <= index:
            return None
        value = value[index]
    flat = array(value, "result").reshape(-1)
    return float(flat[place]) if flat.size > place else None


@fact
def ratio(exam: Exam, *, given: tuple[Any, ...], to: tuple[Any, ...]) -> str:
    """How many times the result for `to` the result for `given` is, in six digits: what both are multiplied by does not matter."""
    one, other = (float(array(v, "result", ())) for v in exam.ask(question(exam, given), question(exam, to)))
    return number(one / other) if other else "the other one is 0"


@fact
def digits(exam: Exam, *, given: tuple[Any, ...], wanted: float, index: int | None = None, place: int = 0) -> str:
    """How near a number comes to what is wanted."""
    found = _place(exam, given, index, place)
    off = np.nan if found is None else found / wanted - 1
    if abs(off) <= EXACT:
        return "ten"
    if abs(off) <= NEAR:
        return "a little too large" if off > 0 else "a little too small"
    return "roughly" if abs(off) <= ROUGH else "other"


@fact
def repeated(exam: Exam, *, given: tuple[Any, ...]) -> str:
    """Does the same call give the same numbers again?"""
    one, other = exam.ask(question(exam, given), question(exam, given))
    return "the same" if repr(one) == repr(other) else "others"


@fact
def in_proportion(exam: Exam, *, given: tuple[Any, ...], to: tuple[Any, ...], wanted: float) -> str:
    """Is the first number for `given` so many times the one for `to`?"""
    one, other = _place(exam, given, None, 0), _place(exam, to, None, 0)
    if one is None or not other:
        return "not usable"
    return "as it should be" if abs(one / other / wanted - 1) <= NEAR else "otherwise"


@fact
def log_odds(exam: Exam, *, given: tuple[Any, ...], unit: float) -> str:
    """The logarithm of the first probability over the second, in units: how each row is normalised does not matter."""
    first, second = (_place(exam, given, None, place) for place in (0, 1))
    if first is None or second is None or not first > 0 or not second > 0:
        return "not usable"
    return f"{np.log(first / second) / unit:.2f}"


@fact
def sums(exam: Exam, *, given: tuple[Any, ...]) -> str:
    """What adds up to 1: the rows, nearly the rows, the columns, or neither."""
    (value,) = exam.ask(question(exam, given))
    probs = array(value, "result").astype(float)
    if probs.ndim != 2:
        return "no table"
    off = np.abs(probs.sum(axis=1) - 1).max(initial=0.0)
    if off <= NEAR:
        return "rows" if off <= EXACT else "rows, nearly"
    return "columns" if np.abs(probs.sum(axis=0) - 1).max(initial=0.0) <= NEAR else "neither"


@fact
def prediction(exam: Exam, *, p: float) -> str:
    """How large a loss takes the average prediction to be, for one example whose right one is 1: seen in y and -y."""
    above, below = (float(array(v, "loss", ())) for v in exam.ask(*(question(exam, ([[1.0]], [y], [1.0], p)) for y in (1.0, -1.0))))
    return number((below - above) / 4)


@fact
def refused(exam: Exam, *, given: tuple[Any, ...]) -> str:
    """Does a call end with a ValueError?"""
    (answer,) = exam.answers(question(exam, given))
    return "refused" if ending(answer) == "ValueError" else "not refused"


@fact
def form(exam: Exam, *, given: tuple[Any, ...]) -> str:
    """The shape of the result, or how many items it has."""
    (value,) = exam.ask(question(exam, given))
    return f"{len(value)} items" if isinstance(value, tuple) else f"shape {array(value, 'result').shape}"


@fact
def takes(exam: Exam, *, given: tuple[Any, ...]) -> str:
    """Whether a call is accepted, or which exception it raises."""
    (answer,) = exam.answers(question(exam, given))
    return ending(answer)


@fact
def arguments_after(exam: Exam, *, given: tuple[Any, ...]) -> str:
    """Are the arrays as they were after a call?"""
    return "overwritten" if _changed(exam, question(exam, given, watch=True)) else "kept"
