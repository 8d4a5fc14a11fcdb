"""The targets of fuzz_formats once more, led by coverage: atheris draws in place of the dice.

    pip install atheris && nice python -m autograder.tests.fuzz_covered notebook -runs=20000
    -len_control=0 -max_len=1000

goes on until so many inputs were put to the target, and ends at the first that is neither refused
in a sentence nor taken. More words are libFuzzer's: a folder to keep inputs in,
-max_total_time=600, -rss_limit_mb=1000.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

with atheris.instrument_imports(include=["autograder"]):
    from autograder.tests.fuzz_formats import TARGETS
    from autograder.tests.odd_files import Dice


class Led(Dice):
    """Dice that fall as these bytes say, and on nought when there are none left."""

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._data = atheris.FuzzedDataProvider(data)

    def random(self) -> float:
        return self.getrandbits(53) / (1 << 53)

    def getrandbits(self, k: int, /) -> int:
        drawn = self._data.ConsumeBytes((k + 7) // 8)
        return int.from_bytes(drawn, "big") & ((1 << k) - 1)


def main(arguments: Sequence[str]) -> None:
    """The long run; it does not return."""
    target = TARGETS[arguments[1]]
    atheris.Setup([arguments[0], *arguments[2:]], lambda data: target(Led(data)))
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
