"""Quality, withholding: images are drawn until enough of them are no copies."""

import dataclasses
from collections.abc import Callable

import numpy as np

from kerasmedgan.quality.audit_result import AuditResult
from kerasmedgan.quality.memorisation import MemorisationAudit

# A whole set is judged on at least as many: a few images say nothing about a generator.
LEAST_JUDGED = 256
_DRAWN_AT_ONCE = 64


@dataclasses.dataclass(frozen=True)
class NewImages:
    """Images that passed an audit, and what it said.

    Attributes:
        images: uint8 array, shape `(count, height, width, channels)`; empty if refused.
        indexes: int array, shape `(count,)`: the number of each in its seed's sequence.
        withheld: how many were left out before the last of them.
        judged: the images that the whole generator was judged on.
        result: the verdict on those.
    """

    images: np.ndarray
    indexes: np.ndarray
    withheld: int
    judged: np.ndarray
    result: AuditResult


def draw_new_images(
    draw: Callable[[int, int], np.ndarray], count: int, audit: MemorisationAudit
) -> NewImages:
    """Draws images in order and leaves out those that the audit flags.

    Args:
        draw: `draw(start, stop)` returns the images with these numbers, uint8.
        count: how many are wanted.
        audit: of the training images of the generator.

    Returns:
        `count` images; none if the whole set is refused.
    """
    judged = draw(0, max(count, LEAST_JUDGED))
    result = audit(judged)
    if result.refusal is not None:
        nothing = np.zeros(0, np.int64)
        return NewImages(judged[nothing], nothing, int(result.flagged.sum()), judged, result)
    kept, images, drawn = np.flatnonzero(~result.flagged), [judged[~result.flagged]], len(judged)
    while len(kept) < count:
        more = draw(drawn, drawn + _DRAWN_AT_ONCE)
        passed = ~audit(more).flagged
        kept = np.concatenate([kept, drawn + np.flatnonzero(passed)])
        images.append(more[passed])
        drawn += _DRAWN_AT_ONCE
    kept = kept[:count]
    withheld = int(kept[-1]) + 1 - count
    return NewImages(np.concatenate(images)[:count], kept, withheld, judged, result)
