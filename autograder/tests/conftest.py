"""What the tests share: the toy course, released once, and a copy of it to be changed."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.authoring.release import release
from autograder.tests.classroom import SLUG, TOY

SLOW_ONES_STAY_OUT = "not slow"  # unless the command line chooses by marker itself

# a course of its own: its notebooks and checks are material, not tests
collect_ignore_glob = ["course/*"]


def pytest_configure(config: pytest.Config) -> None:
    """A plain `pytest` leaves out the sweeps that take minutes."""
    config.option.markexpr = config.option.markexpr or SLOW_ONES_STAY_OUT
    for library in ("OMP", "OPENBLAS", "MKL"):  # of xdist's workers, and of what tests start
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


class _Trips(logging.Handler):
    """What the judge's and the facts' last nets caught."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.caught: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.caught.append(record.getMessage())


_TRIPS = _Trips()
logging.getLogger("autograder").addHandler(_TRIPS)
logging.getLogger("autograder").setLevel(logging.INFO)


@pytest.fixture(autouse=True)
def nothing_trips(request: pytest.FixtureRequest) -> Iterator[None]:
    """An answer over which a check or fact trips harms no class; here it fails the test."""
    _TRIPS.caught.clear()
    yield
    if request.node.get_closest_marker("trips") is None:
        assert not _TRIPS.caught, ("a check or a fact tripped over an answer; the helpers of "
                                   "asking.py should have made a Wrong of it")


@pytest.fixture(scope="session")
def released_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a released toy course. Whoever changes a file takes `toy` instead."""
    root = tmp_path_factory.mktemp("toy") / "course"
    shutil.copytree(TOY, root, ignore=shutil.ignore_patterns("__pycache__"))
    release(root, [SLUG])
    return root


@pytest.fixture
def toy(released_once: Path, tmp_path: Path) -> Path:
    """The root of a toy course of one's own, released."""
    return Path(shutil.copytree(released_once, tmp_path / "course"))
