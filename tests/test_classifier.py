import keras
import numpy as np
import pytest

from kerasmedgan.classifier import (
    build_classifier,
    compile_classifier,
    train_classifier,
    validation_batches,
)
from kerasmedgan.data import TestSplitError
from kerasmedgan.evaluation import predict

SMALL = {"image_size": 32, "filters": (4, 8)}


def ready(updates=6, **kwargs):
    model = build_classifier(**SMALL, **kwargs)
    compile_classifier(model, updates=updates, learning_rate=1e-2)
    return model


def test_probabilities_sum_to_one():
    model = build_classifier(**SMALL, num_classes=3, channels=3, dtype="mixed_bfloat16")
    output = model(np.zeros((2, 32, 32, 3), np.float32), training=False).numpy()
    assert output.shape == (2, 3)
    assert output.dtype == np.float32
    np.testing.assert_allclose(output.sum(axis=1), 1.0, rtol=1e-5)


def test_seed_decides_the_weights():
    first, same, other = (build_classifier(**SMALL, seed=s).get_weights()[0] for s in (0, 0, 1))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_the_number_of_updates_is_what_was_asked_for(tiny_splits):
    for rows in (slice(0, 20), slice(0, 30)):
        model = ready()
        train = tiny_splits.train.take(np.arange(len(tiny_splits.train))[rows])
        history = train_classifier(
            model,
            train,
            tiny_splits.validation,
            updates=6,
            updates_per_epoch=3,
            batch_size=8,
            verbose=0,
        )
        assert int(model.optimizer.iterations) == 6
        assert len(history.history["val_auc"]) == 2


class TurnAround(keras.callbacks.Callback):
    """Negates the last layer before an epoch, so that the network is sure of the wrong class."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            layer = self.model.get_layer("probabilities")
            layer.set_weights([-weight for weight in layer.get_weights()])


def test_it_learns_and_keeps_the_weights_best_on_validation(tiny_splits):
    model = ready(updates=60)
    history = train_classifier(
        model,
        tiny_splits.train,
        tiny_splits.validation,
        updates=60,
        updates_per_epoch=10,
        batch_size=8,
        callbacks=[TurnAround(epoch=5)],
        verbose=0,
    ).history
    assert len(history["val_auc"]) == 6
    assert max(history["val_auc"]) > 0.8
    # The best epoch is not the last one, whose weights stay where nothing is restored.
    assert history["val_auc"][-1] < 0.5
    assert max(history["accuracy"]) > 0.7
    one_hot = np.eye(2)[tiny_splits.validation.labels]
    metric = keras.metrics.AUC(multi_label=True, num_labels=2)
    metric.update_state(one_hot, predict(model, tiny_splits.validation).probabilities)
    np.testing.assert_allclose(float(metric.result()), max(history["val_auc"]), atol=1e-5)


def test_same_seed_same_weights(tiny_splits):
    weights = []
    for _ in range(2):
        model = ready()
        train_classifier(
            model,
            tiny_splits.train,
            tiny_splits.validation,
            updates=6,
            updates_per_epoch=3,
            batch_size=8,
            verbose=0,
        )
        weights.append(model.get_weights())
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_test_split_is_refused_for_training_and_for_choosing(tiny_splits):
    with pytest.raises(TestSplitError, match="`train`.*test split.*`splits.train`"):
        train_classifier(
            ready(), tiny_splits.test, tiny_splits.validation, updates=100, batch_size=8
        )
    with pytest.raises(TestSplitError, match="`validation`.*test split.*`splits.validation`"):
        train_classifier(ready(), tiny_splits.train, tiny_splits.test, updates=100, batch_size=8)


def test_train_and_validation_cannot_be_swapped(tiny_splits):
    train, validation = tiny_splits.train, tiny_splits.validation
    with pytest.raises(ValueError, match="`train`.*validation split.*`splits.train`"):
        train_classifier(ready(), validation, validation, updates=100, batch_size=8)
    with pytest.raises(ValueError, match="`validation`.*train split.*`splits.validation`"):
        train_classifier(ready(), train, train, updates=100, batch_size=8)


def test_validation_batches_keep_the_order(tiny_splits):
    validation = tiny_splits.validation
    batches = list(validation_batches(validation, batch_size=7))
    images, labels = (np.concatenate(part) for part in zip(*batches, strict=True))
    np.testing.assert_allclose(images, validation.images / 127.5 - 1.0, atol=1e-6)
    np.testing.assert_array_equal(labels, validation.labels)


def test_bad_updates_and_size(tiny_splits):
    with pytest.raises(
        ValueError, match="`updates`.*multiple of `updates_per_epoch`, 100.*Received: 150"
    ):
        train_classifier(ready(), tiny_splits.train, tiny_splits.validation, updates=150)
    with pytest.raises(ValueError, match="`image_size`.*at least 16.*Received: 8"):
        build_classifier(image_size=8)
