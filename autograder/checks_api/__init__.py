"""What the engine offers to every course: how checks and symptoms are written, and common ones.

`from autograder import checks_api as c`, then `c.is_right(...)` in the list of a part, or
`@c.verb()` above a check of your own.
"""

from autograder.checks_api.quiz import *
from autograder.checks_api.results import *
from autograder.checks_api.verb import verb as verb
from autograder.checks_api.views import *
