"""nbgrader, imported once: a fork of this process runs each line as `python -m nbgrader` would.

To start nbgrader takes seconds, and the tests run dozens of its commands; each has a process, an
environment and a folder of its own.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import signal
import sys
import traceback
from importlib import import_module

SECONDS = 1200  # then a command is stopped
NEEDED = ("nbgrader.apps nbgrader.server_extensions.formgrader autograder.nbgrader_config "
          "autograder.nbgrader_plugin.exchange ")
NEEDED += ("autograder.dropout.checks autograder.dropout.symptoms sqlalchemy.dialects.sqlite "
           "latex2mathml.converter pygments.lexers.python")


def run(words: list[str], folder: str, environment: dict[str, str], out: str) -> int:
    """The command, in this process, with all that it says written to a file; its exit code."""
    signal.alarm(SECONDS)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for descriptor, path, flags in ((0, os.devnull, os.O_RDONLY),
                                    (1, out, os.O_WRONLY | os.O_CREAT)):
        os.dup2(os.open(path, flags), descriptor)
    os.dup2(1, 2)
    sys.argv, sys.path[0] = ["nbgrader", *words], folder
    try:
        runpy.run_module("nbgrader", run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):  # which Python prints
            print(end.code, file=sys.stderr)
            return 1
        return int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def main() -> None:
    """A fork for each line, and its exit code in return."""
    for name in NEEDED.split():
        import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            # to take so many modules apart at the end would last a second
            os._exit(run(*json.loads(line)))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
