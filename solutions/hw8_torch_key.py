"""SECRET. The key of assignment 8: hidden cases, wrong solutions by the belief behind them, and right answers that look different.

All of it was tried on the CPU, with torch 2.13. On a grader without torch the exercises are reported as not run, which costs no points.
"""

import textwrap

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autograder import core, edge, manner, right, variant
from autograder.dropout import checks as c
from autograder.dropout.torch import comparisons as t
from autograder.dropout.torch import layers, loops, nets
from autograder.dropout.views import through

SALT = "quokka-2718"

AFTER_A_RELU = {"zeros": True, "case": ", where half of x is 0, as after a ReLU"}

FUNCTION = layers.function_coat("MyDropoutFunction", "MyDropoutFunction")
LAYER = layers.layer_coat("MyDropoutFunction", "MyDropout")
BOTH = {"forward": "MyDropoutFunction", "backward": "backward"}
LAYER_BOTH = {"forward": "MyDropout", "backward": "backward"}
OF_LAYER = {"function": "MyDropout"}
NOTICES = "notices_wrong_code(part=out, p=0.3)"
HANDED_OVER = "hands_over_the_multiplier"
DROPS = "drops_some_and_keeps_some of MyDropoutFunction"
MASKED = "passes_gradient_to_kept_units_only of MyDropoutFunction"
LAYER_DROPS = "drops_some_and_keeps_some of MyDropout"
LAYER_MASKED = "passes_gradient_to_kept_units_only of MyDropout"
STEPS = "takes_every_batch_once_per_epoch"
NET = {"net": "FixedNet"}
SCORES = "computes_two_relu_layers"
RATES = "drops_each_layer_as_often_as_told"
INPUTS = "drops_in_training(net=FixedNet, p_in=0.5, p=0.0)"
HIDDEN_UNITS = "drops_in_training(net=FixedNet, p_in=0.0, p=0.5)"


def function(check):
    return through(FUNCTION, check)


def layer(check):
    return through(LAYER, check)


HIDDEN = {
    "compare_with_torch": {
        "out": [t.finds_right_code_right(module="Dropout", p=0.45, shape=(40, 30), part="out")],
        "grad": [t.finds_right_code_right(module="Dropout", p=0.45, shape=(40, 30), part="grad")],
        "mask": [
            t.hands_over_the_multiplier(zeros=True, shape=(7, 5, 6)),
            t.puts_the_module_into_training_mode(shape=(7, 5, 6), needs=HANDED_OVER),
            t.finds_right_code_right(
                **AFTER_A_RELU, module="Dropout3d", p=0.45, shape=(5, 12, 3, 4, 2), needs=("out", "grad", HANDED_OVER)
            ),
            t.finds_right_code_right(**AFTER_A_RELU, module="AlphaDropout", p=0.62, dtype="float32", needs=("out", "grad", HANDED_OVER)),
            t.finds_right_code_right(module="AlphaDropout", p=0.1, shape=(400,), dtype="float32", needs=("out", "grad")),
            t.finds_right_code_right(module="FeatureAlphaDropout", p=0.3, shape=(8, 30, 5), needs=("out", "grad")),
        ],
        "measure": [
            t.measures_what_is_wrong(part="out", by=0.03, module="Dropout2d", p=0.62, shape=(5, 30, 6, 4), needs=("out", "mask")),
            t.measures_what_is_wrong(part="grad", by=0.003, module="Dropout1d", p=0.45, shape=(8, 30, 5), needs=("grad", "mask")),
            t.measures_what_is_wrong(part="grad", by=0.02, module="AlphaDropout", p=0.45, needs=("grad", "mask")),
            t.measures_what_is_wrong(part="out", by=1.0, p=0.45, shape=(40, 30), needs="out"),
            t.measures_what_is_wrong(part="out", p=0.45, shape=(40, 30), size=1e-3, needs="out"),
            t.sees_one_wrong_number(part="grad", by=-0.25, p=0.45, shape=(7, 9, 11), needs="grad"),
        ],
        "rate": [t.counts_what_was_kept(zeros=True, shape=(7, 5, 6), needs="hands_over_the_multiplier(zeros=True)")],
        "manners": [
            t.manages_the_end(end=1.0, module="Dropout2d", shape=(3, 4, 5, 6), needs=("out", "grad", "mask", "rate")),
            t.hands_over_masks_like_x(p=0.45, dtype="float64", shape=(5, 8, 3, 4), module="Dropout2d", needs=("out", "grad", "mask")),
        ],
    },
    "MyDropoutFunction": {
        "forward": [
            function(c.drops_the_right_share(p=0.62, calls=1)),
            function(c.scales_the_survivors(p=0.62, by="1/(1-p)", dtype="float32", shape=(6, 5, 4, 7))),
        ],
        "mode": [layer(c.is_identity_at_test_time(p=0.62, shape=(6, 5, 4, 7), needs=LAYER_DROPS))],
        "backward": [
            function(c.follows_the_mask(p=0.62, shape=(3, 41, 5), **BOTH, needs=MASKED)),
            function(c.passes_gradient_where_x_is_zero(p=0.62, shape=(4, 6, 20), **BOTH, needs=MASKED)),
            layer(c.belongs_to_its_own_cache(p=0.62, **LAYER_BOTH, needs=LAYER_MASKED)),
        ],
        "coins": [layer(c.keeps_a_varying_number(p=0.62, needs="obeys_the_seed_of_torch"))],
        "manners": [
            layers.computes_in(dtype="float16", p=0.8, **OF_LAYER, needs=("forward", "mode", "backward")),
            layers.computes_in(dtype="bfloat16", p=0.15, **OF_LAYER, needs=("forward", "mode", "backward")),
            layers.shows_its_p(p=0.45, **OF_LAYER, needs=LAYER_DROPS),
        ],
    },
    "fixed_training_loop": {
        "train": [loops.trains_in_training_mode(epochs=5, batches=1, starts_in_eval=True)],
        "measure": [loops.measures_in_eval_mode(epochs=4, batches=3)],
        "flags": [loops.returns_the_flags_it_saw(epochs=4, batches=2, starts_in_eval=True)],
        "net": [
            nets.drops_each_layer_as_often_as_told(**NET, p_in=0.25, p=0.7, needs=SCORES),
            nets.scales_the_survivors_of_each_layer(**NET, p_in=0.25, p=0.7, needs=RATES),
        ],
        "eval": [
            nets.drops_nothing_after_eval(**NET, p_in=0.6, p=0.0, needs=INPUTS),
            nets.drops_nothing_after_eval(**NET, p_in=0.0, p=0.3, needs=HIDDEN_UNITS),
        ],
    },
    "quiz": {
        "handed_over": [c.answers_rightly(key="handed_over", needs="handed_over")],
        "live_steps": [c.answers_rightly(key="live_steps", needs="live_steps")],
        "seen_rate": [c.answers_rightly(key="seen_rate", needs="seen_rate")],
        "fastest": [c.answers_rightly(key="fastest", needs="fastest")],
        "functional": [c.answers_rightly(key="functional", choices="abcd", needs="functional")],
        "same_seed": [c.answers_rightly(key="same_seed", choices="abcd", needs="same_seed")],
    },
}


