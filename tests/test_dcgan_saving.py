import keras
import numpy as np
import pytest
from small_gan import SMALL, assert_same, compiled, fit, state

from kerasmedgan import DCGAN


@pytest.fixture(scope="module")
def gan(tiny):
    model = compiled()
    fit(model, tiny)
    return model


def test_save_and_load_keep_everything(gan, tmp_path):
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert_same(state(gan), state(loaded))
    assert loaded.get_config() == gan.get_config()
    assert type(loaded.loss_pair) is type(gan.loss_pair)
    np.testing.assert_array_equal(loaded.generate(4, seed=1), gan.generate(4, seed=1))


def test_a_second_fit_goes_on_where_the_first_stopped(tiny, tmp_path):
    through = compiled()
    fit(through, tiny, epochs=2)
    first_half = compiled()
    fit(first_half, tiny, epochs=1)
    first_half.save(tmp_path / "half.keras")
    resumed = keras.saving.load_model(tmp_path / "half.keras")
    fit(resumed, tiny, epochs=2, initial_epoch=1)
    assert_same(state(through), state(resumed))


def test_compile_settings_survive(tmp_path):
    gan = DCGAN(**SMALL)
    gan.compile(
        g_optimizer=keras.optimizers.Adam(3e-4, beta_1=0.4),
        d_optimizer=keras.optimizers.RMSprop(1e-5),
        loss="hinge",
    )
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.g_optimizer.get_config() == gan.g_optimizer.get_config()
    assert loaded.d_optimizer.get_config() == gan.d_optimizer.get_config()
    assert loaded.get_compile_config()["loss"]["class_name"] == "Hinge"


def test_loading_without_compiling_still_generates(gan, tmp_path):
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras", compile=False)
    np.testing.assert_array_equal(loaded.generate(2, seed=0), gan.generate(2, seed=0))


def test_weights_of_other_optimizers_are_an_error(gan, tmp_path):
    gan.save_weights(tmp_path / "gan.weights.h5")
    other = DCGAN(**SMALL)
    other.compile(g_optimizer=keras.optimizers.SGD(), d_optimizer=keras.optimizers.SGD())
    with pytest.raises(ValueError, match="Cannot load the optimizers' state"):
        other.load_weights(tmp_path / "gan.weights.h5")
