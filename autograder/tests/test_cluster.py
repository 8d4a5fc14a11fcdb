"""A class on a Dask cluster of several processes, started by the documented commands: the same marks, whatever happens to a worker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from autograder.batch import Batch, Graded
from autograder.cli import main
from autograder.isolation import choose
from autograder.model import CourseError
from autograder.tests.classroom import RIGHT, SLUG, WRONG, Classroom, answered, make

pytest.importorskip("distributed", reason="the package distributed (the extra [dask]) is not installed")

from autograder import cluster

pytestmark = [pytest.mark.nbgrader, pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")]
SLOW = RIGHT.replace("    return", "    import time; time.sleep(0.02)\n    return")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two worker processes, who leave no copy of the course behind."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found, folder = f"tcp://127.0.0.1:{port}", tmp_path_factory.mktemp("dask")
    with (folder / "log").open("w") as out:
        commands = (["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
                    ["worker", found, "--nworkers", "2", "--nthreads", "1", "--no-dashboard",
                     "--local-directory", str(folder)])  # fmt: skip
        running = [subprocess.Popen([sys.executable, "-m", "dask", *words], stdout=out, stderr=out) for words in commands]
    try:
        yield found
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(30)
    assert not list(folder.rglob("solutions"))


@pytest.fixture
def room(tmp_path: Path) -> Classroom:
    """A class of twelve, one of them unreadable."""
    found = make(tmp_path / "course")
    for n in range(11):
        found.submit(f"s{n:02}", answered(found.released(), (SLOW, WRONG, RIGHT)[n % 3] + f"# {n}\n"))
    found.submit("s11", "no notebook")
    return found


def told(graded: list[Graded]) -> list[tuple[str, str, float | None]]:
    return sorted((g.student, g.status, g.points) for g in graded)


def test_a_cluster_gives_the_same_marks_though_a_worker_is_killed(room: Classroom, address: str, tmp_path: Path) -> None:
    here = Batch(room.root, SLUG, choose())
    wanted = told(list(here.run()))
    other = make(tmp_path / "other")
    (other.root / "submitted").symlink_to(room.root / "submitted")
    with cluster.connected(address) as (client, workers):
        client.wait_for_workers(2, timeout=60)
        pids = list(client.run(os.getpid).values())
        batch = Batch(other.root, SLUG, choose(), workers, pool=partial(cluster.executor, client))
        graded = []
        for one in batch.run():
            graded.append(one)
            if len(graded) == 2:
                os.kill(pids[0], signal.SIGKILL)
        assert told(graded) == wanted
        time.sleep(0.1)
        assert set(client.run(os.getpid).values()) != set(pids), "no worker was killed"
    for student, status, _ in wanted:
        if status == "graded":
            assert other.grades(student) == room.grades(student)
            assert other.autograded(student) == room.autograded(student)


def test_what_is_remembered_is_not_judged_again_there(room: Classroom, address: str) -> None:
    with cluster.connected(address) as (client, workers):
        pool = partial(cluster.executor, client)
        list(Batch(room.root, SLUG, choose(), workers, pool=pool).run())
        room.change("update grade set auto_score = 0 where auto_score = 3")
        again = Batch(room.root, SLUG, choose(), workers, pool=pool)
        list(again.run())
    assert (again.tally.graded > 0, again.tally.judged) == (True, 0)
    assert room.total("s00") == 5


def test_the_command_speaks_to_the_cluster(room: Classroom, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", SLUG, "--course", str(room.root), "--dask", address, "--student", "s00", "s01", "--quiet"]) == 0
    assert "2 graded" in capsys.readouterr().out


def test_without_a_cluster_the_error_says_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SECONDS", 0.5)
    with pytest.raises(CourseError, match=r"dask worker tcp://127\.0\.0\.1:1 --nworkers auto --nthreads 1"):
        cluster.connected("tcp://127.0.0.1:1").__enter__()