# ======================================================================================================================= wrong answers
# compare_with_torch
MULTIPLIER = "(mask,) = torch.autograd.grad(out, inputs, torch.ones_like(out), retain_graph=True)"
GRADIENT = "(grad,) = torch.autograd.grad(out, inputs, torch.tensor(dout, device=device))"
RATIO = "float(worst / largest) if largest > 0 else float(worst)"
# MyDropoutFunction and MyDropout
DRAWN = "torch.empty_like(x).bernoulli_(1 - p)"
SCALED = "if p < 1:\n            mask /= 1 - p"
SAVED = "ctx.save_for_backward(mask)"
OUTPUT_SAVED = (
    "ctx.save_for_backward(mask)\n        return x * mask",
    "out, ctx.p = x * mask, p\n        ctx.save_for_backward(out)\n        return out",
)
BACKWARD = "(mask,) = ctx.saved_tensors\n        return dout * mask, None"
REFUSED = """if not 0 <= p <= 1:
            raise ValueError(f"MyDropout drops with a probability between 0 and 1, not {p}")"""
APPLIED = "MyDropoutFunction.apply(x, self.p)"
SHRINKS = ("            return x\n", "            return x * (1 - self.p)\n")
# FixedNet and fixed_training_loop
RATES_IN_ORDER = "nn.Dropout(p_in), nn.Dropout(p), nn.Dropout(p)"
EPOCHS = "    for epoch in range(epochs):\n"
TRAINS_ONCE = (f"{EPOCHS}        model.train()\n", f"    model.train()\n{EPOCHS}")
ACCURACY = "accuracy = np.mean([(model(X).argmax(dim=1) == y).float().mean().item() for X, y in batches])"
MEASURED = f"        with torch.no_grad():\n            model.eval()\n            {ACCURACY}\n"
LOOKS_WITHIN = (MEASURED, textwrap.indent(MEASURED, "    "))


def masked(new):
    """Another mask for the NumPy functions."""
    taken = "mask = mask.cpu().numpy()"
    return (taken, f"{taken}\n    mask = {new}")


