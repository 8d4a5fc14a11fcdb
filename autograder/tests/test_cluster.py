"""A class on a Dask cluster, started as documented: the same marks, whatever happens."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from autograder.classes.batch import Batch
from autograder.classes.desk import Graded
from autograder.cli import main
from autograder.model import Broken, CourseError
from autograder.sandbox import choose
from autograder.tests.classroom import RIGHT, SLUG, WRONG, Classroom, answered, make

pytest.importorskip("distributed",
                    reason="the package distributed (the extra [dask]) is not installed")

from autograder.classes import cluster

pytestmark = [pytest.mark.nbgrader,
              pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")]
SLOW = RIGHT.replace("    return", "    import time; time.sleep(0.02)\n    return")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys") / "dask-keys"
    assert main(["dask-keys", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[str]:
    """The address of a scheduler with two workers, who leave no copy of the course behind."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found, folder = f"tls://127.0.0.1:{port}", tmp_path_factory.mktemp("dask")
    environment = os.environ | {"DASK_CONFIG": str(keys)}
    with (folder / "log").open("w") as out:
        commands = (["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
                    ["worker", found, "--nworkers", "2", "--nthreads", "1", "--no-dashboard",
                     "--local-directory", str(folder)])
        running = [subprocess.Popen([sys.executable, "-m", "dask", *words], stdout=out, stderr=out,
                                    env=environment) for words in commands]
    try:
        yield found
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(300)
    assert not list(folder.rglob("solutions"))


@pytest.fixture
def room(tmp_path: Path) -> Classroom:
    """A class of eight, one of them unreadable."""
    found = make(tmp_path / "course")
    for n in range(7):
        found.submit(f"s{n:02}", answered(found.released(),
                                          (SLOW, WRONG, RIGHT)[n % 3] + f"# {n}\n"))
    found.submit("s07", "no notebook")
    return found


def told(graded: list[Graded]) -> list[tuple[str, str, float | None]]:
    return sorted((g.student, g.status, g.points) for g in graded)


def test_a_cluster_gives_the_same_marks_though_a_worker_is_killed(
        room: Classroom, address: str, keys: Path, tmp_path: Path) -> None:
    here = Batch(room.root, SLUG, choose())
    wanted = told(list(here.run()))
    other = make(tmp_path / "other")
    (other.root / "submitted").symlink_to(room.root / "submitted")
    with cluster.connected(address, keys) as (client, workers):
        client.wait_for_workers(2, timeout=300)
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


def test_what_is_remembered_is_not_judged_again_there(room: Classroom, address: str,
                                                      keys: Path) -> None:
    with cluster.connected(address, keys) as (client, workers):
        pool = partial(cluster.executor, client)
        list(Batch(room.root, SLUG, choose(), workers, pool=pool).run())
        room.change("update grade set auto_score = 0 where auto_score = 3")
        again = Batch(room.root, SLUG, choose(), workers, pool=pool)
        list(again.run())
    assert (again.tally.graded > 0, again.tally.judged) == (True, 0)
    assert room.total("s00") == 5


def test_the_command_speaks_to_the_cluster(room: Classroom, address: str, keys: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    (room.root / cluster.KEYS).symlink_to(keys)
    assert main(["grade", SLUG, "--course", str(room.root), "--dask", address, "--student", "s00",
                 "s01", "--quiet"]) == 0
    assert "2 graded" in capsys.readouterr().out


def test_without_a_cluster_the_error_says_how_to_start_one(monkeypatch: pytest.MonkeyPatch,
                                                           keys: Path) -> None:
    monkeypatch.setattr(cluster, "SECONDS", 0.5)
    with pytest.raises(CourseError, match=r"DASK_CONFIG=dask-keys dask worker tls://127\.0\.0\.1:1 "
                       r"--no-dashboard --nworkers auto"):
        cluster.connected("tls://127.0.0.1:1", keys).__enter__()


# ----------------------------------------------------------------------------------------- the keys
def test_keys_are_for_their_owner_and_are_not_overwritten(keys: Path) -> None:
    path = keys / cluster.CONFIG
    assert (path.stat().st_mode & 0o777, keys.stat().st_mode & 0o777) == (0o600, 0o700)
    before = path.read_bytes()
    with pytest.raises(CourseError, match="is there already"):
        cluster.make_keys(keys)
    assert path.read_bytes() == before


def test_nothing_goes_to_a_cluster_without_keys(keys: Path, tmp_path: Path) -> None:
    with pytest.raises(CourseError,
                       match=r"does not begin with tls://.*DASK_CONFIG=dask-keys dask scheduler"):
        cluster.connected("tcp://127.0.0.1:1", keys).__enter__()
    with pytest.raises(CourseError, match="Make keys with `autograder dask-keys`"):
        cluster.connected("tls://127.0.0.1:1", tmp_path / "nowhere").__enter__()


def test_who_has_no_key_or_another_one_is_not_spoken_to(address: str, keys: Path, tmp_path: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Client

    with pytest.raises(OSError, match=r"(?i)timed out|closed|reset|connect"):
        Client(address.replace("tls", "tcp"), timeout=3, set_as_default=False)  # type: ignore[no-untyped-call]
    cluster.make_keys(tmp_path / "other")
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "SECONDS", 3)
        with pytest.raises(CourseError,
                           match="No Dask cluster with a worker and these keys answers"):
            cluster.connected(address, tmp_path / "other").__enter__()
    with cluster.connected(address, keys) as (client, _):  # the same question with the right keys
        assert client.scheduler_info()["workers"]


# ---------------------------------------------------------------------------------- what comes back
RAN: list[str] = []


def ran(text: str) -> None:
    RAN.append(text)


class Loud:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return ran, ("here",)


def test_a_result_is_plain_data_with_its_types(room: Classroom) -> None:
    (graded,) = list(Batch(room.root, SLUG, choose()).run(["s00"]))
    assert cluster.unpacked(cluster._packed(cluster.Result(graded)), "s00") == graded


@pytest.mark.parametrize("data", [b"", pickle.dumps(Loud()), b"\x81\xa6graded\x01", b"\xc1", None,
                                  Loud(), b"\x80"])
def test_anything_else_is_no_result(data: object) -> None:
    with pytest.raises(Broken, match="sent what is no result"):
        cluster.unpacked(data, "s00")
    assert RAN == []


def test_what_a_worker_met_is_raised_here() -> None:
    with pytest.raises(CourseError, match="no such thing"):
        cluster.unpacked(cluster._packed(cluster.Result(course_error="no such thing")), "s00")
    with pytest.raises(Broken, match="another version"):
        cluster.unpacked(cluster._packed(cluster.Result(broken="another version")), "s00")
