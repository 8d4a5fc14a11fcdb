"""What a result depends on: an edited file has those assignments judged again that use it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.classes import code_digest
from autograder.sandbox import interpreter

ROOT = code_digest.HOUSE.parent
SOURCES = {folder.name: tuple(p.read_text(encoding="utf-8") for p in (
    folder / "checks.py", folder.with_name(f"{folder.name}_key.py")))
           for folder in sorted((ROOT / "solutions").glob("hw*_*")) if folder.is_dir()}
pytestmark = pytest.mark.skipif(not SOURCES, reason="the assignments of the course are not here")



@pytest.fixture(scope="module")
def counted() -> dict[str, frozenset[Path]]:
    """Assignment -> the files of the kit that its results depend on."""
    return {slug: code_digest.used(*texts) for slug, texts in SOURCES.items()}


@pytest.mark.parametrize(
    ("name", "slugs"),
    [
        ("dropout/torch/loops.py", {"hw8_torch"}),
        ("dropout/spatial/symptoms.py", {"hw5_spatial"}),
        ("dropout/views.py", {"hw5_spatial", "hw6_sequences", "hw7_uncertainty", "hw8_torch"}),
        *((n, set(SOURCES)) for n in ("dropout/masks.py", "checks_api/comparing.py", "chance.py",
                                      "judge.py", "worker/service.py")),
        *((n, set()) for n in ("cli.py", "authoring/demo.py", "checks/__init__.py")),
    ],
)
def test_a_file_matters_to_the_assignments_that_use_it(name: str, slugs: set[str],
                                                       counted: dict[str, frozenset[Path]]) -> None:
    path = code_digest.HOUSE / name
    assert path.is_file()
    assert {slug for slug, files in counted.items() if path in files} == slugs


def test_an_edit_changes_the_digest_where_the_file_matters(tmp_path: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    house = tmp_path / "autograder"
    shutil.copytree(code_digest.HOUSE, house, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    monkeypatch.setattr(code_digest, "HOUSE", house)
    # what was found out before the edit is not remembered
    code = code_digest.code_digest.__wrapped__
    before = {slug: code(*SOURCES[slug]) for slug in ("hw1_dropout", "hw8_torch")}
    with (house / "dropout" / "torch" / "loops.py").open("a", encoding="utf-8") as file:
        file.write("\n# an afterthought\n")
    assert code(*SOURCES["hw1_dropout"]) == before["hw1_dropout"]
    assert code(*SOURCES["hw8_torch"]) != before["hw8_torch"]


def test_nothing_is_loaded_for_judging_that_is_not_counted(
        counted: dict[str, frozenset[Path]]) -> None:
    slug = "hw5_spatial"
    code = f"""
import sys
from pathlib import Path
from autograder.classes import batch
from autograder.staff import load_staff
from autograder.judge import judge
staff = load_staff(Path({str(ROOT)!r}), {slug!r})
judge(staff.assignment.exercise("quiz"), staff.reference, {slug!r}, reference=staff.reference)
print("\\n".join(m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "autograder"))
"""
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True,
                          timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert {Path(line) for line in done.stdout.split()} <= counted[slug]


def test_nor_is_anything_shown_to_a_worker_that_is_not_counted() -> None:
    shown = {path for pattern in interpreter.SHOWN for path in code_digest.HOUSE.glob(pattern)}
    assert shown
    assert shown <= code_digest.used()
