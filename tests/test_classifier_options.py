"""The choices that a search has: networks, optimizers, schedules; a training in two parts."""

import keras
import numpy as np
import pytest

from kerasmedgan.classifier import build_classifier, compile_classifier, train_classifier


def layers_of(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize("normalisation", ["batch", "group", "none"])
def test_networks_are_built_as_asked(normalisation, pooling):
    model = build_classifier(
        image_size=32, filters=(4, 12), kernel_size=5, normalisation=normalisation, pooling=pooling
    )
    convolutions = layers_of(model, keras.layers.Conv2D)
    assert all(layer.kernel_size == (5, 5) for layer in convolutions)
    # Without a normalisation nothing else would shift.
    assert all(layer.use_bias == (normalisation == "none") for layer in convolutions)
    counts = {
        name: len(layers_of(model, kind))
        for name, kind in (
            ("batch", keras.layers.BatchNormalization),
            ("group", keras.layers.GroupNormalization),
            ("max", keras.layers.MaxPooling2D),
            ("average", keras.layers.AveragePooling2D),
        )
    }
    assert {name for name, count in counts.items() if count == 2} == {normalisation, pooling} - {
        "none"
    }
    groups = [layer.groups for layer in layers_of(model, keras.layers.GroupNormalization)]
    assert groups in ([], [4, 4])
    assert model(np.zeros((2, 32, 32, 1), np.float32)).shape == (2, 2)


def rates(schedule, updates=100):
    model = build_classifier(image_size=32, filters=(4,))
    compile_classifier(model, updates=updates, learning_rate=0.5, schedule=schedule)
    rate = model.optimizer._learning_rate
    return [float(rate(step)) if callable(rate) else float(rate) for step in (0, 10, 55, 100)]


def test_schedules():
    assert rates("constant") == [0.5, 0.5, 0.5, 0.5]
    assert rates("cosine") == pytest.approx([0.5, 0.4878, 0.2109, 0.0], abs=1e-4)
    assert rates("warmup") == pytest.approx([0.0, 0.5, 0.25, 0.0], abs=1e-4)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_weight_decay_takes_its_share(optimizer):
    model = build_classifier(image_size=32, filters=(4,))
    compile_classifier(
        model,
        updates=10,
        learning_rate=0.1,
        optimizer=optimizer,
        schedule="constant",
        weight_decay=0.5,
    )
    before = model.get_weights()
    model.optimizer.build(model.trainable_variables)
    nothing = [np.zeros(variable.shape, np.float32) for variable in model.trainable_variables]
    model.optimizer.apply(nothing, model.trainable_variables)
    np.testing.assert_allclose(model.get_weights()[0], before[0] * (1 - 0.1 * 0.5), rtol=1e-5)


@pytest.mark.parametrize("wrong", [{"normalisation": "layer"}, {"pooling": "min"}])
def test_unknown_parts_are_refused(wrong):
    with pytest.raises(ValueError, match=f"`{next(iter(wrong))}`. Expected one of"):
        build_classifier(image_size=32, **wrong)


@pytest.mark.parametrize("wrong", [{"optimizer": "lion"}, {"schedule": "step"}])
def test_unknown_training_is_refused(wrong):
    model = build_classifier(image_size=32, filters=(4,))
    with pytest.raises(ValueError, match=f"`{next(iter(wrong))}`. Expected one of"):
        compile_classifier(model, updates=10, **wrong)


def trained(tiny_splits, directory, stops):
    for stop in stops:
        model = build_classifier(image_size=32, filters=(4, 8))
        compile_classifier(model, updates=6)
        history = train_classifier(
            model,
            tiny_splits.train,
            tiny_splits.validation,
            updates=6,
            updates_per_epoch=2,
            batch_size=8,
            stop_after=stop,
            state_directory=directory,
            verbose=0,
        )
    return model, history.history


def test_a_training_in_two_parts_is_the_whole(tiny_splits, tmp_path):
    whole, history = trained(tiny_splits, tmp_path / "whole", [None])
    parts, continued = trained(tiny_splits, tmp_path / "parts", [2, 6])
    assert continued == history
    for first, second in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    with pytest.raises(ValueError, match="multiple of `updates_per_epoch`"):
        trained(tiny_splits, tmp_path / "odd", [3])
