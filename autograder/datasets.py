"""The course's data: where the files are, how they are read, and how some are fetched.

`load("digits")` works wherever the kit works. Sonar and CIFAR-10 are fetched once by the user
(`autograder data sonar`), proved by a checksum, and land in datasets/. Standard library and numpy
only; nothing is unpickled but arrays of numbers.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.model import CourseError

if TYPE_CHECKING:
    import tarfile

Array = np.ndarray[Any, Any]
Progress = Callable[[int, int], None]  # bytes so far, bytes in all (0: not known)

CHUNK = 1 << 16
SECONDS = 30.0  # without a byte from the other side


@dataclass(frozen=True)
class Dataset:
    """One file in datasets/: what it is called there, its checksum, and where it comes from."""

    name: str
    file: str
    checksum: str  # "sha256:..." or "md5:..."
    about: str
    licence: str
    home: str  # the page a person reads
    url: str = ""  # the file a program fetches; "" for what is never downloaded


DATASETS = {
    d.name: d
    for d in (
        Dataset(
            "digits", "digits.npy",
            "sha256:c45cf27f9e6d1507aa17aa9949fab3d046c8ffa373a108f49991e27f232ad83b",
            "1797 handwritten digits of 8 x 8 pixels "
            "(Alpaydin & Kaynak 1998, the test part of UCI 80)",
            "CC BY 4.0", "https://archive.ics.uci.edu/dataset/80"),
        Dataset(
            "sonar", "sonar.csv",
            "sha256:3079c09b5d2789a0f96aff82c28e5164fafe2495c5f8da96c6c256c1bd25763f",
            "208 sonar echoes of 60 numbers, rocks and mines (Gorman & Sejnowski 1988, UCI 151)",
            "CC BY 4.0", "https://doi.org/10.24432/C5T01Q",
            "https://archive.ics.uci.edu/static/public/151/"
            "connectionist+bench+sonar+mines+vs+rocks.zip"),
        Dataset(
            "cifar10", "cifar-10-python.tar.gz", "md5:c58f30108f718f92721af3b95e74349a",
            "60,000 colour pictures of 32 x 32 pixels in 10 classes (Krizhevsky 2009)",
            "none stated by its authors", "https://www.cs.toronto.edu/~kriz/cifar.html"),
    )
}


# ------------------------------------------------------------------------------------ finding files
def find(name: str) -> Path | None:
    """Where the file of a dataset is, or None.

    Looked for in datasets/ here and in every folder above, then beside the package (a checkout),
    then where pip put it.
    """
    return next(filter(Path.is_file, (place / _known(name).file for place in _places())), None)


def _places() -> Iterator[Path]:
    here = Path.cwd()
    for folder in (here, *here.parents):
        yield folder / "datasets"
    yield Path(__file__).resolve().parents[1] / "datasets"
    yield Path(sysconfig.get_path("data")) / "share" / "autograder" / "datasets"


def folder() -> Path:
    """Where fetched files go: datasets/ of the course around here, or of the current folder."""
    here = Path.cwd()
    for place in (here, *here.parents):
        if any((place / name).is_dir() for name in ("solutions", "assignments", "datasets")):
            return place / "datasets"
    return here / "datasets"


def _known(name: str) -> Dataset:
    if name not in DATASETS:
        raise CourseError(f"There is no dataset {name!r}. There are: {', '.join(DATASETS)}.")
    return DATASETS[name]


def how_to_get(name: str) -> str:
    """The sentence for a person whose file is missing."""
    data = _known(name)
    if name == "digits":
        return ("datasets/digits.npy comes with the course: take it from there, or run `autograder "
                "data digits --rebuild`.")
    if data.url:
        return (f"To get it, run `autograder data {name}` once (or `autograder data {name} --from "
                "FILE`, when you have the file).")
    return (f"To get it, download {data.file} from {data.home} and run `autograder data {name} "
            f"--from {data.file}`.")


def _found(name: str) -> Path:
    path = find(name)
    if path is None:
        raise CourseError(
            f"{_known(name).file} is in no datasets/ folder here or above. {how_to_get(name)}")
    return path


# ------------------------------------------------------------------------------------ reading files
def load(name: str) -> tuple[Array, Array]:
    """The examples X (N, D) and labels y (N,) of a small dataset. CourseError when it is missing.

    digits: X (1797, 64) float64, pixels from 0 to 1 (sixteenths); y the digit.
    sonar:  X (208, 60) float64, from 0 to 1; y 1 for a mine, 0 for a rock.
    """
    if name == "cifar10":
        raise CourseError("CIFAR-10 has a training and a test part: use load_cifar10().")
    path = _found(name)
    data = path.read_bytes()
    if not matches(data, _known(name).checksum):
        raise CourseError(f"{path} is not the file it should be (its checksum differs). Delete it. "
                          f"{how_to_get(name)}")
    return _read_digits(data) if name == "digits" else _read_sonar(data)


def _read_digits(data: bytes) -> tuple[Array, Array]:
    # (1797, 65) uint8: 64 pixels and the digit
    table = np.load(io.BytesIO(data), allow_pickle=False)
    return table[:, :-1] / 16, table[:, -1].astype(np.int64)


def _read_sonar(data: bytes) -> tuple[Array, Array]:
    rows = [line.split(",") for line in data.decode("ascii").split()]
    X = np.array([[float(cell) for cell in row[:-1]] for row in rows])  # (208, 60)
    return X, np.array([row[-1] == "M" for row in rows], dtype=np.int64)


def load_cifar10(path: Path | str | None = None,
                 verify: bool = True) -> tuple[Array, Array, Array, Array]:
    """X_train (50000, 3072) uint8, y_train, X_test (10000, 3072), y_test from CIFAR-10's archive.

    `path`: the archive; by default the one in datasets/. `verify=False` reads an archive of the
    same format that is another file (the tests make a small one). Raises CourseError for a missing
    or wrong file. The archive holds pickles: of these, only what makes arrays of numbers is obeyed.
    """
    import tarfile  # like urllib and zipfile below: those who only load digits need not wait for it

    path = _found("cifar10") if path is None else Path(path)
    if verify:
        data = _known("cifar10")
        _must_match(_read(path, data), data, path)
    try:
        with tarfile.open(path, "r:gz") as archive:
            train = [_batch(archive, f"data_batch_{k}") for k in range(1, 6)]
            X_test, y_test = _batch(archive, "test_batch")
    except (tarfile.TarError, pickle.UnpicklingError, KeyError, ValueError, EOFError,
            OSError) as error:
        raise CourseError(f"{path} is not the archive cifar-10-python.tar.gz ({error}). "
                          f"{how_to_get('cifar10')}") from error
    return np.concatenate([X for X, _ in train]), np.concatenate(
        [y for _, y in train]), X_test, y_test


def _batch(archive: tarfile.TarFile, name: str) -> tuple[Array, Array]:
    member = archive.extractfile(f"cifar-10-batches-py/{name}")
    if member is None:
        raise ValueError(f"{name} is no file")
    content = _OnlyArrays(member, encoding="bytes").load()
    if not isinstance(content, dict):
        raise ValueError(f"{name} holds no pictures")
    X, y = np.asarray(content[b"data"]), np.asarray(content[b"labels"])
    if (X.dtype != np.uint8 or X.ndim != 2 or X.shape[1] != 3072 or y.shape != X.shape[:1]
            or y.dtype.kind != "i"):
        raise ValueError(f"{name} holds no pictures of 32 x 32 pixels in three colours")
    return X, y


class _OnlyArrays(pickle.Unpickler):
    """A reader of pickles that knows numpy arrays and nothing else: no archive can run anything."""

    ALLOWED = frozenset({("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"),
                         ("numpy._core.multiarray", "_reconstruct"), ("numpy", "dtype"),
                         ("_codecs", "encode")})

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module, name)


# ---------------------------------------------------------------------------------------- checksums
def matches(content: bytes, checksum: str) -> bool:
    """Whether these bytes have this checksum ("sha256:..." or "md5:...")."""
    return _checksum(content, checksum.partition(":")[0]) == checksum


def _checksum(content: bytes, kind: str) -> str:
    return f"{kind}:{hashlib.new(kind, content, usedforsecurity=False).hexdigest()}"


def _must_match(content: bytes, data: Dataset, where: Path | str) -> None:
    kind, _, wanted = data.checksum.partition(":")
    _, _, found = _checksum(content, kind).partition(":")
    if found != wanted:
        raise CourseError(f"{where} is not {data.file}: its {kind} is {found}, but should be "
                          f"{wanted}. {how_to_get(data.name)}")


# ----------------------------------------------------------------------------------------- fetching
def fetch(name: str, source: Path | None = None, url: str = "",
          progress: Progress | None = None) -> Path:
    """Get a dataset from `source` or the net, prove its checksum, put it into datasets/; where.

    A zip archive that holds the file will do as well. Raises CourseError, which says what to do,
    when it cannot be had; then datasets/ is as it was.
    """
    data = _known(name)
    if name == "digits":
        raise CourseError(how_to_get("digits"))
    if source is None and not (url or data.url):
        raise CourseError(f"{data.file} is not fetched by the kit. {how_to_get(name)}")
    came = _read(source, data) if source else _downloaded(url or data.url, data, progress)
    where = source or "what was downloaded"
    content = _unpacked(came, data, where) if data.file.endswith(".csv") else came
    _must_match(content, data, where)
    path = folder() / data.file
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{data.file}.{os.getpid()}")  # others may fetch it at the same time
    try:
        draft.write_bytes(content)
        return draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _read(path: Path, data: Dataset) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CourseError(
            f"{path} cannot be read ({error.strerror}). {how_to_get(data.name)}") from error


def _downloaded(url: str, data: Dataset, progress: Progress | None) -> bytes:
    import urllib.error
    import urllib.request

    try:
        # some servers refuse Python's own name
        request = urllib.request.Request(url, headers={"User-Agent": "autograder-course"})
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return _all_of(answer, int(answer.headers.get("Content-Length") or 0), progress)
    except (OSError, ValueError) as error:
        # URLError and time-outs are OSErrors; a URL that is none is a ValueError
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # the page that a server sends with a refusal
        why = error.reason if isinstance(error, urllib.error.URLError) else error
        raise CourseError(f"{url} cannot be fetched ({why}). If this machine is offline, fetch the "
                          f"file elsewhere (its page: {data.home}) and run `autograder data "
                          f"{data.name} --from FILE`.") from error


def _all_of(answer: Any, size: int, progress: Progress | None) -> bytes:
    came = bytearray()
    while chunk := answer.read(CHUNK):
        came += chunk
        if progress:
            progress(len(came), size)
    if size and len(came) != size:
        raise ConnectionError(f"only {len(came)} of {size} bytes arrived")
    return bytes(came)


def _unpacked(content: bytes, data: Dataset, where: Path | str) -> bytes:
    """A table taken out of its zip, its lines ended in the one way the checksum is for."""
    if content[:4] == b"PK\x03\x04":
        content = _member(content, data, where)
    return b"\n".join(line.strip() for line in content.split())


def _member(content: bytes, data: Dataset, where: Path | str) -> bytes:
    """The table in UCI's archive: <name>.all-data (the mirrors call it <name>.csv)."""
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                if Path(name).name.lower() in (f"{data.name}.all-data", data.file):
                    return archive.read(name)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise CourseError(
            f"{where} is a damaged zip archive ({error}). {how_to_get(data.name)}") from error
    raise CourseError(
        f"{where} is a zip archive without {data.name}.all-data. {how_to_get(data.name)}")


# --------------------------------------------------------------------------------------- rebuilding
def rebuild_digits() -> Path:
    """Write datasets/digits.npy again from scikit-learn's copy; CourseError if a bit differs."""
    try:
        # rebuilding only
        from sklearn.datasets import load_digits  # type: ignore[import-not-found]
    except ImportError:
        raise CourseError("scikit-learn is not installed, and only rebuilding needs it: `pip "
                          "install scikit-learn`.") from None
    data, target = load_digits(return_X_y=True)
    table = np.column_stack([data, target]).astype(np.uint8)  # (1797, 65), C order
    file = io.BytesIO()
    np.lib.format.write_array(file, table, version=(1, 0), allow_pickle=False)
    if not matches(file.getvalue(), DATASETS["digits"].checksum):
        raise CourseError("The digits of this scikit-learn are not the course's: their checksum "
                          "differs. Nothing was written.")
    path = folder() / DATASETS["digits"].file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.getvalue())
    return path
