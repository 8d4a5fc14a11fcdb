"""Feedback through nbgrader's exchange: its secret is carried along; without one nobody stops."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator

from nbgrader.exchange.default import ExchangeReleaseFeedback  # type: ignore[import-untyped]

from autograder.nbgrader_plugin.submitted import SECRET


class ReleaseFeedback(ExchangeReleaseFeedback):  # type: ignore[misc]
    """Stock, for hand-ins by the exchange. A page without a secret would end it for all others."""

    def copy_files(self) -> None:
        lacking = sorted(self._lacking())
        for student in lacking:
            self.log.warning("%s has not handed in through the exchange; give the page in "
                             "feedback/ back by another road", student)
        before = self.coursedir.student_id_exclude
        self.coursedir.student_id_exclude = ",".join([*filter(None, [before]), *lacking])
        try:
            super().copy_files()
        finally:
            self.coursedir.student_id_exclude = before

    def _lacking(self) -> Iterator[str]:
        place = self.coursedir.format_path(self.coursedir.feedback_directory, "(?P<student>.*)",
                                           self.coursedir.assignment_id, escape=True)
        for folder in glob.glob(self.src_path):
            found = re.match(place, folder)
            if found and not all(os.path.isfile(os.path.join(folder, name))
                                 for name in (SECRET, "timestamp.txt")):
                yield found["student"]
