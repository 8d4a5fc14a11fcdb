"""Symptoms of the loss of a network with dropout, and of its gradients."""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam, Unanswered, Wrong, array, pair, raised
from autograder.checks_api.inputs import direction
from autograder.checks_api.symptoms import chance_from, nearest, symptom
from autograder.dropout.network.losses import SMALL, loss, slope_errors
from autograder.dropout.network.networks import (
    INPUTS, Question, asked, grads_of, loss_call, loss_of, rates, scale, scores_read, singles)
from autograder.dropout.network.networks import losses as training_losses
from autograder.model import Given

P_IN, P_HIDDEN = 0.2, 0.25  # far from 1/2, and so that the shares below lie apart
BATCH = 9
CALLS = 600  # a share is known to 0.02, the labels of `share` lie at least 0.16 apart
EXACT = 1e-6


def _question(exam: Exam) -> Question:
    return asked("firm_network", SMALL, BATCH, exam.seed(1))


@symptom
def loss_of_no_scores(exam: Exam) -> str:
    """The loss when all parameters are 0: log(classes), if it is a mean in nats."""
    question = _question(exam)
    zero = Question(Given("zero", {k: 0 * v for k, v in question.values.items()}),
                    question.X, question.y)
    (value,) = exam.ask(loss_call(exam, zero, train=False))
    nats = float(np.log(SMALL[-1]))
    table = {"mean": nats, "sum": nats * BATCH, "mean in bits": nats / np.log(2),
             "mean over all entries": nats / SMALL[-1], "minus": -nats}
    table["over the batch"] = float(np.log(SMALL[-1] * BATCH))
    table["mean in float32"] = float(np.float32(nats))
    return nearest(loss_of(value), table, 1e-9)


@symptom
def huge_scores(exam: Exam) -> str:
    """What becomes of a score of 2000, also beside an example whose scores are small."""
    loss, among = (
        float(array(pair(value, ("loss", "grads"))[0], "loss", ())) for value in exam.ask(
            *(loss_call(exam, asked("reading_network", INPUTS, (2000.0,), 0, n), train=False)
              for n in (1, 2))))
    if not np.isfinite(loss):
        return "overflow"
    if not np.isfinite(among):
        return "overflow of another row"
    return "capped" if 10 < loss < 1000 else nearest(loss, {"finite": 2000.0}, 1e-6)


@symptom
def share(exam: Exam, *, layer: int) -> str:
    """Which share of this layer survives: layer 0 alone, layer 2 alone (by its bias), 1 through
    both hidden layers."""
    p = P_IN if layer == INPUTS else P_HIDDEN
    kept = float(np.mean([f != 0 for f in singles(exam, layer, p, CALLS)]))
    q = 1 - p
    if not kept:
        return "never"
    return nearest(kept, {"once": q, "twice": q * q, "always": 1.0, "p": p, "p twice": p * p}, 0.1)


@symptom
def whole_way(exam: Exam) -> str:
    """Which share comes through all three layers when both rates are the same (no rate is 0, which
    some divide by)."""
    found = scores_read(exam, asked("reading_network", INPUTS, (1.0,)), 1.0, (0.3, 0.3),
                        range(CALLS))
    kept = np.mean([abs(score) > EXACT for score in found])
    return nearest(float(kept), {"1-p": 0.7**3, "p": 0.3**3}, 0.1)


@symptom
def factor(exam: Exam, *, layer: int) -> str:
    """By what a survivor is multiplied: of the input alone, or through both hidden layers."""
    p = P_IN if layer == INPUTS else P_HIDDEN
    found = singles(exam, layer, p, 64)
    factors = np.array([f for f in found if f])
    if len(factors) in (0, len(found)):
        return "none dropped" if len(factors) else "none survive"
    q = 1 - p
    table = {"1": 1.0, "1/q": 1 / q, "1/q^2": q**-2, "1/q^3": q**-3, "1/q^4": q**-4, "1/p": 1 / p,
             "1/p^2": p**-2, "q": q, "q^2": q * q}
    words = {nearest(float(f), table, EXACT) for f in factors}
    return words.pop() if len(words) == 1 else "varies"


