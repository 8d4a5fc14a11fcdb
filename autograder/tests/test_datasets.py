"""Where data comes from: found, fetched, proved, and refused with a sentence on what to do."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import pickle
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder import datasets
from autograder.cli import main
from autograder.model import CourseError

ROOT = Path(datasets.__file__).parents[1]
SONAR = ROOT.parent / "shared" / "data" / "sonar.csv"
TABLE = b"0.1,0.2,R\n0.3,0.4,M"  # two lines of a table, as the kit writes it

needs_sonar = pytest.mark.skipif(not SONAR.is_file(), reason="sonar.csv is not handed out with the "
                                 "course and is not beside it here")


class Served(BaseHTTPRequestHandler):
    """Answers with the bytes put under the path; "/short" promises more than it sends."""

    files: dict[str, bytes]

    def do_GET(self) -> None:
        if self.path not in self.files:
            self.send_error(404)
            return
        data = self.files[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(data) + 10 * (self.path == "/short")))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: Any) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A web server on this machine: its address, and the files it has."""
    files: dict[str, bytes] = {}
    handler = type("Handler", (Served,), {"files": files})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_address[1]}", files
        http.shutdown()
        thread.join()


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside the course, where no dataset can be found but in its own datasets/."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets, "__file__",
                        str(tmp_path / "nowhere" / "autograder" / "datasets.py"))
    return tmp_path


