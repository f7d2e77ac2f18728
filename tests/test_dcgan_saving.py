import keras
import numpy as np
import pytest
from small_gan import ALL_OPTIONS, SMALL, assert_same, compiled, fit, state

from kerasmedgan import DCGAN
from kerasmedgan.gan import PLAIN
from kerasmedgan.resume import StateFiles, TrainingState, TrainingStateError


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


@pytest.fixture(scope="module")
def with_options(tiny, tmp_path_factory):
    """A GAN with every option: saved in both ways after one epoch, its state then and after two."""
    folder, gan = tmp_path_factory.mktemp("options"), compiled(**ALL_OPTIONS)
    saver = TrainingState(folder / "state")
    gan.fit(tiny.batches(8), shuffle=False, verbose=0, callbacks=[saver])
    gan.save(folder / "half.keras")
    half = state(gan)
    # Between two changes of the probability: an epoch has five steps.
    assert 0 < float(gan.adaptive.probability) < 1
    assert float(gan.adaptive.sign_sum) != 0
    fit(gan, tiny, epochs=2, initial_epoch=1)
    return folder, half, state(gan)


def test_options_are_saved_with_their_state(with_options, tiny):
    folder, half, through = with_options
    resumed = keras.saving.load_model(folder / "half.keras")
    assert resumed.get_config().items() >= ALL_OPTIONS.items()
    assert_same(half, state(resumed))
    fit(resumed, tiny, epochs=2, initial_epoch=1)
    assert_same(through, state(resumed))


def test_a_state_in_training_holds_the_options_too(with_options):
    folder, half, _ = with_options
    resumed = compiled(**ALL_OPTIONS)
    assert TrainingState(folder / "state").restore(resumed) == 1
    assert_same(half, state(resumed))


def test_what_was_saved_before_there_were_options_is_plain(gan, tiny, tmp_path):
    """A state and a configuration without the names of the options."""
    saver = TrainingState(tmp_path)
    saver.set_model(gan)
    saver.save(1)
    arrays, facts = StateFiles(tmp_path).read()
    config = gan.get_config()
    for name in PLAIN:
        del facts["settings"]["model"][name], config[name]
    StateFiles(tmp_path).write(1, arrays, facts)
    plain = compiled(**PLAIN)
    assert TrainingState(tmp_path).restore(plain) == 1
    assert_same(state(gan), state(plain))
    with pytest.raises(TrainingStateError, match="`model.spectral_norm` False, as saved.*True"):
        TrainingState(tmp_path).restore(compiled(**{**PLAIN, "spectral_norm": True}))
    loaded = DCGAN.from_config(config)
    assert {name: getattr(loaded, name) for name in PLAIN} == PLAIN


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
