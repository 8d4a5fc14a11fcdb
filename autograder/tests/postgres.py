"""A PostgreSQL server of the tests' own, from Debian's package, on a socket in its folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVER = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)),
              Path("initdb"))
USER = "grader"
QUIET = "-c fsync=off -c full_page_writes=off -c shared_buffers=16MB -c max_connections=20"


def lacking() -> str:
    """Why no server can be started here; "" when one can."""
    if not SERVER.is_file():
        return "needs PostgreSQL's programs (apt-get install postgresql)"
    if os.geteuid() == 0 and (not shutil.which("setpriv") or not _somebody()):
        return "PostgreSQL does not run as root, and there is nobody else to run it"
    return ""


def _somebody() -> str:
    """A user who is not root; "" when there is none."""
    return next((u.pw_name for u in pwd.getpwall() if u.pw_name in ("postgres", "nobody")), "")


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A server in this new folder, for others to reach; the address of an empty database."""
    folder.mkdir(mode=0o755)
    data = folder / "data"
    if os.geteuid() == 0:
        shutil.chown(folder, _somebody())
    _run("initdb", "-D", str(data), "-U", USER, "-A", "trust", "--no-sync", "-E",
         "UTF8", "--locale=C")
    _run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o",
         f"-k {folder} -h '' {QUIET}", "start")
    try:
        _run("createdb", "-h", str(folder), "-U", USER, "gradebook")
        yield f"postgresql+psycopg://{USER}@/gradebook?host={folder}"
    finally:
        _run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")


def _run(program: str, *words: str) -> None:
    command = [str(SERVER.with_name(program)), *words]
    if os.geteuid() == 0:
        somebody = _somebody()
        command = ["setpriv", f"--reuid={somebody}", f"--regid={pwd.getpwnam(somebody).pw_gid}",
                   "--clear-groups", *command]
    done = subprocess.run(command, cwd="/", text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
