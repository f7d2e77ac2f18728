"""Stage 1, data: a phantom data set is drawn once and then read from the cache."""

import contextlib
import hashlib
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np

from kerasmedgan.data import anatomy, phantom
from kerasmedgan.data.folders import default_cache_dir
from kerasmedgan.files import atomic_path

_NAMES = ("images", "labels", "groups")
_MOST_BYTES = 2**28


def load_phantom_data_set(
    cache_dir: Path | None = None, **settings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns what `phantom_data_set` returns, from the cache if it is there.

    What is damaged is drawn again. Sets of more than 256 MiB are not kept, nor is any where the
    cache cannot be written to.

    Args:
        cache_dir: as in `load_images`.
        settings: of `phantom_data_set`.
    """
    path = (cache_dir or default_cache_dir()) / f"phantom-{_cache_key(settings)}.npz"
    with contextlib.suppress(OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        with np.load(path, allow_pickle=False) as found:
            return tuple(found[name] for name in _NAMES)
    drawn = phantom.phantom_data_set(**settings)
    if drawn[0].nbytes <= _MOST_BYTES:
        with contextlib.suppress(OSError), atomic_path(path) as temporary:
            np.savez(temporary, **dict(zip(_NAMES, drawn, strict=True)))
    return drawn


def _cache_key(settings: dict) -> str:
    """Digests all that the images depend on: the code that draws, its libraries, settings."""
    facts = [cv2.__version__, np.__version__, settings]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for module in (anatomy, phantom):
        digest.update(Path(module.__file__).read_bytes())
    return digest.hexdigest()[:32]
