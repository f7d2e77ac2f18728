"""A GAN that learned 20 images by heart is refused as a whole."""

import json

import keras
import pytest
from planted_copies import phantom_images

from kerasmedgan import DCGAN
from kerasmedgan.callbacks import SyntheticExport
from kerasmedgan.quality import MemorisationAudit, MemorisedError

pytestmark = pytest.mark.slow

UPDATES = 1500


@pytest.fixture(scope="module")
def audit():
    training = phantom_images(0, 20)
    return MemorisationAudit(training, phantom_images(1000, 150, split="validation"))


@pytest.fixture(scope="module")
def overfitted(audit, tmp_path_factory):
    """(The GAN, the folder of its export, the error that ended its training, what was logged)."""
    folder = tmp_path_factory.mktemp("export")
    # With the default's augmentation it would learn less by heart.
    gan = DCGAN(image_size=32, latent_dim=4, width=16, ema_decay=0.98, augmentation=None)
    gan.compile(*(keras.optimizers.Adam(5e-4, beta_1=0.5) for _ in range(2)))
    export = SyntheticExport(folder, count=30, class_name="NORMAL", every=3, audit=audit)
    with pytest.raises(MemorisedError) as caught:
        gan.fit(
            audit.training.batches(20, repeat=True),
            steps_per_epoch=UPDATES // 3,
            epochs=3,
            shuffle=False,
            verbose=0,
            callbacks=[export],
        )
    return gan, folder, caught.value


def test_the_audit_refuses_it(audit, overfitted):
    result = audit(overfitted[0].generate(300, seed=9))
    assert result.refusal is not None
    pixels = result.spaces["pixels"]
    assert pixels.preference_z < -4
    assert pixels.prefers_training
    assert pixels.copying_statistic < -2


def test_nothing_is_exported_and_the_reason_is_on_the_disk(overfitted):
    _, folder, error = overfitted
    assert "Cannot export images of NORMAL" in str(error)
    for directory in (folder, folder / "epoch_0003"):
        assert not (directory / "NORMAL").exists() and not (directory / "manifest.csv").exists()
        facts = json.loads((directory / "memorisation_NORMAL.json").read_text())
        assert facts["refused"] and facts["refusal"]
        assert (directory / "private_NORMAL.png").stat().st_size > 0


def test_images_of_new_patients_beside_the_same_twenty_pass(audit):
    result = audit(phantom_images(3000, 200).images)
    assert result.refusal is None
    assert result.flagged.mean() <= 0.02
    assert abs(result.spaces["pixels"].preference_z) < 3
