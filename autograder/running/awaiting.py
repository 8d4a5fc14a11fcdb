"""`LIMIT = await get()` in a cell: an event loop that sleeps, as a worker makes no sockets."""

from __future__ import annotations

import time
from collections.abc import Coroutine
from functools import cache
from typing import Any


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run it to its end."""
    loop = _kind()()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


class _Clock:
    """Stands where an event loop has its selector: nothing ever arrives, time passes."""

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("this waits for something that never comes")
        time.sleep(max(0.0, timeout))
        return []


@cache
def _kind() -> Any:
    import asyncio  # here: it takes longer than numpy's random numbers, and hardly anybody awaits

    class Loop(asyncio.BaseEventLoop):
        def __init__(self) -> None:
            super().__init__()
            self._selector = _Clock()

        def _process_events(self, events: list[Any]) -> None:
            return None

        def _write_to_self(self) -> None:
            return None

    return Loop
