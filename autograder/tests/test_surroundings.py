"""Odd machines: the kit works there, or says in one line what to do."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import sandbox, surroundings
from autograder.cli import main
from autograder.model import Broken, Call, Cell, CourseError, Limits, Role
from autograder.sandbox import BACKENDS, Isolation, choose, holes, interpreter
from autograder.subjects.remote import Remote
from autograder.tests.classroom import RIGHT, SLUG, Classroom, answered, make

linux = pytest.mark.skipif(sys.platform != "linux", reason="about Linux")


def python(*words: str, before: tuple[str, ...] = (),
           **environment: str) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, *words]
    return subprocess.run(command, env=os.environ | environment, capture_output=True,
                          text=True, check=False)


def test_small_matrices_have_one_thread_unless_somebody_wants_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a busy machine threads waited seven times as long as they computed (128 x 128)."""
    for library in surroundings.LIBRARIES:
        monkeypatch.delenv(f"{library}_NUM_THREADS", raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "4")
    assert main(["data"]) == 0
    assert ([os.environ[f"{library}_NUM_THREADS"] for library in surroundings.LIBRARIES]
            == ["1", "1", "4"])
    assert "sonar" in capsys.readouterr().out


@pytest.fixture
def room(tmp_path: Path) -> Classroom:
    found = make(tmp_path / "course")
    for n in range(2):
        found.submit(f"s{n}", answered(found.released(), RIGHT + f"# {n}\n"))
    return found


# -------------------------------------------------------------------------------- without sentences
def test_python_without_docstrings_or_asserts_is_refused_in_one_sentence(toy: Path) -> None:
    notebook = toy / "assignments" / SLUG / f"{SLUG}.ipynb"
    done = python("-m", "autograder", "check", str(notebook), PYTHONOPTIMIZE="1")
    assert done.returncode != 0
    assert ((done.stdout + done.stderr).strip().splitlines()
            == [f"autograder: {surroundings.OPTIMIZED}"])
    done = python("-c", "from autograder.model import CourseError\ntry: import "
                  "autograder.checks_api\nexcept CourseError as e: print(e)", PYTHONOPTIMIZE="2")
    assert done.stdout.strip() == surroundings.OPTIMIZED, done.stderr


@linux
def test_a_worker_keeps_its_asserts_whatever_the_grader_is_told() -> None:
    source = ("from autograder.sandbox import choose\nfrom autograder.model import *\n"
              "from autograder.subjects.remote import Remote\n")
    source += "c = Cell('a', Role.ANSWER, 'def f(): assert False, __debug__')\n"
    source += "print(Remote(choose(), [c]).ask([Call('f')], 9)[0].error)"
    done = python("-c", source, PYTHONOPTIMIZE="2")
    assert done.stdout == "AssertionError: True\n", done.stderr


# ------------------------------------------------------------------------------------ a long TMPDIR
@linux
@pytest.mark.nbgrader
def test_a_long_tmpdir_is_no_hindrance(room: Classroom, tmp_path: Path) -> None:
    folder = tmp_path / ("t" * (80 - len(str(tmp_path))) if len(str(tmp_path)) < 70 else "t" * 20)
    folder.mkdir()
    assert len(str(folder)) >= 80
    done = python("-m", "autograder", "grade", SLUG, "--course", str(room.root), "--jobs", "2",
                  "--quiet", TMPDIR=str(folder))
    assert "2 graded" in done.stdout, done.stdout + done.stderr


