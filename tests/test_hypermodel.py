import keras
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


def test_dtype_and_seed_outlive_the_clear_session_of_a_tuner():
    space = ClassifierHyperModel(image_size=32, dtype="mixed_bfloat16", seed=3)
    weights = []
    for _ in range(2):
        keras.utils.clear_session()
        model = space.build(keras_tuner.HyperParameters())
        assert model.get_layer("conv_0").dtype_policy.name == "mixed_bfloat16"
        weights.append(model.get_weights()[0])
    np.testing.assert_array_equal(*weights)
    assert keras.config.dtype_policy().name == "float32"


def test_the_dose_is_a_hyperparameter_of_the_data():
    doses = {}
    for ratios in ((), (0.25, 0.5), (0.5, 1.0, 2.0)):
        found = keras_tuner.HyperParameters()
        ClassifierHyperModel(image_size=32, synthetic_ratios=ratios).declare_hyperparameters(found)
        assert [one.name for one in found.space] == ["classical_strength", "synthetic_ratio"]
        doses[ratios] = found.get("synthetic_ratio")
    assert list(doses.values()) == [0.0, 0.5, 1.0]


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
