"""Fixed words for what a student's code made and cannot travel as it is; none are its own.

A name, a message or a number of the student's choosing could carry the inputs of a hidden case into
a report. Both ends of the wire keep to these words, and the judge reads any other as `OWN`.
"""

from __future__ import annotations

import builtins
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

MAX_ELEMENTS = 1_000_000  # of all arrays of one answer, counted as if no axis had the length zero
MAX_NESTED = 100_000  # items of all lists, tuples and dicts of one answer

OWN = "object of a class of your own"
LARGE = f"value of more than {MAX_ELEMENTS} elements"
CROWDED = f"value of more than {MAX_NESTED} nested items"
UNSENT = "value that cannot be sent"
BEYOND = "value beyond what the calls of one check may return together"
HUGE_INT = "int of more than 64 bits"

# what NumPy's one-letter kinds of dtypes that cannot travel are called; a dtype's own name holds
# numbers, and may be anything
_DTYPES = {"O": "object", "U": "str", "S": "bytes", "V": "void", "M": "datetime64",
           "m": "timedelta64"}
_DTYPES |= {"f": "longdouble", "c": "clongdouble"}
_BUILTIN = {name for name, value in vars(builtins).items() if isinstance(value, type)}
_OTHERS = ("function builtin_function_or_method method module generator coroutine async_generator "
           "NoneType ellipsis NotImplementedType dict_keys dict_values dict_items array deque "
           "defaultdict OrderedDict Counter namedtuple SimpleNamespace mappingproxy ndarray matrix "
           "MaskedArray memmap recarray ufunc dtype flatiter nditer Generator RandomState "
           "SeedSequence PCG64 Tensor Parameter DataFrame Series Index Figure Axes")
KINDS = frozenset({OWN, LARGE, CROWDED, UNSENT, BEYOND, HUGE_INT, *_BUILTIN, *_OTHERS.split(),
                   *(f"array of dtype {name}" for name in _DTYPES.values())})
_TOLD = (dict.fromkeys((LARGE, CROWDED, BEYOND), "value too large to be judged")
         | {UNSENT: "value that cannot be judged"})

_CATEGORIES = ({n for n in _BUILTIN if n.endswith("Warning")}
               | {"ComplexWarning", "RankWarning", "VisibleDeprecationWarning"})
# dir(np) would import all that NumPy has
_UFUNCS = sorted(name for name, value in vars(np).items() if isinstance(value, np.ufunc))
_PLACES = "|".join([*_UFUNCS, "cast|dot|reduce|accumulate|reduceat|outer|vecdot|det"])
_NUMPY = re.compile(
    rf"(?:divide by zero|overflow|underflow|invalid value) encountered in (?:scalar )?(?:{_PLACES})"
    r"|Mean of empty slice\.?|Degrees of freedom <= 0 for slice\.?|All-NaN (?:slice|axis) "
    r"encountered")


def extent(shape: Sequence[int]) -> int:
    """How many elements an array's shape stands for: axes count beside one of length zero."""
    return math.prod(max(1, length) for length in shape)


def type_name(value: Any) -> str:
    """The name of a value's type, whatever its class says of itself."""
    return str(type.__dict__["__name__"].__get__(type(value)))


def kind(value: Any) -> str:
    """The name of a value's type if it is one that many programs have, else `OWN`."""
    name = type_name(value)
    return name if name in KINDS else OWN


def dtype_kind(dtype: np.dtype[Any]) -> str:
    """What an array is called whose numbers cannot travel."""
    return f"array of dtype {_DTYPES.get(dtype.kind, 'object')}"


def told(kind: str) -> str:
    """What a message calls such a value: "ndarray", "value too large to be judged"."""
    return _TOLD.get(kind) or known(kind).replace("array of dtype ", "array of ")


def known(text: str) -> str:
    """The text if it is one of these words, else `OWN`."""
    return text if text in KINDS else OWN


def warning(text: str) -> str:
    """All of a RuntimeWarning of NumPy's own; of other warnings the category."""
    category, _, message = text.partition(": ")
    if category not in _CATEGORIES:
        return "a warning of your own"
    return text if _NUMPY.fullmatch(message) else category