@symptom
def scores(exam: Exam) -> str:
    """Are the scores dropped too?"""
    question = asked("reading_network", INPUTS, (0.0,))
    biased = Question(Given("params", {**question.values, "b3": np.array([0.0, 2.0])}),
                      question.X, question.y)
    known = scale(exam, biased, 2.0, silent=question)
    found = [known.read(v) for v in training_losses(exam, biased, P_HIDDEN, P_HIDDEN, range(64))]
    if max(found) - min(found) < EXACT:
        return "kept"
    return "dropped" if any(abs(f) < EXACT for f in found) else "varies"


@symptom
def layers(exam: Exam) -> str:
    """Of units that survive one layer, do more than their share survive the next?"""
    units, p = 48, 0.5
    question = asked("square_network", units, 4.0 * (1 - p) ** 3 / units)
    found = scores_read(exam, question, 4.0 * (1 - p) ** 3, (p, p), range(24))
    kept = np.mean(found) / 4.0
    return nearest(float(kept),
                   {"apart": 0.125, "two alike": 0.25, "all alike": 0.5, "kept": 1.0}, 0.06)


@symptom
def examples(exam: Exam, *, layer: int) -> str:
    """Do two examples lose the same units? "all" or "none" when all or none survive, "as a whole"
    when those of an example go together."""
    codes = tuple((2.0 ** np.arange(8) / 64).tolist())
    asks = [asked("reading_network", layer, codes, example, 2) for example in (0, 1)]
    values = exam.ask(*(loss_call(exam, q, *rates(layer, P_HIDDEN), k) for k in range(40)
                        for q in asks))
    known = scale(exam, asks[0], sum(codes))
    read = [known.read(loss_of(v)) for v in values]
    both = [(a, b) for a, b in zip(read[0::2], read[1::2], strict=True) if a > 1e-6 and b > 1e-6]
    if len({round(a, 4) for pair_ in both for a in pair_}) < 2:
        return "as a whole" if 0 < len(both) < len(values) // 2 else "all" if both else "none"
    return "alike" if all(abs(a - b) < 1e-4 for a, b in both) else "apart"


@symptom
def generator_used(exam: Exam) -> str:
    """Where do the random numbers come from? "nowhere" when the losses are those without
    dropout."""
    word = chance_from(via=loss(P_IN, P_HIDDEN)).probe(exam)
    if word == "frozen" and len({loss_of(v) for v in exam.ask(
            *(call for p in (0.0, P_IN) for call in loss(p, p).script(exam)))}) == 1:
        return "nowhere"
    return word


@symptom
def at_test(exam: Exam) -> str:
    """Is test time the plain network?"""
    question = _question(exam)
    plain = loss_call(exam, question, train=False)
    dropping = (loss_call(exam, question, P_IN, P_HIDDEN, k, train=False) for k in (2, 3))
    first, *others = (loss_of(v) for v in exam.ask(plain, *dropping))
    if others[0] != others[1]:
        return "drops"
    return "plain" if abs(first - others[0]) < 1e-9 else "scaled"


@symptom
def digits(exam: Exam) -> str:
    """How exact the loss and the factor of the input are: "ten", or what is only "nearly" right."""
    (value,) = exam.ask(loss_call(exam, asked("reading_network", INPUTS, (1.0,)), train=False))
    found = {"loss": (loss_of(value), float(np.log(1 + np.e)))}
    kept = [f for f in singles(exam, INPUTS, P_IN, 32) if f]
    if kept:
        found["factor"] = kept[0], 1 / (1 - P_IN)
    off = [(name, abs(got / wanted - 1)) for name, (got, wanted) in found.items()]
    return ", ".join(f"{name} nearly" for name, error in off if 1e-10 < error < 1e-5) or "ten"


