import keras_tuner
import numpy as np

from kerasmedgan.classifier import build_classifier, one_hot, validation_batches
from kerasmedgan.tuning import ClassifierHyperModel
from kerasmedgan.tuning.hypermodel import NAMES


def test_the_default_is_the_untuned_classifier():
    model = ClassifierHyperModel(image_size=32).build(keras_tuner.HyperParameters())
    default = build_classifier(image_size=32)
    for first, second in zip(model.get_weights(), default.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_random_search_runs(tiny_splits, tmp_path):
    tuner = keras_tuner.RandomSearch(
        ClassifierHyperModel(image_size=32, updates=2),
        objective=keras_tuner.Objective("val_auc", "max"),
        max_trials=1,
        seed=1,
        directory=tmp_path,
        overwrite=True,
    )
    tuner.search(
        one_hot(tiny_splits.train.batches(8, repeat=True), 2),
        steps_per_epoch=2,
        epochs=1,
        shuffle=False,
        validation_data=one_hot(validation_batches(tiny_splits.validation), 2),
        verbose=0,
    )
    (trial,) = tuner.oracle.get_best_trials(1)
    assert 0.0 <= trial.score <= 1.0
    values = trial.hyperparameters.values
    assert set(NAMES) - set(values) in ({"learning_rate_sgd"}, {"learning_rate_adam"})
