"""Stage 1, data: `Splits`, the three sets that a comparison rests on."""

import dataclasses
import hashlib
from collections.abc import Iterator

import numpy as np

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.data.split_guard import TestSplitError


@dataclasses.dataclass(frozen=True, eq=False)
class Splits:
    """Train, validation and test, and the data report on them.

    Attributes:
        train: what networks learn from.
        validation: what early stopping, thresholds and searches look at.
        test: for the final number alone.
        report: the data report as a JSON-ready dictionary.
        test_openings: what `open_test` was called for, in order.
    """

    train: LabeledImages
    validation: LabeledImages
    test: LabeledImages
    report: dict = dataclasses.field(default_factory=dict, repr=False)
    test_openings: list[str] = dataclasses.field(default_factory=list, repr=False)

    def open_test(self, reason: str) -> LabeledImages:
        """Returns the test split and notes what for; for one reason it opens once.

        Raises:
            TestSplitError: if it was opened for the same reason before.
        """
        if reason in self.test_openings:
            raise TestSplitError(
                f"Invalid value for `reason`. Expected one opening of the test split for "
                f"{reason!r}. Received: a second one. What was seen of it must choose nothing: "
                "look at `splits.validation`."
            )
        self.test_openings.append(reason)
        return self.test

    def __iter__(self) -> Iterator[LabeledImages]:
        """Yields train, validation and test."""
        return iter((self.train, self.validation, self.test))

    def fingerprint(self) -> str:
        """Returns a sha256 over the pixels and labels of the three splits."""
        digest = hashlib.sha256()
        for images in self:
            for pixels in images.pixels():
                digest.update(pixels)
            digest.update(np.ascontiguousarray(images.labels))
        return digest.hexdigest()
