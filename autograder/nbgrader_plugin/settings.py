"""The course's own nbgrader settings, for a road that nbgrader's command does not walk."""

from __future__ import annotations

import logging
import sys
from datetime import tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nbgrader.apps import AutogradeApp  # type: ignore[import-untyped]
from nbgrader.converters import Autograde  # type: ignore[import-untyped]
from nbgrader.preprocessors import AssignLatePenalties  # type: ignore[import-untyped]
from traitlets import TraitError

from autograder import nbgrader_config
from autograder.model import CourseError

MANIFEST = "collected.json"  # beside the archives: what was collected from which file

OURS = {
    "sanitize_preprocessors": nbgrader_config.SANITIZE,
    "autograde_preprocessors": nbgrader_config.AUTOGRADE,
    "exporter_class": f"{nbgrader_config.PLUGIN}.HandInExporter",
    "pre_convert_hook": f"{nbgrader_config.PLUGIN}.accept_any_name",
}


def converter(root: Path, slug: str) -> Any:
    """The course's Autograde of nbgrader; CourseError for steps that the quick road lacks."""
    app = _app(root, slug)
    _refuse_other_steps(app.config)
    return Autograde(coursedir=app.coursedir, parent=app)


def collecting(root: Path, slug: str) -> tuple[Any, Path]:
    """The CourseDirectory of nbgrader, and where the archives of an assignment lie."""
    app = _app(root, slug)
    return app.coursedir, downloaded(app, slug)


def students_see(root: Path) -> list[Path]:
    """The folders of the course at `root` that students come to see, or that are copied to them."""
    c = _app(root, "").coursedir
    steps = (c.release_directory, c.submitted_directory, c.autograded_directory,
             c.feedback_directory, c.source_directory)
    return [root / step for step in steps]


def zone(name: str) -> tzinfo:
    """The time zone of that name, "Europe/Berlin"; CourseError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CourseError(f"There is no time zone {name!r}. Write it like Europe/Berlin, "
                          "America/New_York or UTC.") from None


def downloaded(app: Any, slug: str) -> Path:
    """Where the archives of an assignment lie, and the list of what was collected from them."""
    return Path(app.coursedir.root) / (app.config.ZipCollectApp.get("downloaded_directory")
                                       or "downloaded") / slug


def _app(root: Path, slug: str) -> Any:
    app = AutogradeApp()
    app.log_level = logging.ERROR
    app.initialize([], root=str(root.resolve()))
    app.coursedir.assignment_id = slug
    return app


def _refuse_other_steps(config: Any) -> None:
    told = config.Autograde
    other = [name for name, ours in OURS.items() if told.get(name) != ours]
    other += [name for name in ("post_convert_hook", "preprocessors") if told.get(name)]
    if other or told.get("create_student") is False:
        raise CourseError(f"nbgrader_config.py sets c.Autograde.{(other or ['create_student'])[0]} "
                          "to something of its own, which only `nbgrader autograde` follows. "
                          "Grade with that command, or take the line out.")


def late_penalties(converter: Any) -> Any:
    """The step for late hand-ins, with the course's plugin, perhaps from beside its config."""
    root = str(converter.coursedir.root)
    sys.path.insert(0, root)  # where nbgrader has the folder in which it was started
    try:
        step = AssignLatePenalties(parent=converter)
        step.init_plugin()
    except TraitError as error:
        mend = "Put the file beside nbgrader_config.py, and see how its names are written."
        raise CourseError(f"nbgrader_config.py: {error}. {mend}") from error
    finally:
        sys.path.remove(root)
    return step
