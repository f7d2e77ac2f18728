import cv2
import numpy as np
import pytest

from kerasmedgan import DCGAN
from kerasmedgan.callbacks import SampleGrid


def test_grids_when_due_from_the_same_latents(tiny, tmp_path):
    gan = DCGAN(image_size=32, latent_dim=8, width=4)
    gan.compile()
    grid = SampleGrid(tmp_path / "grids", rows=2, columns=3, every=2, seed=4)
    gan.fit(tiny.batches(8), epochs=3, shuffle=False, verbose=0, callbacks=[grid])
    files = sorted(path.name for path in (tmp_path / "grids").iterdir())
    assert files == ["epoch_0002.png", "epoch_0003.png"]
    last = cv2.imread(str(tmp_path / "grids" / "epoch_0003.png"), cv2.IMREAD_GRAYSCALE)
    assert last.shape == (2 * 32 + 2, 3 * 32 + 4)
    np.testing.assert_array_equal(last[34:66, 34:66], gan.generate(6, seed=4)[4, ..., 0])


@pytest.mark.parametrize("argument", ["rows", "columns", "every"])
def test_bad_arguments(argument, tmp_path):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received: 0"):
        SampleGrid(tmp_path, **{argument: 0})
