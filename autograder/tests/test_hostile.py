"""Every hostile or clumsy behaviour on every sandbox: the judge survives, and nothing leaks.

The judge of each sandbox runs in a process of its own, and in a process namespace of its own where
there is one: should a defence fail, `kill(-1)` ends that judge and not whoever runs the tests.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache

import pytest

from autograder.sandbox import holes
from autograder.tests.behaviours import BEHAVIOURS

pytestmark = [pytest.mark.hostile,
              pytest.mark.skipif(sys.platform != "linux", reason="the sandboxes need Linux")]

SANDBOXES = ("bubblewrap", "landlock", "bubblewrap-warm", "landlock-warm")
OUTER = ("bwrap", "--dev-bind", "/", "/", "--unshare-pid", "--unshare-ipc", "--proc", "/proc",
         "--die-with-parent", "--")
SECONDS = 1200  # for all of them on a busy machine; alone they take a tenth

Results = dict[str, list[str]]


def _outer() -> tuple[str, ...]:
    """The command that gives the judge a namespace of its own, or none where not allowed."""
    try:
        works = subprocess.run([*OUTER, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        works = False
    return OUTER if works else ()


@lru_cache
def _results(backend: str, names: tuple[str, ...]) -> Results:
    """Behaviour -> problems; a behaviour that ended the judge is missing."""
    command = [*_outer(), sys.executable, "-m", "autograder.tests.hostile_judge", backend,
               json.dumps(names)]
    environment = os.environ | {"HOSTILE_SECRET": "the-secret-" + secrets.token_hex(16)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS,
                          env=environment, check=False)
    results = {name: problems for name, problems, _ in map(json.loads, done.stdout.splitlines())}
    if done.returncode:
        results["the judge"] = [f"ended with {done.returncode}: {done.stderr[-2000:]}"]
    return results


@pytest.fixture
def results(backend: str, request: pytest.FixtureRequest) -> Results:
    """What came of the behaviours selected for this run, met one by one by one judge."""
    name = backend.removesuffix("-warm")
    if holes(name):
        pytest.skip(f"{backend} does not hold here: {holes(name)[0]}")
    params = [getattr(item, "callspec", None) for item in request.session.items]
    chosen = {p.params["name"] for p in params
              if p is not None and p.params.get("backend") == backend and "name" in p.params}
    return _results(backend, tuple(sorted(chosen)))


def _meetings() -> Iterator[object]:
    """Every behaviour in every sandbox; a plain run meets each warm, and each sixth afresh."""
    for number, behaviour in enumerate(BEHAVIOURS):
        for backend in SANDBOXES:
            left = pytest.mark.slow if number % 6 and not backend.endswith("-warm") else ()
            yield pytest.param(behaviour.name, backend, marks=left,
                               id=f"{behaviour.name}-{backend}")


@pytest.mark.parametrize(("name", "backend"), [*_meetings()])
def test_a_behaviour_costs_only_itself(name: str, backend: str, results: Results) -> None:
    assert name in results, f"the judge did not survive: {results.get('the judge')}"
    assert results[name] == []


@pytest.mark.parametrize("backend", SANDBOXES)
def test_the_judge_ends_in_peace(backend: str, results: Results) -> None:
    assert "the judge" not in results


def test_every_behaviour_has_a_name_of_its_own() -> None:
    assert len({b.name for b in BEHAVIOURS}) == len(BEHAVIOURS) >= 89