def test_where_no_short_folder_can_be_written_to_the_sentence_names_tmpdir(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/" + "t" * 90)
    monkeypatch.setattr(surroundings, "SHORT", ())
    with pytest.raises(CourseError,
                       match="Set it to a shorter one, as in TMPDIR=/tmp, or say --jobs 1"):
        surroundings.short_sockets()


# ----------------------------------------------------------------------------- a read-only /dev/shm
@linux
@pytest.mark.nbgrader
def test_with_a_read_only_shared_memory_one_hand_in_is_graded_at_a_time(room: Classroom) -> None:
    outer = ("bwrap", "--dev-bind", "/", "/", "--ro-bind", "/dev/shm", "/dev/shm",
             "--die-with-parent", "--")
    if (shutil.which("bwrap") is None
            or subprocess.run([*outer, "true"], capture_output=True, check=False).returncode):
        pytest.skip("no bubblewrap here that could make /dev/shm read-only")
    words = ("-m", "autograder", "grade", SLUG, "--course", str(room.root), "--quiet", "--regrade")
    done = python(*words, before=outer)
    assert "2 graded" in done.stdout, done.stdout + done.stderr
    assert f"One hand-in at a time: {surroundings.NO_SEMAPHORES}." in done.stdout
    done = python(*words, "--jobs", "2", before=outer)
    assert "--jobs 2 cannot be had here" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


# ----------------------------------------------------- a Python that needs LD_LIBRARY_PATH to start
LIBRARY = ("int Py_BytesMain(int, char **);\n"
           "int needed(int n, char **w) { return Py_BytesMain(n, w); }\n")
PROGRAM = "int needed(int, char **);\nint main(int n, char **w) { return needed(n, w); }\n"


@pytest.fixture
def needy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Python that finds a library by help only, and the library's folder, loaded from here."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    name = sysconfig.get_config_var("INSTSONAME")
    home, folder = Path(sysconfig.get_config_var("LIBDIR") or ""), tmp_path / "lib"
    if (compiler is None or not sysconfig.get_config_var("Py_ENABLE_SHARED")
            or not (home / name).is_file()):
        pytest.skip("no compiler here, or a Python that is one piece")
    folder.mkdir()
    (tmp_path / "needed.c").write_text(LIBRARY)
    (tmp_path / "python.c").write_text(PROGRAM)
    shared = [f"-L{home}", f"-l:{name}", f"-Wl,-rpath,{home}", "-shared", "-fPIC", "-o",
              str(folder / "libneeded.so")]
    subprocess.run([compiler, str(tmp_path / "needed.c"), *shared], check=True)
    program = str(tmp_path / "python")
    subprocess.run([compiler, str(tmp_path / "python.c"), "-o", program, f"-L{folder}", "-lneeded",
                    f"-Wl,-rpath-link,{home}"], check=True)
    ctypes.CDLL(str(folder / "libneeded.so"))
    monkeypatch.setattr(interpreter, "executable", lambda: program)
    caches = (interpreter.libraries, interpreter.readable, interpreter.copies, holes)
    for cached in caches:
        cached.cache_clear()
    yield folder
    for cached in caches:
        cached.cache_clear()


@linux
@pytest.mark.parametrize("backend", BACKENDS, ids=lambda b: b.name)
def test_a_python_that_needs_help_to_find_its_library_gets_it_in_the_sandbox(
    backend: Isolation, needy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/nowhere::relative:{needy}")
    assert interpreter.libraries() == (str(needy),)
    if backend.name != "subprocess" and holes(backend.name):
        pytest.skip(f"{backend.name} does not hold here: {holes(backend.name)[0]}")
    with Remote(backend, [Cell("a", Role.ANSWER, "import os\ndef f(): return "
                               "os.environ['LD_LIBRARY_PATH']")], Limits()) as remote:
        assert remote.ask([Call("f")], 9)[0].value == str(needy)


@linux
def test_and_where_nobody_says_where_it_is_the_mend_is_the_right_one(
        needy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    with pytest.raises(Broken, match=r"run ldconfig, or set LD_LIBRARY_PATH to it") as caught:
        choose()
    assert sandbox.LOADER in str(caught.value)
    assert "apt-get" not in str(caught.value)


@linux
def test_a_folder_above_the_course_is_not_shown_for_the_sake_of_a_library(
        monkeypatch: pytest.MonkeyPatch) -> None:
    above = str(interpreter.package().parent)
    monkeypatch.setenv("LD_LIBRARY_PATH", above)
    monkeypatch.setattr(interpreter, "_loaded", lambda: {f"{above}/libsomething.so"})
    assert interpreter.libraries.__wrapped__() == ()


# ------------------------------------------------------------------------------------ a quick start
def test_nbgrader_is_imported_without_a_grammar_that_takes_longer_than_all_the_rest() -> None:
    """And who wants the grammar afterwards can still import it."""
    told = "'lark' in sys.modules, 'rfc3987_syntax' in sys.modules, 'nbgrader.api' in sys.modules"
    code = f"import sys, autograder.nbgrader_plugin; print({told}); import rfc3987_syntax"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True,
                          timeout=300, check=False)
    assert done.stdout == "False False True\n", done.stderr
