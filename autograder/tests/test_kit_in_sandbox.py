"""What of the kit student code can reach: in a sandbox what a worker imports, no tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from autograder.model import Answer, Call, Cell, Limits, Opaque, Outcome, Role
from autograder.sandbox import BACKENDS, Isolation, holes, interpreter, probe, warmed
from autograder.subjects.remote import Remote

ALLOWED = {
    "model/__init__.py",
    "model/errors.py",
    "model/questions.py",
    "model/results.py",
    "model/rubric.py",
    "running/__init__.py",
    "running/arguments.py",
    "running/awaiting.py",
    "running/batching.py",
    "running/frames.py",
    "running/generators.py",
    "running/import_stubs.py",
    "running/opaque.py",
    "running/packing.py",
    "running/runner.py",
    "running/spoken.py",
    "running/statements.py",
    "running/wire.py",
    "worker/__init__.py",
    "worker/__main__.py",
    "worker/forkserver.py",
    "worker/gpu.py",
    "worker/lockdown.py",
    "worker/service.py",
}
LIMITS = Limits(call_seconds=60, submission_seconds=120)
SANDBOXES = [(b, warm) for b in BACKENDS if b.name != "subprocess" for warm in (False, True)]
linux = pytest.mark.skipif(sys.platform != "linux", reason="the sandboxes need Linux")

WALK = """
import os
def f(more):
    found = []
    for top in ("/", *more):
        for folder, folders, files in os.walk(top):
            folders[:] = [name for name in folders
                          if f"{folder}/{name}" not in ("//proc", "//sys", "/proc", "/sys")]
            if "autograder" in folder.split("/"):
                for name in files:
                    try:
                        with open(f"{folder}/{name}", "rb") as file:
                            file.read(1)
                        found.append(f"{folder}/{name}")
                    except OSError:
                        pass
    return sorted(found)
"""
LOADED = """
import sys
def f():
    return sorted(m.__file__ for name, m in list(sys.modules.items())
                  if name.startswith("autograder.") and getattr(m, "__file__", None))
"""


@pytest.fixture(params=SANDBOXES, ids=lambda p: p[0].name + "-warm" * p[1])
def backend(request: pytest.FixtureRequest) -> Iterator[Isolation]:
    backend, warm = request.param
    if holes(backend.name):
        pytest.skip(f"{backend.name} does not hold here: {holes(backend.name)[0]}")
    with warmed(backend, warm) as made:
        yield made


def ask(backend: Isolation, source: str, *args: Any) -> Answer:
    with Remote(backend, [Cell("a", Role.ANSWER, source)], LIMITS) as remote:
        return remote.ask([Call("f", args)], 60)[0]


def seen(backend: Isolation, *more: str) -> set[str]:
    """Every file in a folder called autograder that a worker can reach and read."""
    answer = ask(backend, WALK, more)
    assert answer.outcome is Outcome.PASSED, answer
    return {name for name in answer.value if "/__pycache__/" not in name}


def below(folder: str) -> set[str]:
    return {f"{folder}/{name}" for name in ALLOWED}


@contextmanager
def installed(folder: Path) -> Iterator[Path]:
    """The whole kit, tests and all, lies beside packages that notebooks import, as a wheel."""
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "__init__.py").touch()
    ignored = shutil.ignore_patterns("__pycache__")
    copy = Path(shutil.copytree(interpreter.package(), folder / "autograder", ignore=ignored))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setattr(interpreter, "PACKAGES", (*interpreter.PACKAGES, "elsewhere"))
        for cached in (interpreter.site, interpreter.readable, interpreter.copies):
            cached.cache_clear()
        yield copy
    for cached in (interpreter.site, interpreter.readable, interpreter.copies):
        cached.cache_clear()


@linux
def test_a_worker_sees_the_files_it_imports_and_no_other(backend: Isolation) -> None:
    # under Landlock they are read before the door is locked
    wanted = below("/kit/autograder") if backend.name == "bubblewrap" else set()
    assert seen(backend, str(interpreter.package())) == wanted


@linux
def test_what_is_shown_is_what_a_worker_has_loaded(backend: Isolation) -> None:
    loaded = {Path(name) for name in ask(backend, LOADED).value}
    folder = Path("/kit/autograder") if backend.name == "bubblewrap" else interpreter.package()
    assert loaded == {folder / name for name in ALLOWED} - {folder / interpreter.PROGRAM}
    assert {name for name in interpreter.kit() if "__pycache__" not in name} == ALLOWED


@linux
@pytest.mark.parametrize("name", ["bubblewrap", "landlock"])
def test_where_the_kit_is_installed_beside_numpy_it_is_covered(name: str, tmp_path: Path) -> None:
    if holes(name):
        pytest.skip(f"{name} does not hold here: {holes(name)[0]}")
    backend = next(b for b in BACKENDS if b.name == name)
    with installed(tmp_path) as copy:
        assert str(copy) in interpreter.copies()
        assert not {path for path in seen(backend, str(copy)) if path.startswith(str(tmp_path))}
        beside = ask(backend, "def f():\n    import elsewhere, scipy\n"
                     "    return elsewhere.__file__")
        assert beside.value == f"{tmp_path}/elsewhere/__init__.py", beside
        assert probe(backend) == []


# --------------------------------------------------------------------------- answers in the package
TRIED = """
def tried(attempt, things):
    said = []
    for thing in things:
        try:
            said.append(repr(attempt(thing)))
        except Exception as error:
            said.append(type(error).__name__)
    return said