@pytest.fixture
def toy(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As above, and "sonar" is the table of two lines."""
    checksum = "sha256:" + hashlib.sha256(TABLE).hexdigest()
    toy = datasets.Dataset("sonar", "sonar.csv", checksum, "two echoes", "none",
                           "https://example.org", "http://127.0.0.1:1/none")
    monkeypatch.setitem(datasets.DATASETS, "sonar", toy)
    return elsewhere


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", ".", 1).replace("_", "-"), content)
    return file.getvalue()


# ------------------------------------------------------------------------------------------- digits
def test_the_digits_are_the_ones_the_readme_describes() -> None:
    X, y = datasets.load("digits")
    assert X.shape == (1797, 64)
    assert (X.min(), X.max(), X.dtype.name) == (0.0, 1.0, "float64")
    assert sorted(set(y.tolist())) == list(range(10))
    readme = (ROOT / "datasets" / "README.md").read_text(encoding="utf-8")
    for data in datasets.DATASETS.values():
        assert data.file in readme
        assert data.checksum.partition(":")[2] in readme
        assert data.home in readme


def test_the_digits_are_found_from_any_folder(tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert datasets.find("digits") == ROOT / "datasets" / "digits.npy"


def test_a_copy_above_the_notebook_comes_first(elsewhere: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / "datasets").mkdir()
    copy = elsewhere / "datasets" / "digits.npy"
    copy.write_bytes((ROOT / "datasets" / "digits.npy").read_bytes())
    (elsewhere / "assignments" / "hw").mkdir(parents=True)
    monkeypatch.chdir(elsewhere / "assignments" / "hw")
    assert datasets.find("digits") == copy


def test_missing_digits_say_what_to_do(elsewhere: Path) -> None:
    with pytest.raises(CourseError, match=r"digits\.npy is in no datasets/ folder here or above\. "
                       r".* comes with the course"):
        datasets.load("digits")


def test_a_changed_file_is_refused(elsewhere: Path) -> None:
    (elsewhere / "datasets").mkdir()
    (elsewhere / "datasets" / "digits.npy").write_bytes(b"other")
    with pytest.raises(CourseError, match="its checksum differs"):
        datasets.load("digits")


@pytest.mark.skipif(importlib.util.find_spec("sklearn") is None,
                    reason="scikit-learn is needed for rebuilding only")
def test_the_digits_are_rebuilt_bit_for_bit(elsewhere: Path) -> None:
    assert datasets.rebuild_digits().read_bytes() == (ROOT / "datasets" / "digits.npy").read_bytes()


@pytest.mark.skipif(importlib.util.find_spec("sklearn") is not None, reason="scikit-learn is there")
def test_rebuilding_without_scikit_learn_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "digits", "--rebuild"]) == 1
    assert "scikit-learn is not installed, and only rebuilding needs it" in capsys.readouterr().out


# -------------------------------------------------------------------------------------------- sonar
@needs_sonar
def test_sonar_from_a_file(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "sonar", "--from", str(SONAR)]) == 0
    assert "its checksum is right" in capsys.readouterr().out
    X, y = datasets.load("sonar")
    assert X.shape == (208, 60)
    assert int(y.sum()) == 111
    assert (elsewhere / "datasets" / "sonar.csv").read_bytes() == SONAR.read_bytes()


@needs_sonar
def test_sonar_from_an_archive_on_the_net(elsewhere: Path,
                                          server: tuple[str, dict[str, bytes]]) -> None:
    address, files = server
    # however its lines end, it is the same table
    other = SONAR.read_bytes().replace(b"\n", b"\r\n") + b"\r\n"
    files["/sonar.zip"] = zipped(Index=b"...", sonar_all_data=other)
    seen: list[tuple[int, int]] = []
    path = datasets.fetch("sonar", url=f"{address}/sonar.zip",
                          progress=lambda done, size: seen.append((done, size)))
    assert path.read_bytes() == SONAR.read_bytes()
    assert seen[-1] == (len(files["/sonar.zip"]),) * 2


def test_a_small_table_comes_over_the_net(toy: Path, server: tuple[str, dict[str, bytes]],
                                          capsys: pytest.CaptureFixture[str]) -> None:
    address, files = server
    files["/table"] = TABLE + b"\n"
    assert main(["data", "sonar", "--url", f"{address}/table"]) == 0
    assert (toy / "datasets" / "sonar.csv").read_bytes() == TABLE
    X, y = datasets.load("sonar")
    assert X.tolist() == [[0.1, 0.2], [0.3, 0.4]]
    assert y.tolist() == [0, 1]
    assert main(["data"]) == 0
    assert f"sonar: two echoes\n   {toy / 'datasets' / 'sonar.csv'}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("/missing", None, "cannot be fetched (Not Found)"),
        ("/short", TABLE, "bytes arrived"),
        ("/other", b"1,2,R\n", "is not sonar.csv: its sha256 is"),
        ("/page", b"<html>not a table</html>", "what was downloaded is not sonar.csv"),
        ("/empty.zip", zipped(Index=b"..."), "is a zip archive without sonar.all-data"),
        ("/torn.zip", zipped(sonar_all_data=TABLE)[:-30], "is a damaged zip archive"),
    ],
)
def test_what_is_not_the_table_is_refused(toy: Path, server: tuple[str, dict[str, bytes]],
                                          path: str, content: Any, words: str) -> None:
    address, files = server
    if content is not None:
        files[path] = content
    with pytest.raises(CourseError) as caught:
        datasets.fetch("sonar", url=address + path)
    assert words in str(caught.value)
    assert "autograder data sonar --from FILE" in str(caught.value)
    assert not (toy / "datasets").exists()


def test_offline_it_explains_itself(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "sonar"]) == 1
    told = capsys.readouterr().out
    assert "http://127.0.0.1:1/none cannot be fetched" in told
    assert ("If this machine is offline, fetch the file elsewhere (its page: "
            "https://example.org)" in told)


def test_an_address_that_is_none(toy: Path) -> None:
    with pytest.raises(CourseError, match="cannot be fetched"):
        datasets.fetch("sonar", url="sonar.csv")


def test_a_file_that_is_not_there(toy: Path) -> None:
    with pytest.raises(CourseError,
                       match=r"nothing\.csv cannot be read \(No such file or directory\)"):
        datasets.fetch("sonar", Path("nothing.csv"))


def test_an_unknown_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "mnist"]) == 1
    assert ("There is no dataset 'mnist'. There are: digits, sonar, "
            "cifar10." in capsys.readouterr().out)
    assert main(["data", "digits"]) == 1
    assert "comes with the course" in capsys.readouterr().out


# ----------------------------------------------------------------------------------------- CIFAR-10
def archive(path: Path, pictures: int = 4, spoil: Any = None) -> Path:
    """A small archive of CIFAR-10's format: six pickles with byte keys, as Python 2 wrote them."""
    rng = np.random.default_rng(0)
    with tarfile.open(path, "w:gz") as tar:
        for name in [*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]:
            data = rng.integers(0, 256, (pictures, 3072)).astype(np.uint8)
            content = {b"data": data, b"labels": [int(k) for k in rng.integers(0, 10, pictures)],
                       b"batch_label": name.encode()}
            raw = pickle.dumps(content if spoil is None else spoil, protocol=2)
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(raw)
            tar.addfile(info, io.BytesIO(raw))
    return path


def test_an_archive_of_the_format_is_read(tmp_path: Path) -> None:
    X_train, y_train, X_test, y_test = datasets.load_cifar10(archive(tmp_path / "small.tar.gz"),
                                                             verify=False)
    assert X_train.shape == (20, 3072)
    assert X_train.dtype == np.uint8
    assert y_train.shape == (20,)
    assert X_test.shape == (4, 3072)
    assert set(y_test.tolist()) <= set(range(10))


def test_the_checksum_is_asked_unless_told_otherwise(tmp_path: Path, elsewhere: Path) -> None:
    small = archive(tmp_path / "small.tar.gz")
    with pytest.raises(CourseError, match="but should be c58f30108f718f92721af3b95e74349a"):
        datasets.load_cifar10(small)
    with pytest.raises(CourseError, match=r"small\.tar\.gz is not cifar-10-python\.tar\.gz"):
        datasets.fetch("cifar10", small)
    assert datasets.find("cifar10") is None
    with pytest.raises(CourseError, match="To get it, download cifar-10-python"):
        datasets.load_cifar10()
    with pytest.raises(CourseError, match="is not fetched by the kit"):
        datasets.fetch("cifar10")


def test_the_right_archive_becomes_known(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = archive(elsewhere / "mine.tar.gz")
    known = datasets.DATASETS["cifar10"]
    right = datasets.Dataset(known.name, known.file, "md5:"
                             + hashlib.md5(small.read_bytes()).hexdigest(), "", "", known.home)
    monkeypatch.setitem(datasets.DATASETS, "cifar10", right)
    assert main(["data", "cifar10", "--from", str(small)]) == 0
    assert datasets.load_cifar10()[0].shape == (20, 3072)
    with pytest.raises(CourseError, match="use load_cifar10"):
        datasets.load("cifar10")


def test_a_pickle_may_not_run_anything(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return partial, (os.getcwd,)

    with pytest.raises(CourseError, match=r"it asks for functools\.partial"):
        datasets.load_cifar10(archive(tmp_path / "evil.tar.gz", spoil=Evil()), verify=False)


@pytest.mark.parametrize("spoil", [[1, 2], {b"data": np.zeros((2, 5), np.uint8), b"labels": [1, 2]},
                                   {b"labels": []}])
def test_an_archive_of_something_else(tmp_path: Path, spoil: Any) -> None:
    with pytest.raises(CourseError, match=r"is not the archive cifar-10-python\.tar\.gz"):
        datasets.load_cifar10(archive(tmp_path / "odd.tar.gz", spoil=spoil), verify=False)
