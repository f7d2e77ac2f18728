"""Stage 5, likeness: how often the rule is wrong, measured on images that it never saw."""

from collections.abc import Mapping

import numpy as np

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.likeness.rule import LikenessRule
from kerasmedgan.likeness.strangers import draw_strangers, transformed

_STRANGERS = 100


def measure_likeness(
    rule: LikenessRule,
    held_out: LabeledImages,
    *,
    others: Mapping[str, np.ndarray] | None = None,
    count: int = _STRANGERS,
    seed: int = 0,
) -> dict:
    """Measures the share of real images wrongly flagged, and of other images caught.

    Args:
        rule: learned from training images.
        held_out: real images that it did not see, of the validation split, or of the test split
            once all is decided.
        others: further kinds of images to catch, uint8 `(count, size, size, channels)` each.
        count: images of each kind that is drawn.
        seed: seed of these.

    Returns:
        `split`, `count` and `wrongly_flagged` (a share) of the held-out images; `caught`, with
        `count` and `share` of each kind of other image, negatives and turned images among them.
    """
    kinds = {
        **transformed(held_out.images),
        **draw_strangers(count, held_out.image_size, channels=held_out.channels, seed=seed),
        **(others or {}),
    }
    return {
        "split": held_out.split,
        "count": len(held_out),
        "wrongly_flagged": _flagged_share(rule, held_out.images),
        "caught": {
            name: {"count": len(images), "share": _flagged_share(rule, images)}
            for name, images in kinds.items()
        },
    }


def _flagged_share(rule: LikenessRule, images: np.ndarray) -> float:
    return float(np.mean([reason is not None for reason in rule.reasons(images)]))
