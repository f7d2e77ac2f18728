import csv
import dataclasses
import json

import keras
import numpy as np
import pytest

from kerasmedgan import DCGAN
from kerasmedgan.gan import PLAIN
from kerasmedgan.study import describe_gan, describe_synthetic, run_gan


def test_trains_writes_and_counts(tiny, tmp_path):
    gan = DCGAN(image_size=32, latent_dim=8, width=4)
    gan.compile()
    facts = run_gan(gan, tiny, directory=tmp_path, epochs=2, batch_size=8, seed=0)
    assert facts["steps"] == 2 * (len(tiny) // 8)
    assert facts["images_per_second"] == pytest.approx(
        facts["steps"] * 8 / facts["seconds"], rel=0.2
    )
    with (tmp_path / "history.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.generate(2, seed=0), gan.generate(2, seed=0))


class StopAt(keras.callbacks.Callback):
    """Ends a training in the middle of an epoch, as a power cut would."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def test_a_stopped_training_goes_on_to_the_same_end(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("kerasmedgan.study.gan_run._UPDATES_A_STATE", 5)
    settings = {"epochs": 3, "batch_size": 8, "seed": 0, "verbose": 0}

    def run(folder, *callbacks):
        gan = DCGAN(image_size=32, latent_dim=8, width=4)
        gan.compile()
        return run_gan(gan, tiny, directory=folder, callbacks=callbacks, **settings)

    run(tmp_path / "through")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", StopAt(2))
    assert (tmp_path / "stopped/state/epoch_000002.state").exists()
    assert run(tmp_path / "stopped")["steps"] == 15
    for name in ("history.csv", "model.keras"):
        assert (tmp_path / "stopped" / name).exists()
    assert not (tmp_path / "stopped/state").exists()
    weights = [
        keras.saving.load_model(tmp_path / name / "model.keras").get_weights()
        for name in ("through", "stopped")
    ]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
    histories = [(tmp_path / name / "history.csv").read_text() for name in ("through", "stopped")]
    assert histories[0] == histories[1]


def test_description_is_json_and_names_the_settings():
    gan = DCGAN(image_size=32, latent_dim=8, width=4, seed=3)
    gan.compile(loss="hinge")
    described = json.loads(json.dumps(describe_gan(gan)))
    assert (described["width"], described["seed"], described["dtype"]) == (4, 3, "float32")
    assert described["compile"]["loss"]["class_name"] == "Hinge"
    assert described["compile"]["g_optimizer"]["class_name"] == "Adam"


def test_description_names_the_options_that_are_on():
    plain, other = (
        DCGAN(image_size=32, width=4, **PLAIN),
        DCGAN(
            image_size=32, width=4, **{**PLAIN, "spectral_norm": True, "augmentation": ("cutout",)}
        ),
    )
    extra = [describe_gan(gan) for gan in (plain, other)]
    names = [name for name in extra[1] if name not in extra[0]]
    assert names == ["augmentation", "spectral_norm"]


def test_copies_are_not_varied(tiny):
    copies = dataclasses.replace(tiny, images=np.repeat(tiny.images[:1], len(tiny), axis=0))
    assert describe_synthetic(copies, tiny)["diversity_ratio"] == 0.0
    assert describe_synthetic(tiny, tiny)["diversity_ratio"] == 1.0
