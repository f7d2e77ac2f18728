import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasmedgan.classifier import (
    balanced_class_weights,
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


def fit(model, splits, *, updates=6, updates_per_epoch=3, batch_size=8, **kwargs):
    return train_classifier(
        model,
        splits.train,
        splits.validation,
        updates=updates,
        updates_per_epoch=updates_per_epoch,
        batch_size=batch_size,
        verbose=0,
        **kwargs,
    ).history


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
        fit(model, tiny_splits)
        weights.append(model.get_weights())
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)


def test_same_seed_same_weights_with_class_weight_and_random_transform(tiny_splits):
    weights = []
    for noise_seed in (1, 1, 2):
        noise = keras.layers.GaussianNoise(0.2, seed=noise_seed)
        model = ready()
        fit(
            model,
            tiny_splits,
            class_weight={0: 2.0, 1: 0.5},
            transform=lambda images, noise=noise: noise(images, training=True),
        )
        weights.append(model.get_weights())
    for first, second in zip(weights[0], weights[1], strict=True):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(weights[0][0], weights[2][0])


def test_class_weights_multiply_the_loss_of_their_images_in_training_alone(tiny_splits):
    train, validation = tiny_splits.train, tiny_splits.validation
    weight = {0: 3.0, 1: 0.25}
    model = ready(updates=1, dropout=0.0)
    # One batch holds all images, so the logged loss is that of the initial weights.
    before = ready(updates=1, dropout=0.0)(train.images / 127.5 - 1.0, training=True).numpy()
    history = fit(
        model,
        tiny_splits,
        updates=1,
        updates_per_epoch=1,
        batch_size=len(train),
        class_weight=weight,
    )
    losses = -np.log(before[np.arange(len(train)), train.labels])
    weights = np.array([weight[label] for label in train.labels])
    np.testing.assert_allclose(history["loss"], [np.mean(weights * losses)], rtol=1e-4)
    after = predict(model, validation).probabilities
    losses = -np.log(after[np.arange(len(validation)), validation.labels])
    np.testing.assert_allclose(history["val_loss"], [losses.mean()], rtol=1e-4)


def test_a_transform_reaches_every_training_image_and_no_validation_image(tiny_splits):
    model, validation = ready(), tiny_splits.validation
    initial = model.get_layer("conv_0").get_weights()[0]
    history = fit(model, tiny_splits, updates=3, transform=tf.zeros_like)
    # Black images give the first convolution no gradient; one other image would.
    np.testing.assert_array_equal(model.get_layer("conv_0").get_weights()[0], initial)
    probabilities = predict(model, validation).probabilities
    assert len(np.unique(probabilities[:, 0])) > 1
    losses = -np.log(probabilities[np.arange(len(validation)), validation.labels])
    np.testing.assert_allclose(history["val_loss"], [losses.mean()], rtol=1e-4)


def test_a_transform_gets_batches_in_the_model_range(tiny_splits):
    seen = []

    def note(images):
        seen.append((images.shape.as_list(), images.dtype))
        extremes = tf.reduce_min(images) >= -1.0, tf.reduce_max(images) <= 1.0
        with tf.control_dependencies([tf.debugging.assert_equal(extremes, True)]):
            return tf.identity(images)

    fit(ready(), tiny_splits, transform=note)
    assert seen == [([8, 32, 32, 1], tf.float32)]


def test_balanced_class_weights(tiny):
    weights = balanced_class_weights(tiny.counts())
    assert weights == {0: pytest.approx(40 / (2 * 12)), 1: pytest.approx(40 / (2 * 28))}
    assert list(map(type, weights)) == [int, int]
    assert np.mean([weights[label] for label in tiny.labels]) == pytest.approx(1.0)
    assert balanced_class_weights({"A": 1, "B": 1, "C": 4})[2] == pytest.approx(0.5)
    with pytest.raises(ValueError, match=r"`counts`.*'A': 0.*of \['A'\]"):
        balanced_class_weights({"A": 0, "B": 3})


@pytest.mark.parametrize("class_weight", [{0: 1.0}, {0: 1.0, 2: 1.0}, {}, {"NORMAL": 1.0}])
def test_class_weights_must_name_every_label(tiny_splits, class_weight):
    with pytest.raises(ValueError, match="`class_weight`.*each label from 0 to 1.*Received"):
        fit(ready(), tiny_splits, class_weight=class_weight)


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