MISCONCEPTIONS = {
    "compare_with_torch": [
        core("what_is_not_zero_was_kept",
            """You read the mask off the output: where it is not 0, or by dividing it by x. But x may hold zeros (after a ReLU half of it
            does), and a kept 0 looks like a dropped number; in AlphaDropout a dropped number is not even 0. Ask autograd for the derivative
            of the output with respect to x: that is the multiplier itself.""",
            masked("(out.detach().cpu().numpy() != 0) * mask.max()"), signs="mask_among_zeros =mask"),
        core("output_over_input_is_the_mask",
            """You divide the output by x to find the mask. Where x is 0 that is 0/0, and in AlphaDropout a constant is added, so that it is
            no ratio at all. Ask autograd for the derivative of the output with respect to x.""",
            masked("(out / inputs).detach().cpu().numpy()"), signs="mask_among_zeros =mask"),
        core("the_module_comes_in_training_mode",
            """You never call module.train(). A module that was last used for a prediction is in eval mode and drops nothing: then you
            compare the identity with the identity.""",
            (".train()", ""), signs="mask_after_eval =mask"),
        core("a_second_pass_has_the_same_mask",
            """You run the module twice, once for the output and once for the mask and the gradient. The second pass draws another mask.
            Take all three from one pass (retain_graph=True lets you ask it twice).""",
            ("out = module(inputs)", "first = module(inputs)\n    out = module(inputs)"),
            ("(x, mask), out)", "(x, mask), first)"), signs="plain_out =plain_grad =mask =mask_of_zeros_in_dout"),
        core("any_pass_shows_the_mask",
            """You take the mask from another pass than output and gradient. Each pass of the module draws a new mask: take all three from
            one pass (retain_graph=True lets you ask it twice).""",
            ("grad(out, inputs, torch.ones_like(out), retain_graph=True)", "grad(module(inputs), inputs, torch.ones_like(out))"),
            signs="plain_out plain_grad =mask =gradient_taken"),
        core("a_second_pass_has_the_same_gradient",
            """You run the module again for the gradient by dout. The second pass draws another mask, so that this is the gradient of
            something else. Ask one pass twice: retain_graph=True keeps its graph.""",
            ("grad(out, inputs, torch.tensor(", "grad(module(inputs), inputs, torch.tensor("),
            signs="plain_grad =plain_out =mask =gradient_taken"),
        core("backward_replaces_the_gradient",
            """You call backward() twice and read x.grad after each. But backward ADDS to x.grad: after the second call it holds the sum of
            both. Set it to None in between, or ask torch.autograd.grad, which adds nothing up.""",
            (MULTIPLIER, "out.sum().backward(retain_graph=True)\n    mask = inputs.grad.clone()"),
            (GRADIENT, "out.backward(torch.tensor(dout, device=device))\n    grad = inputs.grad"), signs="gradient_taken"),
        core("numpy_makes_a_copy",
            """What the NumPy functions get as the mask is the gradient by dout. Either you asked for it with dout instead of ones, or it
            was the mask once: tensor.numpy() makes no copy, and where x.grad is set to 0 and filled again, so is your mask. Then copy it in
            time.""",
            masked("grad.cpu().numpy()"), signs="mask"),
        core("the_gradient_needs_no_dout",
            """The gradient of torch that you compare with is that of out.sum(): the mask itself. dout is the gradient of the loss by the
            OUTPUT; hand it to torch as well: torch.autograd.grad(out, x, dout).""",
            ("torch.tensor(dout, device=device)", "torch.ones_like(out)"), signs="gradient_taken"),
        core("any_dout_will_do",
            """You compare the gradients for a dout of ones, whatever you are given: NumPy's and torch's. Then a backward that forgets dout
            is right. Hand the dout that you get to numpy_backward and to torch.""",
            ("numpy_backward(dout, mask)", "numpy_backward(np.ones_like(dout), mask)"),
            ("torch.tensor(dout, device=device)", "torch.ones_like(out)"), signs="gradient_taken =mask"),
        core("the_numpy_code_is_known",
            """Whatever numpy_forward and numpy_backward return, your numbers are the same: you do not call them, but multiply by the mask
            yourself, say. They are what is to be compared: they may be wrong, and then your function has to say by how much.""",
            ("numpy_forward(x, mask)", "x * mask"),
            ("numpy_backward(dout, mask)", "dout * mask"), signs="mask mask_of_zeros_in_dout"),
        edge("close_or_not_is_the_answer",
            """You answer with yes or no, as np.allclose does. Asked for is HOW LARGE the difference is: the largest one, divided by the
            largest of torch's numbers. Whether that is close enough, the reader decides.""",
            (RATIO, "float(not np.allclose(ours, theirs))"), signs="one_percent one_wrong_number"),
        edge("a_difference_is_never_negative",
            """You take the largest of ours - torch's without an absolute value. A number that is too small has a negative difference, and
            that is never the largest: take np.abs(ours - theirs).max().""",
            ("np.abs(ours - theirs)", "(ours - theirs)"), signs="one_wrong_number_too_small =one_wrong_number"),
        core("every_module_divides_by_one_minus_p",
            """Your mask is right for Dropout and not for AlphaDropout. There the kept numbers are multiplied by a, not by 1/(1-p), and a
            constant is added, which a pass of ones would show too. The derivative of the output with respect to x is the multiplier of
            every such module.""",
            masked("(mask / mask.max() / (1 - module.p)).astype(x.dtype) if module.p < 1 else mask"), signs="mask"),
        core("dout_is_never_zero",
            """You divide the gradient by dout to find the mask. Where dout is 0, as before a ReLU it often is, that is 0/0. Ask for the
            gradient with ones instead of dout: that is the multiplier itself.""",
            masked("(grad / torch.tensor(dout, device=device)).cpu().numpy()"), signs="mask_of_zeros_in_dout =mask"),
        core("where_dout_is_zero_all_was_dropped",
            """You divide the gradient by dout to find the mask, and write 0 where dout is 0, as before a ReLU it often is: there what was
            kept looks dropped. Ask for the gradient with ones instead of dout: that is the multiplier itself.""",
            masked("np.where(dout != 0, mask, 0).astype(x.dtype)"), signs="mask_of_zeros_in_dout =mask"),
        core("nothing_is_added",
            """Your numbers are right for Dropout and not for AlphaDropout, which ADDS a constant after it has multiplied. A pass of ones
            shows mask plus constant, and mask * x is not torch's output: take the derivative for the mask, and compare with the output.""",
            ("(x, mask), out)", "(x, mask), torch.tensor(mask * x))"), signs="alpha =mask =mask_among_zeros =plain_out"),
        core("dropout_is_compared_in_eval_mode",
            """You compare in eval mode, where the module drops nothing: that is the identity against the identity. Your function compares
            TRAINING: call module.train() before the pass.""",
            (".train()", ".eval()"), signs="mask mask_after_eval =plain_out"),
        core("the_gradient_can_be_had_in_eval_mode",
            """Your gradient is that of a pass in eval mode: it is dout itself. What you want to compare is the gradient of the training
            pass whose output and mask you have.""",
            ("grad(out, inputs, torch.tensor(", "grad(module.eval()(inputs), inputs, torch.tensor("), signs="gradient_taken =mask"),
        edge("the_keep_rate_is_the_mean_of_the_mask",
            """Your keep_rate is the average of the multipliers. They are 1/(1-p) where something was kept, so their average is about 1,
            whatever p is. Count the entries that are not 0.""",
            ("(mask != 0).mean()", "mask.mean()"), signs="keep_rate keep_rate_after_eval"),
        edge("the_keep_rate_is_a_count",
            """Your keep_rate is the NUMBER of entries that are not 0. Asked for is their share: divide by mask.size, or take the mean.""",
            ("(mask != 0).mean()", "(mask != 0).sum()"), signs="keep_rate"),
        edge("the_keep_rate_is_what_was_dropped",
            """Your keep_rate counts what was DROPPED. keep_rate is the share of entries of the mask that are not 0.""",
            ("mask != 0", "mask == 0"), signs="keep_rate"),
        edge("the_keep_rate_is_one_minus_p",
            """Your keep_rate is 1 - module.p. That is what the module was told, not what happened in this pass, and not every module has a
            p. Count the entries of the mask that are not 0.""",
            ("(mask != 0).mean()", "1 - module.p"), signs="keep_rate keep_rate_among_zeros"),
        edge("the_keep_rate_shows_in_the_output",
            """Your keep_rate counts where the OUTPUT is not 0. A kept 0 is 0 too, and after a ReLU every other number is one. Count the
            entries of the mask that are not 0.""",
            ("(mask != 0).mean()", "(out != 0).float().mean()"), signs="keep_rate_among_zeros =mask_among_zeros"),
        edge("differences_need_no_scale",
            """You return absolute differences. Whether 0.01 is much depends on the size of what is compared: divide by the largest absolute
            value of torch's array.""",
            (RATIO, "float(worst)"), signs="one_percent"),
        edge("the_average_difference_says_enough",
            """You average the differences. One wrong number among thousands disappears in an average; the maximum sees it.""",
            (".max()", ".mean()", 2), signs="one_wrong_number"),
        core("each_number_is_its_own_scale",
            """You divide each difference by its own number of torch's. Where something was dropped that is 0/0. The text asks for ONE
            scale: the largest difference, divided by the largest of torch's numbers.""",
            (RATIO, "float((np.abs(ours - theirs) / np.abs(theirs)).max())"), signs="one_percent one_wrong_number at_one"),
        edge("a_guard_makes_each_number_a_scale",
            """You divide each difference by its own number of torch's (and a little more, against 0/0). A small difference at a small
            number then looks huge. The text asks for ONE scale: the largest difference, divided by the largest of torch's numbers.""",
            (RATIO, "float((np.abs(ours - theirs) / (np.abs(theirs) + 1e-8)).max())"), signs="one_wrong_number =one_percent"),
        edge("the_larger_of_both_is_the_scale",
            """You divide each difference by the larger of its own two numbers. A small difference at a small number then looks huge. The
            text asks for ONE scale: the largest difference, divided by the largest of torch's numbers.""",
            (RATIO, "float((np.abs(ours - theirs) / np.maximum(1e-8, np.maximum(np.abs(ours), np.abs(theirs)))).max())"),
            signs="one_wrong_number one_wrong_number_too_small =one_percent"),
        edge("the_scale_is_the_sum_of_both",
            """You divide each difference by the sum of both numbers, as course notes on gradient checks do: what is 1 % too large then
            measures 0.5 %. The text asks for ONE scale: the largest difference, divided by the largest of torch's numbers.""",
            (RATIO, "float((np.abs(ours - theirs) / np.maximum(1e-8, np.abs(ours) + np.abs(theirs))).max())"), signs="one_percent"),
        core("a_mask_is_true_or_false",
            """You hand over which numbers were kept, as True and False. The NumPy functions ask for the multiplier that torch used: 0 or
            1/(1-p), in AlphaDropout 0 or a.""",
            masked("(mask != 0).astype(x.dtype)"), signs="mask"),
        manner("torch_is_never_all_zero",
            """At p = 1 everything torch computes is 0, and somewhere you divide by it, or by 1 - p: 0/0. Where there is nothing to divide
            by, return the absolute difference.""",
            (" if largest > 0 else float(worst)", ""), signs="at_one"),
    ],
    "MyDropoutFunction": [
        core("torch_takes_the_keep_probability",
            """You keep with probability p. In torch, as in this course, p is the probability of DROPPING; the keep probability of papers
            and of old TensorFlow programs is 1 - p.""",
            (DRAWN, "torch.empty_like(x).bernoulli_(p)"),
            (SCALED, "if p > 0:\n            mask /= p"),
            (" or self.p == 0", ""), signs="drop_share_of_MyDropout =digits_of_MyDropout"),
        core("the_layer_need_not_scale",
            """Your layer drops but does not divide the survivors by 1 - p, and in eval mode it does nothing either: in training every sum
            is too small by the factor 1 - p.""",
            (SCALED, "pass"), signs="survivors_of_MyDropout"),
        edge("the_gradient_needs_no_scale",
            """Backward gives the gradient to the kept numbers, but forgets the 1/(1-p) by which they were multiplied. The gradient is
            multiplied by exactly what x was multiplied by.""",
            ("dout * mask", "dout * (mask != 0)"), signs="gradient_factor_of_MyDropout"),
        edge("the_gradient_is_scaled_again",
            """Backward divides by 1 - p twice. The mask that you saved holds 1/(1-p) already: dout * mask is all there is to do.""",
            ("dout * mask", "dout * mask * mask"), signs="gradient_factor_of_MyDropout"),
        edge("the_gradient_knows_no_mask",
            """Your backward passes the gradient to every number, dropped or not. What was multiplied by 0 on the way forward gets the
            gradient 0: save the mask and use it.""",
            (SAVED, "ctx.p = p"),
            (BACKWARD, "return dout / (1 - ctx.p) if ctx.p < 1 else dout * 0, None"), signs="gradient_mask_of_MyDropout"),
        edge("a_zero_output_was_dropped",
            """Backward finds the mask by looking where the output is not 0. A kept number that happens to be 0, as after a ReLU, then loses
            its gradient. Save the mask itself.""",
            OUTPUT_SAVED,
            ("dout * mask", "dout * (mask != 0) / (1 - ctx.p if ctx.p < 1 else 1)"), signs="gradient_at_zero_input_of_MyDropout"),
        edge("the_output_is_the_mask",
            """Backward multiplies dout by the OUTPUT of forward. It is 0 in the right places, but elsewhere it is x/(1-p) and not 1/(1-p).
            Save the mask itself.""",
            OUTPUT_SAVED, signs="gradient_factor_of_MyDropout gradient_at_zero_input_of_MyDropout"),
        edge("output_over_input_is_the_mask",
            """Backward finds the mask as output / x. Where x is 0, as behind a ReLU, that is 0 / 0, and NaN spreads through the whole
            network. Save the mask itself.""",
            ("ctx.save_for_backward(mask)\n        return x * mask", "ctx.save_for_backward(x, x * mask)\n        return x * mask"),
            (BACKWARD, "x, out = ctx.saved_tensors\n        return dout * out / x, None"), signs="gradient_at_zero_input_of_MyDropout"),
        core("the_layer_scales_for_the_function",
            """MyDropoutFunction drops and does not scale; MyDropout divides in its place. But the function is asked for as inverted dropout
            by itself: whoever calls MyDropoutFunction.apply gets sums that are too small. Divide there.""",
            (SCALED, "pass"),
            (APPLIED, "MyDropoutFunction.apply(x, self.p) / (1 - self.p if self.p < 1 else 1)"),
            signs="survivors_of_MyDropoutFunction =survivors_of_MyDropout"),
        edge("test_time_scales_again",
            """In eval mode your layer multiplies by 1 - p. That belongs to vanilla dropout, which does not divide in training. Inverted
            dropout has settled the scale in training, so eval returns x as it is.""",
            SHRINKS, signs="test_time_of_MyDropout"),
        core("vanilla_dropout_will_do",
            """This is vanilla dropout: no division in training, and a factor 1 - p in eval mode. Asked for is inverted dropout, as torch
            has it: divide the survivors by 1 - p in training, and return x as it is in eval.""",
            (SCALED, "pass"),
            SHRINKS, signs="survivors_of_MyDropout test_time_of_MyDropout"),
        core("eval_is_when_to_drop",
            """Your layer drops in eval mode and not in training: the condition is the wrong way round. self.training is True when it should
            drop.""",
            ("not self.training", "self.training"), signs="drop_share_of_MyDropout test_time_of_MyDropout =input_after_of_MyDropout"),
        edge("eval_is_somebody_elses_business",
            """Your layer drops in eval mode too. .eval() only sets self.training to False; the layer has to look at it, and in every pass.
            (The same trap in other clothes: F.dropout(x, p) without its third argument, an nn.Dropout made within forward, self.train
            without parentheses, which is a method and counts as true, and a self.training that was looked at in __init__.)""",
            ("not self.training or ", ""), signs="test_time_of_MyDropout =input_after_of_MyDropout"),
        edge("train_is_a_question",
            """Your layer drops in eval mode too, because it calls self.train(). That is no question: it switches training mode ON, and what
            it returns counts as true. Ask self.training, without parentheses.""",
            ("not self.training", "not self.train()"), signs="test_time_of_MyDropout mode_after_eval =input_after_of_MyDropout"),
        edge("backward_returns_one_gradient",
            """backward returns another number of values than forward was given. The first is the gradient with respect to x, the second
            that with respect to p, which is None: return dx, None.""",
            ("dout * mask, None", "dout * mask"), signs="way_back"),
        edge("p_gets_a_gradient_too",
            """backward returns a gradient by p. But p is a plain number, no tensor, and torch wants None in its place: return dx, None.""",
            ("dout * mask, None", "dout * mask, (dout * mask).sum()"), signs="way_back"),
        edge("every_layer_drops_half",
            """Your layer drops one half, whatever p it was made with. Keep p in __init__ (self.p = p), and hand self.p to the function.""",
            (APPLIED, "MyDropoutFunction.apply(x, 0.5)"), signs="drop_share_of_MyDropout"),
        edge("autograd_follows_numbers",
            """No gradient comes back through your layer: its output has forgotten where it came from. detach(), .data, torch.no_grad() and
            the way through NumPy all cut the graph. Let MyDropoutFunction.apply(x, p) work on x itself.""",
            (APPLIED, "MyDropoutFunction.apply(x, self.p).detach()"), signs="way_back"),
        edge("backward_draws_a_mask_of_its_own",
            """Backward draws a new mask, so other numbers get a gradient than were kept. Save the mask of the forward pass with
            ctx.save_for_backward and use that one.""",
            (SAVED, "ctx.p = p"),
            ("(mask,) = ctx.saved_tensors", "mask = torch.empty_like(dout).bernoulli_(1 - ctx.p) / (1 - ctx.p if ctx.p < 1 else 1)"),
            signs="gradient_mask_of_MyDropout"),
        core("survivors_are_divided_by_p",
            """You drop the right share and then divide the survivors by p. Divide by what remains, 1 - p: only then is the average what it
            was before.""",
            (SCALED, "mask /= p or 1.0"), signs="survivors_of_MyDropout =drop_share_of_MyDropout"),
        core("survivors_are_multiplied_by_one_minus_p",
            """You multiply the survivors by 1 - p. They are too few already, so they have to grow: DIVIDE them by 1 - p.""",
            ("mask /= 1 - p", "mask *= 1 - p"), signs="survivors_of_MyDropout =drop_share_of_MyDropout"),
        core("the_scale_is_what_was_kept",
            """You divide the survivors by the share that happened to be kept. Torch divides by 1 - p, always: the scale is a property of
            the layer and not of the dice.""",
            (SCALED, "if mask.any():\n            mask /= mask.mean()"), signs="survivors_of_MyDropout"),
        core("randn_is_rand",
            """You compare NORMAL numbers with p: torch.randn is not torch.rand. A normal number exceeds 0.3 in 38 % of all cases. Draw
            uniformly between 0 and 1, with torch.rand or torch.rand_like.""",
            (DRAWN, "(torch.randn_like(x) > p).to(x.dtype)"), signs="drop_share_of_MyDropout"),
        edge("a_layer_has_a_generator_of_its_own",
            """Your layer has a generator of its own with a fixed seed: whatever torch.manual_seed says, each new layer throws the same
            coins in the same order. Draw from torch's own generator, and leave the seed to the user.""",
            ("self.p = p", "self.p, self.coins = p, torch.Generator().manual_seed(0)"),
            (
                "return MyDropoutFunction.apply(x, self.p)",
                """keep = torch.rand(x.shape, generator=self.coins).to(x.device) >= self.p
        return x * keep / (1 - self.p if self.p < 1 else 1)""",
            ), signs="source_of_chance =one_layer_twice"),
        edge("a_draw_in_eval_does_no_harm",
            """In eval mode your layer draws a mask and does not use it. That moves torch's generator on, so a look at the test error
            changes the rest of the training. Ask self.training first, then draw.""",
            ("if not self.training or self.p == 0:", "out = MyDropoutFunction.apply(x, self.p)\n        if not self.training:"),
            ("        return MyDropoutFunction.apply(x, self.p)\n", "        return out\n"),
            signs="one_layer_twice =test_time_of_MyDropout"),
        manner("one_is_no_probability",
            """Your layer refuses p = 1. It is a probability like the others: everything is dropped, and the result is 0. Only a p outside
            [0, 1] is a mistake.""",
            ("0 <= p <= 1", "0 <= p < 1"), signs="at_one_of_MyDropout"),
        manner("an_assert_will_do",
            """You refuse a wrong p with an assert. That is an AssertionError, which nobody catches, and which python -O leaves out. Asked
            for is a ValueError: if not 0 <= p <= 1: raise ValueError(...).""",
            (REFUSED, "assert 0 <= p <= 1"), signs="outside_of_MyDropout"),
        manner("float32_is_exact_enough",
            """Your scale is computed in float32 and only then brought to the dtype of x: in float64 half of its digits are wrong. Bring the
            mask to the dtype of x first, and divide then.""",
            (DRAWN, "(torch.rand(x.shape, device=x.device) >= p) / (1 - p if p < 1 else 1.0)"),
            (SCALED, "mask = mask.to(x.dtype)"), signs="digits_of_MyDropout =half_precision"),
        core("one_draw_decides_about_all_features",
            """Your layer drops all numbers of an example or none. Each NUMBER throws its own coin: draw as many as x has. (Dropping whole
            maps is Dropout2d's business.)""",
            (APPLIED, "x * MyDropoutFunction.apply(torch.ones_like(x[..., :1]), self.p)"), signs="columns_of_MyDropout"),
        core("a_channel_throws_one_coin",
            """Where x has three axes or more your layer drops whole channels. That is nn.Dropout2d; nn.Dropout knows no channels: draw one
            number for each entry of x, whatever its shape.""",
            (
                APPLIED,
                """x * MyDropoutFunction.apply(torch.ones_like(x if x.dim() < 3 else x[(..., *[slice(1)] * (x.dim() - 2))]), self.p)""",
            ), signs="channels_of_MyDropout =columns_of_MyDropout"),
        core("one_mask_for_the_life_of_the_layer",
            """Your layer draws its mask once and keeps it. Every pass needs a fresh mask: otherwise you train one thinned network and never
            the others.""",
            (
                "return MyDropoutFunction.apply(x, self.p)",
                """if getattr(self, "mask", None) is None or self.mask.shape != x.shape:
            self.mask = MyDropoutFunction.apply(torch.ones_like(x), self.p)
        return x * self.mask""",
            ), signs="one_layer_twice"),
        core("a_seed_belongs_into_the_layer",
            """Your layer sets a seed of its own, so every pass of every layer drops the same units. Whoever wants to repeat a run calls
            torch.manual_seed once, at its beginning; a layer only draws.""",
            (DRAWN, "(torch.rand(x.shape, generator=torch.Generator(x.device).manual_seed(0), device=x.device) >= p).to(x.dtype)"),
            signs="one_layer_twice source_of_chance"),
        edge("any_generator_will_do",
            """Your mask comes from another generator than torch's own (NumPy's, Python's or a new one), so torch.manual_seed does not
            repeat a run with your layer. Draw with torch.rand, torch.bernoulli or tensor.bernoulli_.""",
            (DRAWN, "torch.empty_like(x).copy_(torch.from_numpy(np.random.random(tuple(x.shape)) >= p))"),
            signs="source_of_chance =one_layer_twice"),
        core("exactly_the_share_p_falls",
            """Your layer always drops the same number of units. Dropout throws one coin for each unit, so the number varies from pass to
            pass.""",
            (
                DRAWN,
                """torch.ones_like(x).reshape(-1)
        mask[torch.randperm(mask.numel(), device=x.device)[: round(p * mask.numel())]] = 0
        mask = mask.reshape(x.shape)""",
            ), signs="number_dropped_of_MyDropout"),
        manner("every_tensor_lives_on_the_cpu",
            """torch.rand(x.shape) makes its numbers on the CPU; with x on a GPU the product fails. Make the mask where x is:
            torch.rand_like(x), torch.empty_like(x), or device=x.device.""",
            (DRAWN, "(torch.rand(x.shape) >= p).to(x.dtype)"), signs="home_of_the_mask"),
        edge("the_latest_mask_is_the_right_one",
            """You keep the mask in one place for all passes, so a second forward pass overwrites what the first one needs on its way back.
            ctx belongs to one pass: save the mask there.""",
            (SAVED, "MyDropoutFunction.mask = mask"),
            ("(mask,) = ctx.saved_tensors", "mask = MyDropoutFunction.mask"), signs="one_layer_twice"),
        manner("a_mask_is_float32",
            """Your mask is float32 whatever x is, and float16 or bfloat16 times float32 is float32: the layer changes the dtype. Make the
            mask in the dtype of x, for example with torch.empty_like(x).""",
            (DRAWN, "(torch.rand(x.shape, device=x.device) >= p).float()"), signs="half_precision"),
        manner("a_mask_is_float64",
            """Your mask is float64 whatever x is, and what it is multiplied by becomes float64: the layer changes the dtype. Make the mask
            in the dtype of x, for example with torch.empty_like(x).""",
            ("torch.empty_like(x)", "torch.empty_like(x, dtype=torch.float64)"), signs="half_precision"),
        manner("p_is_never_one",
            """At p = 1 you divide 0 by 0, which torch does without a word: NaN everywhere. Nobody survives there, so nobody needs a scale:
            return zeros.""",
            (SCALED, "mask /= 1 - p"), signs="at_one_of_MyDropout"),
        manner("nobody_passes_a_wrong_p",
            """A p outside [0, 1] goes through. Whoever writes MyDropout(50) for 50 % should hear a ValueError when the layer is made, and
            not wonder weeks later.""",
            (REFUSED, "p = min(max(p, 0.0), 1.0)"), signs="outside_of_MyDropout"),
        manner("the_mask_belongs_into_the_state",
            """Your layer keeps something in its state_dict. Nothing here is learned, and a saved mask would only make it impossible to load
            the network into one with nn.Dropout. A plain attribute for p is enough.""",
            ("self.p = p", 'self.p = p\n        self.register_buffer("rate", torch.tensor(p))'), signs="saved_state"),
        manner("the_input_is_mine_to_overwrite",
            """You multiply x in place. Whoever still needs x (a shortcut around the layer, the backward pass of the layer before) finds it
            destroyed. Return a new tensor.""",
            ("x * mask", "x.mul_(mask).clone()"), signs="input_after_of_MyDropout"),
        manner("dout_is_mine_to_overwrite",
            "You multiply dout in place. It belongs to torch, which may need it for another branch of the network. Return a new tensor.",
            ("dout * mask, None", "dout.mul_(mask), None"), signs="dout_after_of_MyDropout"),
        core("one_mask_serves_the_whole_batch",
            """All examples of the batch lose the same units. Draw one number for each entry of x.""",
            (DRAWN, "torch.empty_like(x[:1]).bernoulli_(1 - p).expand_as(x).clone()"), signs="rows_of_MyDropout"),
        manner("a_layer_need_not_say_what_it_is",
            """Printed, your layer is MyDropout() and keeps its p to itself. Let extra_repr return a text such as "p=0.3"; it is how people
            check a network they have loaded.""",
            ('f"p={self.p}"', '""'), signs="printed"),
        manner("the_layer_prints_its_own_name",
            """Printed, your layer says its name twice. torch writes the name and the parentheses; extra_repr returns what stands between
            them: "p=0.3".""",
            ('f"p={self.p}"', 'f"MyDropout(p={self.p})"'), signs="printed"),
        manner("a_small_number_in_the_divisor_does_no_harm",
            """You add a small number to 1 - p before you divide, so that the survivors are not quite what they should be. Only p = 1 needs
            care, and that is better asked for.""",
            ("mask /= 1 - p", "mask /= 1 - p + 1e-8"), signs="divisor"),
    ],
    "fixed_training_loop": [
        core("train_once_is_train_for_ever",
            """You call train() once, before the loop. After the first epoch your measuring puts the model into eval mode, and nobody takes
            it out again: from then on you train without dropout. Call train() in every epoch.""",
            TRAINS_ONCE, signs="loop_modes loop_modes_after_eval"),
        core("a_model_is_born_training",
            """You never call train(). A new model happens to be in training mode, but one that was used for a prediction is not, and after
            your first measuring yours is not either. Call train() in every epoch.""",
            ("        model.train()\n", ""), signs="loop_modes loop_modes_after_eval"),
        core("eval_is_for_the_steps_too",
            """Your model is in eval mode at every step, so you train without dropout. Call train() before the steps of an epoch, and eval()
            after them, to measure.""",
            ("model.train()", "model.eval()"), signs="loop_modes loop_modes_after_eval"),
        core("the_first_epoch_trains_by_itself",
            """You call train() after each measuring, but not before the first step. A model that comes in eval mode, because somebody made
            a prediction with it, then goes through its first epoch without dropout. Call train() at the beginning of every epoch.""",
            ("        model.train()\n", ""),
            ("    return seen", "        model.train()\n    return seen"), signs="loop_modes_after_eval"),
        core("a_look_in_between_changes_nothing",
            """You call eval() to measure WITHIN the epoch, and the next step is taken in that mode: from the second step on you train
            without dropout. Measure after the epoch, or call train() again before the next step.""",
            TRAINS_ONCE,
            LOOKS_WITHIN, signs="loop_modes"),
        core("a_look_in_between_changes_nothing",
            """You call eval() to measure WITHIN the epoch, and nobody calls train() again: from the second step on you train without
            dropout. Call train() in every epoch, and measure after it.""",
            ("        model.train()\n", ""),
            LOOKS_WITHIN, signs="loop_modes loop_modes_after_eval"),
        core("a_look_in_between_ends_with_the_epoch",
            """You call eval() to measure WITHIN the epoch, and train() only at the beginning of the next one: of each epoch only the first
            step is taken with dropout. Measure after the epoch, or call train() again before the next step.""",
            LOOKS_WITHIN, signs="loop_modes"),
        core("setting_training_reaches_the_layers",
            """You set model.training yourself. Its layers have flags of their own, and stay as they were: train() and eval() go through all
            of them, an assignment does not.""",
            ("model.train()", "model.training = True"),
            ("model.eval()", "model.training = False"), signs="loop_switch loop_modes"),
        edge("gradients_clear_themselves",
            """You never call zero_grad(). backward() ADDS to what is there already, so each step is taken with the sum of all gradients so
            far. Call optimizer.zero_grad() before each backward().""",
            ("            optimizer.zero_grad()\n", ""), signs="loop_steps"),
        edge("gradients_are_cleared_once_an_epoch",
            """You call zero_grad() once an epoch. backward() ADDS to what is there already, so within an epoch each step is taken with the
            sum of the gradients so far. Call optimizer.zero_grad() before each backward().""",
            ("            optimizer.zero_grad()\n", ""),
            ("model.train()\n", "model.train()\n        optimizer.zero_grad()\n"), signs="loop_steps"),
        core("gradients_are_cleared_before_the_step",
            """Your steps change nothing: after training no weight is different. zero_grad() stands between backward() and step(), so that
            step() finds no gradient; or one of these two is missing. The order is zero_grad(), backward(), step().""",
            ("optimizer.zero_grad()\n            loss.backward()", "loss.backward()\n            optimizer.zero_grad()"),
            signs="loop_steps"),
        core("one_step_is_enough_for_an_epoch",
            """You take one step an epoch, with the gradients of all batches added up. Asked for is a step on each batch: zero_grad(),
            backward() and step() stand together in the inner loop.""",
            ("            optimizer.zero_grad()\n", ""),
            ("            optimizer.step()\n", "        optimizer.step()\n        optimizer.zero_grad()\n"), signs="loop_modes"),
        edge("cross_entropy_wants_probabilities",
            """You apply a softmax before F.cross_entropy, which applies one itself: it wants the scores. With two of them the gradients are
            small, and the loss can never come near 0.""",
            ("cross_entropy(model(X), y)", "cross_entropy(model(X).softmax(dim=1), y)"), signs="loop_steps"),
        edge("the_loss_of_a_batch_is_a_sum",
            """Your loss is the sum over the batch. Asked for is the mean (F.cross_entropy takes it unless you say otherwise): with a sum,
            larger batches take larger steps.""",
            ("cross_entropy(model(X), y)", 'cross_entropy(model(X), y, reduction="sum")'), signs="loop_steps"),
        edge("measuring_needs_no_eval",
            """You measure the accuracy in training mode: a thinned network with noise is asked, not the one you will use. Call eval()
            before you measure, and train() before the next epoch. (torch.no_grad() is another matter: it stops gradients, not dropout.)""",
            ("            model.eval()\n", ""), signs="loop_modes"),
        edge("a_loop_need_not_measure",
            """You got rid of the mistake by not measuring at all. After each epoch the accuracy is wanted, in eval mode; then train()
            brings the model back.""",
            (MEASURED, ""), signs="loop_modes"),
        edge("one_look_will_do",
            """You measure too little: once at the end, or on a single batch. After EACH epoch the accuracy on ALL batches is wanted.""",
            (MEASURED, textwrap.indent(textwrap.dedent(MEASURED), "    ")), signs="loop_modes"),
        manner("the_flags_are_one_per_epoch",
            """Your flags are not those of the steps. Note model.training right before each step: there are epochs * len(batches) of
            them.""",
            ("            seen.append(model.training)\n", ""),
            ("model.train()\n", "model.train()\n        seen.append(model.training)\n"), signs="loop_flags"),
        core("f_dropout_knows_the_mode",
            """The inputs are still dropped after .eval(): F.dropout is a function, knows no module, and takes training=True unless it is
            told otherwise. Write F.dropout(x, p, self.training), or use a layer nn.Dropout.""",
            ("self.drops[0](x)", "F.dropout(x, self.drops[0].p)"), signs="inputs =net_rates"),
        core("f_dropout_knows_the_mode_of_hidden_layers",
            """The hidden units are still dropped after .eval(), and not because of a list. F.dropout is a function and knows no module:
            write F.dropout(x, p, self.training), with self.training looked at in each pass (self.train is a method, and counts as true). A
            layer nn.Dropout has to be made in __init__, where .eval() finds it, and not within forward.""",
            ("drop(torch.relu(linear(x)))", "F.dropout(torch.relu(linear(x)), drop.p)"), signs="hidden =net_rates"),
        core("nobody_has_to_tell_dropout_the_mode",
            """Inputs and hidden units are still dropped after .eval(), and not because of a list. F.dropout is a function and knows no
            module: write F.dropout(x, p, self.training), with self.training looked at in each pass (self.train is a method, and counts as
            true). A layer nn.Dropout has to be made in __init__, where .eval() finds it, and not within forward. And forward itself must
            not call self.train().""",
            ("self.drops[0](x)", "F.dropout(x, self.drops[0].p)"),
            ("drop(torch.relu(linear(x)))", "F.dropout(torch.relu(linear(x)), drop.p)"), signs="inputs hidden =net_rates"),
        core("eval_finds_all_layers_in_a_list",
            """Inputs and hidden units are still dropped after .eval(): your layers of dropout stand in a plain Python list, and torch does
            not look into lists. Put them into an nn.ModuleList, or give each an attribute of its own.""",
            ("nn.ModuleList([nn.Dropout(p_in), nn.Dropout(p), nn.Dropout(p)])", "[nn.Dropout(p_in), nn.Dropout(p), nn.Dropout(p)]"),
            signs="inputs hidden"),
        edge("inputs_need_no_dropout",
            """Your network never drops its inputs. p_in is the probability of dropping them; the patient did so with F.dropout at the
            beginning of forward. Cure that line, do not leave it out.""",
            ("        x = self.drops[0](x)\n", ""), signs="inputs net_rates"),
        edge("the_network_need_not_scale",
            """Your network drops, but does not divide the survivors by 1 minus p: in training every sum is too small. nn.Dropout and
            F.dropout do that for you.""",
            ("self.drops[0](x)", "self.drops[0](x) * (1 - self.drops[0].p if self.training else 1)"),
            ("drop(torch.relu(linear(x)))", "drop(torch.relu(linear(x))) * (1 - drop.p if self.training else 1)"),
            signs="net_factor =net_rates"),
        core("eval_finds_layers_in_a_list",
            """The hidden units are still dropped after .eval(): your layers stand in a plain Python list, and torch does not look into
            lists. Put them into an nn.ModuleList, or give each an attribute of its own.""",
            (
                "self.drops = nn.ModuleList([nn.Dropout(p_in), nn.Dropout(p), nn.Dropout(p)])",
                "self.first, self.drops = nn.Dropout(p_in), [nn.Dropout(p), nn.Dropout(p)]",
            ),
            ("self.drops[0](x)", "self.first(x)"),
            ("self.drops[1:]", "self.drops"), signs="hidden"),
        core("without_dropout_nothing_can_go_wrong",
            """Your network drops nothing, not even in training. That cures the symptom together with the patient: in training the inputs
            are to be dropped with p_in and both hidden layers with p.""",
            ("        x = self.drops[0](x)\n", ""),
            ("drop(torch.relu(linear(x)))", "torch.relu(linear(x))"), signs="hidden inputs"),
        edge("nn_dropout_takes_the_keep_probability",
            """Your network drops with 1 - p_in and 1 - p. nn.Dropout and F.dropout take the probability of DROPPING, as this course does:
            hand them p_in and p as they are.""",
            (RATES_IN_ORDER, "nn.Dropout(1 - p_in), nn.Dropout(1 - p), nn.Dropout(1 - p)"), signs="net_rates"),
        edge("p_in_is_for_the_hidden_units",
            """Your network drops the inputs with p and the hidden units with p_in: the two have changed places.""",
            (RATES_IN_ORDER, "nn.Dropout(p), nn.Dropout(p_in), nn.Dropout(p_in)"), signs="net_rates"),
        edge("p_is_for_all",
            """Your network drops its inputs with p. They have a probability of their own, p_in, which is usually smaller.""",
            (RATES_IN_ORDER, "nn.Dropout(p), nn.Dropout(p), nn.Dropout(p)"), signs="net_rates"),
        edge("one_hidden_dropout_is_enough",
            """Only one of the two hidden layers is dropped. The patient dropped both, and so should the cured network.""",
            (RATES_IN_ORDER, "nn.Dropout(p_in), nn.Dropout(0.0), nn.Dropout(p)"), signs="net_rates net_factor"),
        edge("scores_are_units_too",
            """Your network drops the scores, too. A score that is 0 by chance says nothing about its class: dropout ends with the last
            hidden layer.""",
            ("return self.linears[2](x)", "return self.drops[2](self.linears[2](x))"), signs="net_scores"),
        edge("the_network_ends_with_a_softmax",
            """Your network gives probabilities: it ends with a softmax. F.cross_entropy applies one itself and wants the scores, so with
            yours there are two of them, and the gradients are small. Return the scores.""",
            ("return self.linears[2](x)", "return self.linears[2](x).softmax(dim=1)"), signs="net_output"),
        *(edge("linear_layers_are_a_network",
            """A hidden layer of your network has no ReLU. Two linear layers in a row are no more than one: put a ReLU after each of the
            two, as the patient did.""",
            ("torch.relu(linear(x))", f"(linear(x) if {which} else torch.relu(linear(x)))"), signs="net_relus")
          for which in ("True", "linear is self.linears[0]", "linear is self.linears[1]")),
        edge("any_optimizer_will_do",
            """Your steps are those of Adam, which divides each gradient by its own size. Asked for are plain steps of SGD with the learning
            rate 0.1: torch.optim.SGD(model.parameters(), lr=0.1).""",
            ("torch.optim.SGD(model.parameters(), lr=0.1)", "torch.optim.Adam(model.parameters(), lr=0.001)"), signs="loop_steps"),
        edge("momentum_does_no_harm",
            """Your steps have momentum: each keeps something of those before it. Asked for are plain steps of SGD with the learning rate
            0.1.""",
            ("lr=0.1", "lr=0.1, momentum=0.9"), signs="loop_steps"),
        edge("any_learning_rate_will_do",
            """Your steps are those of SGD, but not with the learning rate 0.1 that is asked for.""",
            ("lr=0.1", "lr=0.01"), signs="loop_steps"),
    ],
}


