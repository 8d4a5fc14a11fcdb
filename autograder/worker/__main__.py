"""The program in the sandbox: `python .../worker/__main__.py PLAN`, JSON and an open socket.

First it limits itself, then it imports numpy while it still may, then it locks the door, and only
then does it say "ready" and take student code.
"""

from __future__ import annotations

import json
import sys
import types
from importlib import machinery


def main() -> None:
    """Get ready, say so, serve until the judge hangs up."""
    plan = json.loads(sys.argv[1])
    _find_packages(plan["package"], plan["path"])
    from autograder.worker import lockdown

    if plan["die_with_parent"]:
        lockdown.die_with_parent()
    lockdown.limit(plan["memory"], plan["descriptors"], any_space=plan["gpu"])
    from autograder.worker import service  # imports numpy, within the limits

    service.run(plan["fd"], plan["answer_bytes"], (plan["cpu"], plan["file"]), plan["keeps"])


def _find_packages(package: str, path: list[str]) -> None:
    """Make `autograder` importable without its face, which would import the whole engine."""
    sys.path[:1] = []  # this program's own folder
    sys.path += path
    face = types.ModuleType("autograder")
    face.__path__ = [package]
    face.__spec__ = machinery.ModuleSpec("autograder", None, is_package=True)
    sys.modules["autograder"] = face


if __name__ == "__main__":
    main()