# ---------------------------------------------------------------------------------------- gradients
@symptom
def delta(exam: Exam) -> str:
    """What the gradient of the last bias is for one example: that of the scores."""
    question = asked("firm_network", SMALL, 1, exam.seed(1))
    (value,) = exam.ask(loss_call(exam, question, train=False, ship=None))
    got, h = grads_of(value, question.values)["b3"], question.X.value
    for n in (1, 2):
        h = np.maximum(h @ question.values[f"W{n}"] + question.values[f"b{n}"], 0)
    scores = (h @ question.values["W3"] + question.values["b3"])[0]
    probs, one = np.exp(scores) / np.exp(scores).sum(), np.eye(SMALL[-1])[question.y.value[0]]
    flat = np.maximum(scores, 0)
    table = {"P - one-hot": probs - one,
             "of scores without negatives": np.exp(flat) / np.exp(flat).sum() - one, "P": probs,
             "one-hot - P": one - probs, "0": 0 * one, "1": 0 * one + 1, "one-hot": one,
             "-one-hot": -one, "of the right class only": (probs - one) * one, "scores": scores}
    return next((word for word, wanted in table.items()
                 if np.allclose(got, wanted, rtol=1e-5, atol=1e-9)), "other")


@symptom
def slope(exam: Exam, *, of: str, p_in: float = 0.0, p_hidden: float = 0.0) -> str:
    """How one gradient compares with finite differences of the loss: "right", a constant factor, or
    "wrong".

    "unclear" when the same seed gives another loss: then a difference quotient means nothing.
    """
    errors = slope_errors(exam, _question(exam), (p_in, p_hidden), of=(of,))
    error = errors[of][0]
    if error <= EXACT:
        return "right"
    question = _question(exam)
    again = loss_call(exam, question, p_in, p_hidden)
    first, second = (loss_of(v) for v in exam.ask(again, again))
    if first != second:
        return "unclear"
    ratios = _ratios(exam, question, of, (p_in, p_hidden))
    q = 1 - (p_hidden or p_in or 0.5)
    table = {"times N": BATCH, "times 1/N": 1 / BATCH, "minus": -1.0}
    if p_hidden or p_in:
        table |= {"times q": q, "times q^2": q * q, "times 1/q": 1 / q, "times 1/q^2": q**-2,
                  "times q/p": q / (1 - q)}
    words = {nearest(r, table, 1e-4 * max(1.0, abs(r))) if r else "zero" for r in ratios}
    return words.pop() if len(words) == 1 else "wrong"


def _ratios(exam: Exam, question: Question, name: str, p: tuple[float, float]) -> list[float]:
    """The slope by the gradient over the slope measured, along three directions."""
    h = 1e-5
    ways = [direction(question.values[name].shape, exam.seed(k)) for k in (50, 51, 52)]
    moved = [question.moved(name, sign * h * u) for u in ways for sign in (1, -1)]
    first, *values = exam.ask(loss_call(exam, question, *p, ship=None),
                              *(loss_call(exam, q, *p) for q in moved))
    gradient, found = grads_of(first, question.values)[name], [loss_of(v) for v in values]
    measured = [(a - b) / (2 * h) for a, b in zip(found[0::2], found[1::2], strict=True)]
    if not all(measured):
        raise Wrong(f"the loss does not feel {name}", "a loss that does")
    return [float((gradient * u).sum()) / m for u, m in zip(ways, measured, strict=True)]


@symptom
def dropped_units(exam: Exam, *, layer: int) -> str:
    """What gradient the weights into a dropped unit get: "none", "some" (it is as if kept), or that
    of "another" mask."""
    question = asked("firm_network", (80, 80, 80, 4), 1, exam.seed(1))
    (value,) = exam.ask(loss_call(exam, question, 0.0, P_HIDDEN, ship=None))
    grads = grads_of(value, question.values)
    active = question.values[f"b{layer}"] > 0
    gone = (grads[f"W{layer + 1}"] == 0).all(axis=1)[active]
    silent = (grads[f"b{layer}"] == 0)[active]
    if not gone.any():
        return "none dropped"
    if (gone <= silent).all():  # more are silent where a gradient is cut off besides
        return "none"
    return "another" if silent.any() else "some"