"""
READING = TRIED + """
def read(path):
    names = {}
    exec(open(path).read(), names)
    return names["Network"]
def f(paths):
    return tried(read, paths)
"""
IN_THE_LOADED_PACKAGE = TRIED + """
import sys
from importlib import import_module
def f(modules):
    sys.meta_path[:] = [m for m in sys.meta_path if "autograder" not in type(m).__module__]
    return tried(import_module, [f"autograder.{name}" for name in modules])
"""
WITHOUT_THE_FINDER = IN_THE_LOADED_PACKAGE + """
def f(modules, folder, loaded=f):
    for name in [n for n in sys.modules if n.startswith("autograder")]:
        del sys.modules[name]
    sys.path.insert(0, folder)
    return loaded(modules)
"""
PLACES = ["tests.toys", "tests.test_checks_networks", "checks_api.symptoms",
          "dropout.masks", "dropout"]


@linux
def test_an_answer_imported_from_the_kit_is_no_answer(backend: Isolation) -> None:
    imports = "".join(f"from autograder.{module} import forward as f{n}\n"
                      for n, module in enumerate(PLACES))
    given = ask(backend, imports
                + f"def f(): return [{', '.join(f'f{n}' for n in range(len(PLACES)))}]").value
    # a blank that shows things to nobody
    assert [type(value) for value in given] == [Opaque] * len(PLACES)
    for source, args in ((WITHOUT_THE_FINDER, (str(interpreter.package().parent),)),
                         (IN_THE_LOADED_PACKAGE, ())):
        assert ask(backend, source, PLACES, *args).value == ["ModuleNotFoundError"] * len(PLACES)
    paths = [str(interpreter.package() / f"{module.replace('.', '/')}.py") for module in PLACES]
    assert set(ask(backend, READING, paths).value) <= {"FileNotFoundError", "PermissionError"}


@linux
def test_nor_is_there_a_solution_to_import(backend: Isolation) -> None:
    folder = str(interpreter.package().parent)
    answer = ask(backend, "import sys\ndef f(folder):\n    sys.path.insert(0, folder)\n"
                 "    import solutions.hw1_dropout_key", folder)
    assert answer.error.startswith("ModuleNotFoundError"), answer


@linux
def test_in_a_plain_process_no_import_finds_the_kit_by_its_name() -> None:
    plain = next(b for b in BACKENDS if b.name == "subprocess")
    assert ask(plain, IN_THE_LOADED_PACKAGE, PLACES).value == ["ModuleNotFoundError"] * len(PLACES)


# ---------------------------------------------------------------------------------------- the wheel
def test_a_wheel_holds_no_tests(tmp_path: Path) -> None:
    if find_spec("setuptools") is None or int(version("setuptools").partition(".")[0]) < 77:
        pytest.skip("setuptools 77 is not installed here, and a test fetches nothing")
    root, clone = interpreter.package().parent, tmp_path / "clone"
    for name in ("autograder", "datasets"):
        shutil.copytree(root / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, clone)
    (clone / "solutions").mkdir()
    shutil.copy(root / "solutions" / "header.ipynb", clone / "solutions")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation",
               "-w", str(tmp_path), str(clone)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"autograder/{name}" for name in ALLOWED} <= set(names)
    assert [n for n in names if "tests" in n or "solutions" in n or n.endswith("_key.py")] == []


