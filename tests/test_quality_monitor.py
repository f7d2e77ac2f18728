import dataclasses

import numpy as np
import pytest
from small_gan import compiled

from kerasmedgan.callbacks import QualityMonitor, TrainingState
from kerasmedgan.data import TestSplitError
from kerasmedgan.quality import TextureFeatures


@pytest.fixture(scope="module")
def features(tiny):
    return TextureFeatures(tiny.images)


def trained(tiny, callbacks, epochs=5, gan=None, initial_epoch=0):
    gan = gan or compiled()
    history = gan.fit(
        tiny.batches(8, initial_epoch=initial_epoch),
        epochs=epochs,
        initial_epoch=initial_epoch,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
    )
    return gan, history.history


def test_measures_stand_in_history_when_due_and_the_best_generator_is_kept(
    tiny, tiny_splits, features
):
    monitor = QualityMonitor(tiny_splits.validation, features, every=2)
    gan, history = trained(tiny, [monitor])
    looked = [1, 3, 4]
    for name in ("kid", "kid_spread", "frechet_distance", "density", "coverage", "recall"):
        values = np.array(history[f"quality_{name}"])
        np.testing.assert_array_equal(np.flatnonzero(np.isfinite(values)), looked)
    assert list(monitor.scores) == [2, 4, 5]
    kid = {epoch: score.measures.kid for epoch, score in monitor.scores.items()}
    assert history["quality_kid"][1] == kid[2]
    assert monitor.best_epoch == min(kid, key=kid.get)
    # What it draws now is what it drew at the best look.
    again = monitor.judge(gan.generate(monitor.judge.count, seed=monitor.seed))
    assert again.measures.kid == pytest.approx(kid[monitor.best_epoch])


def test_higher_is_better_for_some(tiny, tiny_splits, features):
    monitor = QualityMonitor(
        tiny_splits.validation, features, every=1, monitor="density", keep_best=False
    )
    gan, _ = trained(tiny, [monitor], epochs=3)
    density = {epoch: score.measures.density for epoch, score in monitor.scores.items()}
    assert monitor.best_epoch == max(density, key=density.get)
    # Without `keep_best` the last generator stays.
    last = monitor.judge(gan.generate(monitor.judge.count, seed=monitor.seed))
    assert last.measures.density == pytest.approx(density[3])


def test_a_training_that_was_stopped_still_knows_its_best(tiny, tiny_splits, features, tmp_path):
    def watched(folder):
        monitor = QualityMonitor(tiny_splits.validation, features, every=1)
        state = TrainingState(folder)
        state.register("quality", monitor)
        return monitor, state

    through, state = watched(tmp_path / "through")
    state.restore(gan := compiled())
    trained(tiny, [through, state], epochs=3, gan=gan)
    first, state = watched(tmp_path / "stopped")
    state.restore(stopped := compiled())
    trained(tiny, [first, state], epochs=2, gan=stopped)
    second, state = watched(tmp_path / "stopped")
    resumed = compiled()
    assert state.restore(resumed) == 2
    assert second.best_epoch == first.best_epoch
    trained(tiny, [second, state], epochs=3, gan=resumed, initial_epoch=2)
    assert second.best_epoch == through.best_epoch
    np.testing.assert_array_equal(resumed.generate(4, seed=1), gan.generate(4, seed=1))


def test_bad_arguments(tiny_splits, features):
    validation = tiny_splits.validation
    with pytest.raises(TestSplitError, match="`real`"):
        QualityMonitor(tiny_splits.test, features)
    with pytest.raises(ValueError, match="`every`.*Received: 0"):
        QualityMonitor(validation, features, every=0)
    with pytest.raises(ValueError, match="`monitor`.*'fid'"):
        QualityMonitor(validation, features, monitor="fid")
    with pytest.raises(ValueError, match="`count`"):
        QualityMonitor(dataclasses.replace(validation).take(np.arange(4)), features)
