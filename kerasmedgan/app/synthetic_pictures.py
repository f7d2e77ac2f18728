"""App, synthetic pictures: drawn images as a grid that says what they are."""

from collections.abc import Sequence

import numpy as np

from kerasmedgan.app.markup import escape, image
from kerasmedgan.manifest import encode_marked

MARK = '<p><span class="km-synthetic">SYNTHETIC</span> These images show no patient. '
_SHOWN = 64


def show_grid(images: np.ndarray, titles: Sequence[str], explanation: str) -> str:
    """Shows synthetic images, each marked in its file, the whole marked on the page.

    Args:
        images: uint8 array, shape `(count, size, size, channels)`.
        titles: what each is, for those who cannot see it.
        explanation: a sentence below the mark.
    """
    shown = "".join(
        image(encode_marked(pixels), f"synthetic image, {title}")
        for pixels, title in zip(images[:_SHOWN], titles, strict=False)
    )
    rest = f" The first {_SHOWN} of {len(images)} are shown." if len(images) > _SHOWN else ""
    return f'{MARK}{escape(explanation + rest)}</p><div class="km-grid">{shown}</div>'