# a mutant -> why it is no mistake
GIVEN = "the signature stands in the stub"
EQUIVALENT = {
    "MyDropoutFunction": {
        "def __init__(self, p=0.5): -> def __init__(self, p=2.0):": GIVEN,
        "if not self.training or self.p == 0: -> if not self.training or self.p == -1:": "at p = 0 all are kept, and divided by 1",
    },
    "fixed_training_loop": {
        "def __init__(self, p_in=0.2, p=0.5): -> def __init__(self, p_in=1.4, p=0.5):": GIVEN,
        "def __init__(self, p_in=0.2, p=0.5): -> def __init__(self, p_in=0.2, p=2.0):": GIVEN,
        f"{ACCURACY} -> {ACCURACY.replace('==', '!=')}": "what is done with the accuracy is everybody's own business",
    },
}


# ======================================================================================================================= right answers
FORWARD = f"mask = {DRAWN}\n        {SCALED}\n        {SAVED}\n        return x * mask"

VARIANTS = {
    "compare_with_torch": [
        right("compare_by_backward",
            (MULTIPLIER, "out.sum().backward(retain_graph=True)\n    mask = inputs.grad.clone()\n    inputs.grad = None"),
            (GRADIENT, "out.backward(torch.from_numpy(dout.copy()).to(device))\n    grad = inputs.grad"),
            ("float((mask != 0).mean())", "np.count_nonzero(mask) / mask.size")),
        right("compare_twice_backwards",
            (MULTIPLIER, "v = torch.tensor(dout, device=device, requires_grad=True)"),
            (
                GRADIENT,
                """(grad,) = torch.autograd.grad(out, inputs, v, create_graph=True)
    (mask,) = torch.autograd.grad(grad.sum(), v)""",
            )),
    ],
    "MyDropoutFunction": [
        right("WithBooleans",
            (
                FORWARD,
                """kept = torch.rand(x.shape, device=x.device) >= p
        ctx.scale = 1.0 / (1.0 - p) if p < 1.0 else 0.0
        ctx.save_for_backward(kept)
        return torch.where(kept, x * ctx.scale, torch.zeros_like(x))""",
            ),
            (BACKWARD, "return torch.where(ctx.saved_tensors[0], dout * ctx.scale, torch.zeros_like(dout)), None"),
            ('f"p={self.p}"', 'f"p={self.p}, inplace=False"')),
        right("WithMaskedFill",
            (
                FORWARD,
                """gone = torch.empty(x.size(), device=x.device).uniform_() < p
        ctx.gone, ctx.q = gone, 1 - p
        return (x / (1 - p) if p < 1 else x).masked_fill(gone, 0)""",
            ),
            (BACKWARD, "return (dout / ctx.q if ctx.q else dout).masked_fill(ctx.gone, 0), None")),
        right("WithASpawnedGenerator",
            (
                FORWARD,
                """coins = torch.Generator(x.device).manual_seed(torch.randint(2**62, ()).item())
        keep = torch.rand(x.shape, generator=coins, device=x.device) >= p
        ctx.save_for_backward(keep.to(x.dtype) * (1 / (1 - p) if p < 1 else 0))
        return x * ctx.to_save[0]""",
            ),
            (BACKWARD, "return ctx.saved_tensors[0].mul(dout), None"),
            ("class MyDropout(nn.Module)", "class MyDropout(nn.Dropout)"),
            ("super().__init__()", "super().__init__(p)"),
            ("self.p = p", 'self.register_buffer("note", torch.tensor(p), persistent=False)'),
            ("            return x\n", "            return x.clone()\n")),
        right("WithFloat32Coins",
            (
                FORWARD,
                """ctx.set_materialize_grads(False)
        keep = torch.bernoulli(torch.full(x.shape, 1 - p, device=x.device)).to(x.dtype)
        out = x.clone()
        out[keep == 0] = 0
        ctx.p = p
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward(keep)
        return out / (1 - p) if p < 1 else out""",
            ),
            (
                BACKWARD,
                """if dout is None:
            return None, None
        dx = dout * ctx.saved_tensors[0]
        return dx / (1 - ctx.p) if ctx.p < 1 else dx, None""",
            )),
    ],
    "fixed_training_loop": [
        right("in_each_step",
            ("        model.train()\n", ""),
            ("            seen.append(", "            model.train()\n            seen.append("),
            ("            optimizer.step()\n", "            optimizer.step()\n            model.eval()\n"),
            ("self.drops[0](x)", "F.dropout(x, self.drops[0].p, self.training)"),
            ("drop(torch.relu(linear(x)))", "F.dropout(torch.relu(linear(x)), drop.p, self.training)")),
    ],
}


