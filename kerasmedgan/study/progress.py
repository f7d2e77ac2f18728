"""Stage 6, study: what is done, what is left, and about how long that takes."""

import time

_UNKNOWN = "time left is known after the first of each kind"


class Progress:
    """Counts the pieces of work of a study and estimates the time left.

    Pieces of one kind ("cell", "GAN") are taken to last as long as the mean of those measured.

    Args:
        totals: number of pieces of each kind.
        clock: returns seconds; replaced in tests.
    """

    def __init__(self, totals: dict[str, int], *, clock=time.perf_counter):
        """Begins with nothing done."""
        self.totals = dict(totals)
        self.done = dict.fromkeys(totals, 0)
        self._clock = clock
        self._seconds = {kind: [] for kind in totals}

    def begin(self, kind: str) -> str:
        """Returns a sentence such as "cell 7 of 45, about 31 min left"."""
        self._start = self._clock()
        return f"{kind} {self.done[kind] + 1} of {self.totals[kind]}, {self._left()}"

    def end(self, kind: str, *, measured: bool = True) -> None:
        """Counts a piece; one that was found finished is not `measured`."""
        self.done[kind] += 1
        if measured:
            self._seconds[kind].append(self._clock() - self._start)

    def _left(self) -> str:
        seconds = 0.0
        for kind, total in self.totals.items():
            left = total - self.done[kind]
            if left and not self._seconds[kind]:
                return _UNKNOWN
            if left:
                seconds += left * sum(self._seconds[kind]) / len(self._seconds[kind])
        return "less than a minute left" if seconds < 60 else f"about {seconds / 60:.0f} min left"
