"""What the tests share: the toy course, released once; a copy of it for whoever wants to change something."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograder.release import release
from autograder.tests.classroom import SLUG, TOY

SLOW_ONES_STAY_OUT = "not slow"  # unless the command line chooses by marker itself

collect_ignore_glob = ["course/*"]  # a course of its own: its notebooks and checks are material, not tests


def pytest_configure(config: pytest.Config) -> None:
    """A plain `pytest` leaves out the sweeps that take minutes."""
    config.option.markexpr = config.option.markexpr or SLOW_ONES_STAY_OUT


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
