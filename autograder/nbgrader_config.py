"""The settings under which stock nbgrader serves this course; its config calls `configure`.

Lists are assigned as a whole and hold dotted names: nbgrader loads its configuration twice
(appending would run a step twice), and formgrader prints it as JSON.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import sysconfig
from typing import Any

PLUGIN = "autograder.nbgrader_plugin"
STOCK = "nbgrader.preprocessors"

# What is never copied: from solutions/<slug>/ to students, from hand-ins to autograded/, from
# autograded/ to feedback/. The key lies beside the folder and is out of reach anyway; the pattern
# catches one that was put into it by mistake.
IGNORED = [
    ".*",  # .ipynb_checkpoints, .pytest_cache, .DS_Store, .git, editors' hidden files
    "__pycache__",
    "*.py[cod]",
    "*_key.py",
    "feedback",
    "gradebook.db*",
    "*~",
    "*.bak",
    "*.orig",
    "*.rej",
    "*.swp",
    "*.tmp",
    "Thumbs.db",
    "desktop.ini",
]

GENERATE = [
    f"{STOCK}.IncludeHeaderFooter",
    # InstantiateTests would start a kernel, and the kit's tests are its checks
    f"{PLUGIN}.InstantiateElsewhere",
    f"{STOCK}.LockCells",
    f"{STOCK}.ClearSolutions",
    f"{STOCK}.ClearOutput",
    f"{STOCK}.CheckCellMetadata",
    f"{STOCK}.ComputeChecksums",
    f"{STOCK}.SaveCells",
    f"{STOCK}.ClearHiddenTests",
    f"{STOCK}.ClearMarkScheme",
    f"{STOCK}.ComputeChecksums",
    f"{STOCK}.CheckCellMetadata",
    # writes hints.json and layout.json, and refuses files that do not belong
    f"{PLUGIN}.FinishRelease",
]

SANITIZE = [
    # RepairHandIn does what ClearOutput and DeduplicateIds would, also under --no-execute and for
    # metadata that would abort the run
    f"{PLUGIN}.RepairHandIn",
    f"{STOCK}.OverwriteKernelspec",
    f"{STOCK}.OverwriteCells",
    f"{STOCK}.CheckCellMetadata",
]

AUTOGRADE = [
    # stands where Execute stood; no student code runs in this process or in a kernel
    f"{PLUGIN}.GradeOutside",
    f"{STOCK}.LimitOutput",
    f"{PLUGIN}.SaveKitGrades",
    f"{STOCK}.AssignLatePenalties",
    f"{PLUGIN}.MakeHarmless",  # last of all: it shortens sources, and checksums are read before
    f"{STOCK}.CheckCellMetadata",
]

FEEDBACK = [f"{STOCK}.GetGrades", f"{PLUGIN}.OpenWithSummary",
            "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor"]


def configure(c: Any, source: str = "solutions", release: str = "assignments") -> None:
    """Fill nbgrader's configuration; folders, header and course_id that a course has set stay."""
    find_alembic()
    find_driver()
    ours: dict[str, Any] = {"source_directory": source, "release_directory": release,
                            "ignore": IGNORED}
    # of `nbgrader generate_solution`; not to be taken for solutions/
    ours["solution_directory"] = "build/solution"
    # as nbgrader's API has it; its commands say "", for which PostgreSQL finds no course
    ours["course_id"] = "default_course"
    for name, value in ours.items():
        c.CourseDirectory.setdefault(name, value)
    c.IncludeHeaderFooter.setdefault("header", f"{c.CourseDirectory.source_directory}/header.ipynb")
    c.GenerateAssignment.preprocessors = GENERATE
    c.Autograde.pre_convert_hook = f"{PLUGIN}.accept_any_name"
    c.Autograde.exporter_class = f"{PLUGIN}.HandInExporter"
    c.Autograde.sanitize_preprocessors = SANITIZE
    c.Autograde.autograde_preprocessors = AUTOGRADE
    c.GenerateFeedback.preprocessors = FEEDBACK
    c.GenerateFeedback.exporter_class = f"{PLUGIN}.FeedbackPage"
    c.ExportApp.plugin_class = f"{PLUGIN}.QuestionCsv"
    c.ExchangeFactory.release_feedback = f"{PLUGIN}.exchange.ReleaseFeedback"
    c.ZipCollectApp.collector_plugin = f"{PLUGIN}.CollectByName"
    c.ZipCollectApp.extractor_plugin = f"{PLUGIN}.CollectCarefully"


# ------------------------------------------------------------------------------------------ alembic
def find_alembic() -> None:
    """See that nbgrader finds `alembic`, which makes its gradebook; else end with a sentence.

    Without this a gradebook made from outside the virtual environment is left half made, and no
    later command can mend it.
    """
    if shutil.which("alembic"):
        return
    user = sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))
    here = [os.path.dirname(sys.executable), sysconfig.get_path("scripts"), user]
    found = next((folder for folder in here if shutil.which("alembic", path=folder)), None)
    if found is None:
        # SystemExit, because nbgrader goes on with its default settings after any other error in a
        # configuration file
        raise SystemExit(
            "nbgrader needs the program `alembic` to make a gradebook, and there is none beside "
            "this Python or on PATH. Install it with: python -m pip install alembic")
    os.environ["PATH"] = found + os.pathsep + os.environ.get("PATH", "")


# ----------------------------------------------------------------------------------------- database
def find_driver() -> None:
    """End with a sentence where the database's driver is not here, and nbgrader would crash.

    nbgrader reads its configuration more than once, so what stands below `configure`, or on the
    command line, is known the last time.
    """
    from traitlets.config import Application

    app = Application.instance() if Application.initialized() else None
    if lacking := lacking_driver(getattr(getattr(app, "coursedir", None), "db_url", "")):
        raise SystemExit(lacking)


def lacking_driver(address: str) -> str:
    """Why the database at this address is out of reach, with the mend; "" when all seems well."""
    if not address or address.startswith("sqlite:"):
        return ""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError

    try:
        create_engine(address)  # connects to nothing yet
    except (ImportError, NoSuchModuleError) as error:
        mend = ("Install it with: pip install 'psycopg[binary]', and write "
                "postgresql+psycopg://... in nbgrader_config.py.")
        return f"The gradebook {shown(address)} needs a driver that is not here ({error}). {mend}"
    return ""


def shown(address: str) -> str:
    """Where a gradebook is, without a password."""
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", address)
