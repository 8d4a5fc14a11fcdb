# ruff: noqa: E402 - what is imported first decides how long the rest takes
"""The steps that stand in nbgrader's lists, put there by name by `nbgrader_config.configure`.

Of an assignment without a checks.py each does what the steps do in whose place it stands
(elsewhere.py).

zip_collect           CollectCarefully  whose hand-in is this file
generate_assignment   FinishRelease     hints.json, layout.json, and nothing that does not belong
autograde, pass 1     accept_any_name   a notebook called "hw1_dropout (1).ipynb" is one
                      HandInExporter    reads any hand-in, or says in one line why not RepairHandIn
                      cells and metadata as they were released, answers as they were handed in
autograde, pass 2     GradeOutside      student code answers in its sandbox; the verdict goes below
the check cells
                      SaveKitGrades     marks and reasons, and no stale ones
                      MakeHarmless      what staff and students will open in a browser
generate_feedback     OpenWithSummary   what the page begins with
                      FeedbackPage      readable without a network
export                QuestionCsv       a column per exercise
"""

import warnings

from autograder.surroundings import import_jsonschema_quickly

import_jsonschema_quickly()  # before the steps below import nbgrader

from autograder.nbgrader_plugin.elsewhere import InstantiateElsewhere
from autograder.nbgrader_plugin.feedback import FeedbackPage, OpenWithSummary
from autograder.nbgrader_plugin.grade_step import GradeOutside
from autograder.nbgrader_plugin.handin import HandInExporter, accept_any_name
from autograder.nbgrader_plugin.marks import SaveKitGrades
from autograder.nbgrader_plugin.release_files import FinishRelease
from autograder.nbgrader_plugin.repair import RepairHandIn
from autograder.nbgrader_plugin.sanitize import MakeHarmless
from autograder.nbgrader_plugin.standings import QuestionCsv
from autograder.nbgrader_plugin.zip_collect import CollectByName, CollectCarefully

# nbgrader 0.9.6 with SQLAlchemy 2.1 prints six of these lines for each new submission; they are
# about its own session and mean nothing
warnings.filterwarnings("ignore", message="Object of type <Submitted", module="nbgrader.api")

__all__ = ["CollectByName", "CollectCarefully", "FeedbackPage", "FinishRelease", "GradeOutside",
           "HandInExporter", "InstantiateElsewhere", "MakeHarmless", "OpenWithSummary",
           "QuestionCsv", "RepairHandIn", "SaveKitGrades", "accept_any_name"]
