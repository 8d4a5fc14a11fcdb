"""The nouns of the kit: frozen records, standard library only, no behaviour that needs numpy.

Everything above speaks in these words. A *subject* is anything that can be asked (the student's
notebook behind the wire, the reference in this process); a *call* is one question; an *answer* is
what came back; a *check* turns answers into a *verdict*; a *report* is all that is known about one
submission.
"""

from __future__ import annotations

from autograder.model.errors import *
from autograder.model.questions import *
from autograder.model.results import *
from autograder.model.rubric import *