@variant("compare_with_torch")
def compare_by_seed(numpy_forward, numpy_backward, module, x, dout, device):
    module = module.train().to(device)
    state = torch.get_rng_state()
    leaf = torch.tensor(x, device=device, requires_grad=True)
    out = module(leaf)
    out.backward(torch.tensor(dout, device=device))
    results = []
    for value in (0.0, 1.0):  # y = mask * x + c: the same coins for x = 0 and x = 1
        torch.set_rng_state(state)
        results.append(module(torch.full(x.shape, value, dtype=leaf.dtype, device=device)))
    mask = (results[1] - results[0]).numpy()
    mask[np.abs(mask) < 1e-6] = 0.0
    largest = torch.tensor(mask).abs().max().item()
    mask = np.where(mask != 0, np.asarray(largest, x.dtype), np.asarray(0, x.dtype))

    def relative(ours, theirs):
        theirs = theirs.detach().numpy()
        top = np.abs(theirs).max()
        return float(np.abs(ours - theirs).max() / top) if top else float(np.abs(ours).max())

    return {
        "keep_rate": float(np.mean(mask != 0)),
        "grad": relative(numpy_backward(dout, mask), leaf.grad),
        "out": relative(numpy_forward(x, mask), out),
    }


@variant("MyDropoutFunction")
class WithPlainOperations:
    class MyDropout(nn.Module):
        def __init__(self, p=0.5):
            if p < 0 or p > 1:
                raise ValueError("p must be a probability")
            nn.Module.__init__(self)
            self.p = p

        def forward(self, x):
            if self.training:
                q = 1 - self.p
                coins = torch.bernoulli(torch.full_like(x, q))
                return x * coins / q if q > 0 else x * torch.zeros_like(x)
            return x * 1

        def extra_repr(self):
            return "p=" + str(self.p)


