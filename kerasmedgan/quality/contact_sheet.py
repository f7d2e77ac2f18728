"""Quality, contact sheet: synthetic images beside their nearest training images, for the eye."""

import os
from pathlib import Path

import numpy as np

from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.images import make_grid, write_png
from kerasmedgan.quality.audit_result import AuditResult

_PAIRS_IN_A_ROW = 4
_GAP = 4
_FRAME = 2


def write_contact_sheet(
    path: str | os.PathLike,
    images: np.ndarray,
    result: AuditResult,
    training: LabeledImages,
    *,
    pairs: int = 32,
) -> Path:
    """Writes the synthetic images that are the most like a training image, each beside it.

    Left synthetic, right its nearest training image; the most alike come first, and flagged pairs
    have a white frame, others a black one. It shows real images: it must stay where they may be,
    and never be published.

    Args:
        path: a PNG file, written atomically.
        images: the synthetic images that `result` is about.
        result: from `MemorisationAudit`.
        training: its training images.
        pairs: how many pairs at most.

    Returns:
        The path.
    """
    order = np.argsort(result.score, kind="stable")[:pairs]
    left, right = np.asarray(images[order]), np.asarray(training.images[result.nearest[order]])
    joined = [
        _framed(np.concatenate(pair, axis=1), 255 if flagged else 0)
        for *pair, flagged in zip(left, right, result.flagged[order], strict=True)
    ]
    columns = min(_PAIRS_IN_A_ROW, len(joined))
    write_png(path, make_grid(np.stack(joined), columns=columns, gap=_GAP))
    return Path(path)


def _framed(pair: np.ndarray, grey: int) -> np.ndarray:
    return np.pad(pair, ((_FRAME, _FRAME), (_FRAME, _FRAME), (0, 0)), constant_values=grey)
