"""Quality, audit result: which synthetic images are copies, and whether a set must be refused."""

from __future__ import annotations

import dataclasses

import numpy as np

# GANs that had learned 20 phantoms by heart were at 0.43 to 0.69 over 500 to 3,000 updates.
_LEAST_SHARE = 0.75


class MemorisedError(ValueError):
    """Raised instead of handing out images of a generator that copies its training images."""


@dataclasses.dataclass(frozen=True)
class SpaceResult:
    """What a set of synthetic images looks like in one space.

    Attributes:
        median_distance: median distance of a synthetic image to its nearest training image.
        null_median_distance: the same of held-out real images.
        median_ratio: median of that distance over the mean distance to the next nearest ones.
        null_median_ratio: the same of held-out real images.
        copying_statistic: C_T, see `copying_statistic`; far below 0 for copies, but also for
            blurred images.
        copying_p_value: the chance of a C_T as low without copying.
        held_out_share: see `Preference`; `None` without held-out images, as the next two.
        expected_held_out_share: see `Preference`.
        preference_z: see `Preference`.
    """

    median_distance: float
    null_median_distance: float
    median_ratio: float
    null_median_ratio: float
    copying_statistic: float
    copying_p_value: float
    held_out_share: float | None
    expected_held_out_share: float | None
    preference_z: float | None

    @property
    def prefers_training(self) -> bool:
        """Whether held-out images are nearest far less often than exchanged ones would be."""
        return (
            self.held_out_share is not None
            and self.preference_z < -3.0
            and self.held_out_share < _LEAST_SHARE * self.expected_held_out_share
        )


@dataclasses.dataclass(frozen=True)
class AuditResult:
    """The verdict on a set of synthetic images.

    Attributes:
        flagged: bool `(count,)`: the image is too near to a training image.
        score: float `(count,)`: how far the logarithm of the ratio is from the null's median, in
            units of the null's distance from median to 5 % quantile; the lowest over the spaces.
        nearest: int `(count,)`: index of the nearest training image in that space.
        threshold: images with a score below are flagged.
        spaces: what was found in each space, by name.
        refusal: why the whole set must not be used; `None` if it may.
    """

    flagged: np.ndarray
    score: np.ndarray
    nearest: np.ndarray
    threshold: float
    spaces: dict[str, SpaceResult]
    refusal: str | None

    def to_dict(self) -> dict:
        """Returns the counts and numbers, JSON-ready, without a word on single images."""
        return {
            "images": len(self.flagged),
            "flagged": int(self.flagged.sum()),
            "flagged_share": float(self.flagged.mean()),
            "threshold": self.threshold,
            "refused": self.refusal is not None,
            "refusal": self.refusal,
            "spaces": {name: dataclasses.asdict(space) for name, space in self.spaces.items()},
        }