@symptom
def dropped_inputs(exam: Exam) -> str:
    """Do the weights out of a dropped input get a gradient?"""
    question = asked("firm_network", (60, 8, 7, 4), 1, exam.seed(1))
    other, value = exam.ask(loss_call(exam, question),
                            loss_call(exam, question, P_HIDDEN, ship=None))
    if loss_of(other) == loss_of(value):
        return "none dropped"
    gradient = grads_of(value, question.values)["W1"]
    return "none" if (gradient == 0).all(axis=1).any() else "some"


@symptom
def inactive_units(exam: Exam, *, layer: int) -> str:
    """Do units whose ReLU is off for the only example get a gradient, and which share of what comes
    from above?

    "none", "a small share" (a leaky ReLU), "changing shares" (a curve), "what is above 0" (of all
    units), or "some".
    """
    question = asked("firm_network", SMALL, 1, exam.seed(1))
    (value,) = exam.ask(loss_call(exam, question, train=False, ship=None))
    grads, off = grads_of(value, question.values), question.values[f"b{layer}"] < 0
    silent = grads[f"b{layer}"][off]
    if (silent == 0).all():
        return "none"
    above = grads[f"b{layer + 1}"] @ question.values[f"W{layer + 1}"].T
    if (above < 0).any() and np.allclose(grads[f"b{layer}"], np.maximum(above, 0), rtol=1e-6):
        return "what is above 0"
    share = silent / above[off]
    if not np.isfinite(share).all() or (share <= 0).any() or (share > 1 + EXACT).any():
        return "some"
    if np.ptp(share) > EXACT:
        return "changing shares"
    return "a small share" if share.max() < 0.5 else "some"


@symptom
def gradient_shapes(exam: Exam) -> str:
    """Have all gradients the shapes of their parameters?"""
    question = _question(exam)
    (value,) = exam.ask(loss_call(exam, question, ship=None))
    grads = pair(value, ("loss", "grads"))[1]
    if isinstance(grads, dict) and {f"d{name}" for name in question.values} <= set(grads):
        return "those of params, as dW1, db1 and so on"
    grads_of(value, question.values)
    return "those of params" if all(np.shape(grads[n]) == p.shape
                                    for n, p in question.values.items()) else "with other axes"


@symptom
def penalty(exam: Exam) -> str:
    """Do weights count that meet no data? "in the loss", "in the gradients only" as a multiple of
    themselves, "without data", or "none"."""
    question = _question(exam)
    no_data = Question(question.params, Given("0 * X", 0 * question.X.value), question.y)
    louder = no_data.moved("W1", 2 * question.values["W1"])
    first, second = exam.ask(*(loss_call(exam, q, train=False, ship=None)
                               for q in (no_data, louder)))
    if abs(loss_of(second) - loss_of(first)) > 1e-9 * abs(loss_of(first)):
        return "in the loss"
    once, thrice = (grads_of(value, question.values)["W1"] for value in (first, second))
    if not once.any():
        return "none"
    W = question.values["W1"]
    share = float((once * W).sum() / (W * W).sum())
    decay = (np.allclose(once, share * W, rtol=1e-6)
             and np.allclose(thrice, 3 * share * W, rtol=1e-6))
    return "in the gradients only" if decay else "without data"


@symptom
def rate_one(exam: Exam) -> str:
    """What p_hidden = 1 gives."""
    try:
        (value,) = exam.ask(loss_call(exam, _question(exam), 0.0, 1.0, ship=None))
    except Unanswered as unanswered:
        return f"raises {raised(unanswered.answer)}"
    loss = array(pair(value, ("loss", "grads"))[0], "loss", ())
    grads = grads_of(value, _question(exam).values)
    return ("finite" if np.isfinite(loss)
            and all(np.isfinite(g).all() for g in grads.values()) else "NaN")
