"""Stage 7, serving: a map of evidence becomes colours over an image."""

import cv2
import numpy as np

# Vermilion and blue of Okabe and Ito 2008: told apart with any colour vision.
FOR, AGAINST = (213, 94, 0), (0, 114, 178)


def colour_evidence(
    evidence: np.ndarray,
    *,
    height: int,
    width: int,
    limit: float | None = None,
    pad_to_aspect_ratio: bool = False,
) -> np.ndarray:
    """Colours a map and stretches it over the image that it belongs to.

    Args:
        evidence: float array, shape `(rows, columns)`, as of `ArmPrediction`.
        height: of the image as it was before it was resized for the classifier.
        width: the same.
        limit: the evidence that is opaque. Default: the largest of this map; pass one limit for
            maps that are shown side by side.
        pad_to_aspect_ratio: whether the classifier saw the image padded to a square.

    Returns:
        uint8 array, shape `(height, width, 4)`, RGBA: vermilion speaks for the class, blue
        against it, the stronger the more opaque.
    """
    if pad_to_aspect_ratio:
        side = max(height, width)
        top, left = (side - height) // 2, (side - width) // 2
        square = _stretch(evidence, side, side)
        stretched = square[top : top + height, left : left + width]
    else:
        stretched = _stretch(evidence, height, width)
    limit = float(np.abs(evidence).max()) if limit is None else limit
    strength = np.clip(np.abs(stretched) / max(limit, 1e-9), 0.0, 1.0)
    colours = np.empty((height, width, 4), np.uint8)
    colours[..., :3] = np.where(stretched[..., None] > 0, FOR, AGAINST)
    colours[..., 3] = np.rint(strength * 255)
    return colours


def overlay_evidence(image: np.ndarray, colours: np.ndarray, *, strength: float) -> np.ndarray:
    """Lays coloured evidence over an image.

    Args:
        image: uint8 array, shape `(height, width, 1 or 3)`.
        colours: of `colour_evidence`, of the same height and width.
        strength: 0 shows the image alone, 1 the colours at their full strength.

    Returns:
        uint8 array, shape `(height, width, 3)`.

    Raises:
        ValueError: if the strength is not in [0, 1].
    """
    if not 0 <= strength <= 1:
        raise ValueError(
            "Invalid value for `strength`. Expected a number from 0 to 1. "
            f"Received: {strength}. Use 0.5 to see both image and colours."
        )
    share = strength * colours[..., 3:].astype(np.float64) / 255
    mixed = (1 - share) * image.astype(np.float64) + share * colours[..., :3]
    return np.rint(mixed).astype(np.uint8)


def _stretch(evidence: np.ndarray, height: int, width: int) -> np.ndarray:
    return cv2.resize(evidence.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
