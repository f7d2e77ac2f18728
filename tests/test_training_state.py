"""A training that is killed and resumed equals one that ran through, bit for bit."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from processes import lines_until
from resumed_training import EPOCHS
from small_gan import SMALL, assert_same, compiled, state

from kerasmedgan import DCGAN
from kerasmedgan.callbacks import TrainingState
from kerasmedgan.classifier import build_classifier, compile_classifier, train_classifier
from kerasmedgan.distribution import get_strategy
from kerasmedgan.resume import BestWeights, StateFiles, TrainingStateError

SCRIPT = Path(__file__).parent / "resumed_training.py"


def train(kind, folder, *, killed_in=None):
    """Runs the script and returns the epochs it began; kills it (SIGKILL) in the middle of one."""
    folder.mkdir(exist_ok=True)
    hold = [] if killed_in is None else [killed_in]
    lines = lines_until(hold and "holding", SCRIPT, kind, folder, *hold)
    return [int(line.split()[1]) for line in lines if line.startswith("epoch")]


@pytest.mark.parametrize("kind", ["gan", "classifier"])
def test_killed_and_resumed_equals_a_training_that_ran_through(kind, tmp_path):
    train(kind, tmp_path / "through")
    assert train(kind, tmp_path / "killed", killed_in=3) == [1, 2, 3]
    assert train(kind, tmp_path / "killed") == [3, 4]
    with (
        np.load(tmp_path / "through/end.npz") as through,
        np.load(tmp_path / "killed/end.npz") as killed,
    ):
        assert through.files == killed.files and len(through.files) > 20
        for name in through.files:
            np.testing.assert_array_equal(through[name], killed[name], err_msg=name)
        history = json.loads(str(through["history"]))
        assert {len(values) for values in history.values()} == {EPOCHS}


def fit(gan, images, state, epochs):
    first = state.restore(gan)
    return gan.fit(
        images.batches(8, initial_epoch=first),
        initial_epoch=first,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[state],
    )


@pytest.fixture(scope="module")
def saved(tiny, tmp_path_factory):
    """The folder of a state of one epoch, and its GAN."""
    folder, gan = tmp_path_factory.mktemp("state"), compiled()
    fit(gan, tiny, TrainingState(folder, settings={"images": tiny.fingerprint()}), 1)
    return folder, gan


def test_restore_gives_the_same_gan_in_this_process(saved, tiny):
    folder, gan = saved
    other = compiled()
    restored = TrainingState(folder, settings={"images": tiny.fingerprint()})
    assert restored.restore(other) == 1
    assert_same(state(gan), state(other))
    assert {len(values) for values in restored.history.values()} == {1}


def test_a_folder_without_a_state_changes_nothing(tmp_path):
    gan = compiled()
    before = state(gan)
    assert TrainingState(tmp_path / "new").restore(gan) == 0
    assert_same(before, state(gan))


def test_other_settings_are_named(saved, tiny):
    folder, _ = saved
    settings = {"images": tiny.fingerprint()}

    def refused(match, gan, **other):
        with pytest.raises(TrainingStateError, match=match):
            TrainingState(folder, settings={**settings, **other}).restore(gan)

    def built(**changes):
        gan = DCGAN(**{**SMALL, **changes})
        gan.compile()
        return gan

    refused("`model.image_size` 32, as saved. Received: 64", built(image_size=64))
    refused("`model.width` 4, as saved. Received: 6", built(width=6))
    refused("`model.seed` 0, as saved. Received: 5", built(seed=5))
    refused("`dtype` 'float32', as saved. .*'mixed_bfloat16'", built(dtype="mixed_bfloat16"))
    refused("`settings.images` '.*', as saved. Received: 'others'", compiled(), images="others")
    faster = DCGAN(**SMALL)
    faster.compile(g_optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
    refused(r"`compile.g_optimizer.config.learning_rate` 0.00019.*Received: 0.001", faster)
    hinge = DCGAN(**SMALL)
    hinge.compile(loss="hinge")
    refused("`compile.loss.class_name` 'NonSaturating', as saved. Received: 'Hinge'", hinge)


def test_other_layers_of_a_classifier_are_named(tiny_splits, tmp_path):
    def train(**changes):
        model = build_classifier(image_size=32, filters=(4, 8), **changes)
        compile_classifier(model, updates=4)
        train_classifier(
            model,
            tiny_splits.train,
            tiny_splits.validation,
            updates=4,
            updates_per_epoch=2,
            batch_size=8,
            state_directory=tmp_path,
            verbose=0,
        )

    train()
    with pytest.raises(TrainingStateError, match=r"`layers\[\d+\].rate` 0.3, .*Received: 0.9"):
        train(dropout=0.9)


def test_a_folder_of_an_earlier_training_is_not_written_to_unawares(saved, tiny):
    folder, _ = saved
    gan = compiled()
    with pytest.raises(TrainingStateError, match="`restore` before `fit`"):
        gan.fit(tiny.batches(8), shuffle=False, verbose=0, callbacks=[TrainingState(folder)])


def test_a_second_model_does_not_write_over_the_first_ones_states(tiny, tmp_path):
    saved = TrainingState(tmp_path)
    fit = {"shuffle": False, "verbose": 0, "callbacks": [saved]}
    compiled().fit(tiny.batches(8), epochs=2, **fit)
    with pytest.raises(TrainingStateError, match="Expected a call of `restore` before `fit`"):
        compiled().fit(tiny.batches(8), epochs=1, **fit)
    assert StateFiles(tmp_path).epochs() == [2, 1]


def test_numbers_that_are_not_finite_are_not_saved(tiny, tmp_path):
    gan, state = compiled(), TrainingState(tmp_path)
    fit(gan, tiny, state, 1)
    gan.generator.trainable_variables[0].assign(gan.generator.trainable_variables[0] * np.nan)
    state.save(2)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch_000001.state"]


def test_a_state_of_two_replicas_goes_on_on_one(tiny, tmp_path):
    strategy = get_strategy("mirrored")
    with strategy.scope():
        gan = compiled()
    fit(gan, tiny, TrainingState(tmp_path), 1)
    alone, again = compiled(), None
    assert TrainingState(tmp_path).restore(alone) == 1
    with strategy.scope():
        again = compiled()
    assert TrainingState(tmp_path).restore(again) == 1
    for one, other in ((gan, alone), (gan, again)):
        assert_same(
            [weight.numpy() for weight in one.weights], [weight.numpy() for weight in other.weights]
        )
    for copies in map(strategy.experimental_local_results, (w.value for w in again.weights)):
        np.testing.assert_array_equal(*[copy.numpy() for copy in copies])


class Halve(keras.callbacks.Callback):
    """Halves a learning rate after each epoch, as `ReduceLROnPlateau` may."""

    def on_epoch_end(self, epoch, logs=None):
        self.model.g_optimizer.learning_rate = self.model.g_optimizer.learning_rate / 2


def test_a_learning_rate_that_a_callback_changed_is_kept(tiny, tmp_path):
    gan, state = compiled(), TrainingState(tmp_path)
    start = float(gan.g_optimizer.learning_rate)
    gan.fit(tiny.batches(8), epochs=2, shuffle=False, verbose=0, callbacks=[Halve(), state])
    resumed = compiled()
    assert TrainingState(tmp_path).restore(resumed) == 2
    assert float(resumed.g_optimizer.learning_rate) == pytest.approx(start / 4)


def test_every_third_epoch_and_the_last_have_a_state(tiny, tmp_path):
    gan = compiled()
    fit(gan, tiny, TrainingState(tmp_path, every=3), 5)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["epoch_000003", "epoch_000005"]
    with pytest.raises(ValueError, match="`every`.*>= 1. Received: 0"):
        TrainingState(tmp_path, every=0)


def test_best_weights_keeps_the_first_of_the_best(tiny_splits):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    best = BestWeights("score")
    best.set_model(model)
    for epoch, score in enumerate((float("nan"), 0.2, 0.7, 0.7, 0.1)):
        model.set_weights([np.full((1, 1), epoch)])
        best.on_epoch_end(epoch, {"score": score})
    again = BestWeights("score")
    again.set_model(model)
    again.set_state(best.get_state())
    again.on_train_end()
    assert model.get_weights()[0] == 2
    nothing = BestWeights("score")
    nothing.set_state(BestWeights("score").get_state())
    assert nothing.weights is None
