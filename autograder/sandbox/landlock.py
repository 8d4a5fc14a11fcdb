"""Tier 2: no namespaces (Docker, JupyterHub): a worker limits itself by Landlock and seccomp."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from autograder.model import Broken, Limits
from autograder.sandbox import gpu, interpreter, seccomp
from autograder.sandbox.forkserver import Walled
from autograder.sandbox.process import Lockdown, Worker, launch, worker_command


@dataclass(frozen=True)
class Landlock(Walled):
    """A worker that may read what Python needs alone; it sees THAT other files exist, and sizes.

    And when they were last read: by reading some of a hundred files a hand-in can leave a few bits
    for the next one, unless the disk is mounted with noatime. It can leave neither secrets nor
    marks that way, for it knows none.
    """

    name: str = "landlock"

    def _start(self, limits: Limits, keeps: Sequence[str] | None = None) -> Worker:
        if sys.platform != "linux":
            raise Broken("Landlock needs Linux.")
        # nothing of the package: by the time the rules hold, all of it that is needed is loaded
        whole, listed = interpreter.uncovered()
        readable, devices, told = [*whole, interpreter.CPUS], None, None
        if self.gpu:
            readable += [*gpu.readable(), *gpu.proc()]
            devices, told = (*gpu.nodes(), gpu.THREADS), gpu.environment()
        lockdown = Lockdown(readable, seccomp.program(gpu=self.gpu), devices, listed)
        command = partial(worker_command, limits, str(interpreter.package()),
                          keeps=keeps, gpu=self.gpu)
        return launch(command, lockdown, limits, interpreter.environment(told))