@variant("fixed_training_loop")
class ShuffledAndQuiet:
    def fixed_training_loop(model, batches, epochs):
        flags = []
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(epochs):
            model.train(True)
            for k in torch.randperm(len(batches)).tolist():
                X, y = batches[k]
                flags += [model.training]
                loss = nn.CrossEntropyLoss()(model(X), y)
                optimizer.zero_grad(set_to_none=False)
                loss.backward()
                optimizer.step()
            model.train(False)
            X, y = torch.cat([X for X, _ in batches]), torch.cat([y for _, y in batches])
            (model(X).argmax(1) == y).float().mean()
        return tuple(flags)


@variant("fixed_training_loop")
class InOneSequence:
    class FixedNet(nn.Sequential):
        def __init__(self, p_in=0.2, p=0.5):
            hidden = [nn.Dropout(p_in), nn.Linear(20, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(p)]
            super().__init__(*hidden, nn.Linear(64, 2))


@variant("compare_with_torch")
def compare_by_vjp(numpy_forward, numpy_backward, module, x, dout, device):
    out, pull = torch.func.vjp(module.train(), torch.tensor(x, device=device))
    mask, dx = (pull(torch.as_tensor(v, device=device))[0].cpu().numpy() for v in (np.ones_like(x), dout))
    found = {}
    for name, ours, theirs in (("out", numpy_forward(x, mask), out.cpu().numpy()), ("grad", numpy_backward(dout, mask), dx)):
        size = np.linalg.norm(theirs.ravel(), np.inf)
        found[name] = np.linalg.norm((ours - theirs).ravel(), np.inf) / (size if size else 1)
    return {**found, "keep_rate": 1 - (mask == 0).mean()}


@variant("fixed_training_loop")
class WithoutAnOptimizer:
    def fixed_training_loop(model, batches, epochs):
        flags = []
        for _ in range(epochs):
            model.train()
            for X, y in batches:
                flags.append(model.training)
                model.zero_grad()
                F.nll_loss(model(X).log_softmax(dim=1), y).backward()
                for weight in model.parameters():
                    weight.data.sub_(weight.grad, alpha=0.1)
            model.eval()
            with torch.inference_mode():
                np.mean([(model(X).argmax(1) == y).float().mean().item() for X, y in batches])
        return flags

    class FixedNet(nn.Module):
        """A list, and a train that reaches into it; the units fall before the ReLU, which is the same."""

        def __init__(self, p_in=0.2, p=0.5):
            super().__init__()
            self.last = nn.Linear(64, 2)
            self.second, self.first = nn.Linear(64, 64), nn.Linear(20, 64)
            self.drops = [nn.Dropout(p_in), nn.Dropout(p)]

        def train(self, mode=True):
            for drop in self.drops:
                drop.train(mode)
            return super().train(mode)

        def forward(self, x):
            x = self.drops[1](self.first(self.drops[0](x))).clamp(min=0)
            return self.last(self.drops[1](self.second(x)).relu())


@variant("fixed_training_loop")
class ByClosure:
    def fixed_training_loop(model, batches, epochs):
        flags = []
        for _ in range(epochs):
            optimizer = torch.optim.SGD(model.train().parameters(), lr=0.1)
            for X, y in batches:

                def closure(optimizer=optimizer, X=X, y=y):
                    optimizer.zero_grad()
                    loss = F.cross_entropy(model(X), y)
                    loss.backward()
                    return loss

                optimizer.step(closure)
                flags.append(bool(model.training))
            [model.eval()(X) for X, _ in batches]
        model.train()
        return flags

    class FixedNet(nn.Module):
        def __init__(self, p_in=0.2, p=0.5):
            super().__init__()
            self.weights = nn.ParameterList([nn.Parameter(torch.randn(a, b) / 8) for a, b in ((20, 64), (64, 64), (64, 2))])
            self.rates = p_in, p, p

        def forward(self, x):
            for k, (weight, rate) in enumerate(zip(self.weights, self.rates, strict=True)):
                x = x if k == 0 else F.relu(x)
                if self.training:
                    x = x * (torch.rand_like(x) >= rate) / (1 - rate)
                x = x @ weight
            return x
