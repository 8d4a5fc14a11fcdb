"""JupyterLab in a real browser: what is run is told below the cell, whole, light and dark."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from autograder.tests.front_ends import PLACES, SCENES, THEMES, tour

NEEDED = {"pip install playwright": find_spec("playwright"), "chromium": shutil.which("chromium")}
LACKING = [name for name, there in NEEDED.items() if not there]
pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(bool(LACKING), reason=f"needs {', '.join(LACKING)}")]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("front", PLACES)
def test_hw1_is_typed_run_and_read(front: str, theme: str, tmp_path: Path) -> None:
    if not find_spec(front):
        pytest.skip(f"needs pip install {front}")
    for name, seen in tour(front, theme, tmp_path).items():
        assert SCENES[name] in seen.text, seen.text
        assert (seen.wide, seen.faint) == ([], []), name
        assert seen.texts > 5, name
