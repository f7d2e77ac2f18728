import keras
import numpy as np
from small_classifier import CLASS_WEIGHT, built, compiled, model_range, pairs

from kerasmedgan.classifier import Classifier
from kerasmedgan.distribution import get_strategy

STEPS = 20


def in_scope(build):
    with get_strategy("mirrored").scope():
        return build()


def built_with_sgd():
    model = built()
    model.compile(keras.optimizers.SGD(1000.0), "categorical_crossentropy")
    return model


def fit(model, images, *, steps, **kwargs):
    """Takes single steps, one an epoch, and returns their logs."""
    batches = pairs(images.images, images.labels, 8).repeat()
    return model.fit(
        batches,
        epochs=steps,
        steps_per_epoch=1,
        class_weight=CLASS_WEIGHT,
        shuffle=False,
        verbose=0,
        **kwargs,
    ).history


def gradients(model, images):
    before = [np.array(variable) for variable in model.trainable_variables]
    fit(model, images, steps=1)
    after = zip(before, model.trainable_variables, strict=True)
    return [(start - np.array(variable)) / 1000.0 for start, variable in after]


def test_two_replicas_have_the_gradients_of_one(tiny):
    two, one = (
        gradients(build(), tiny) for build in (lambda: in_scope(built_with_sgd), built_with_sgd)
    )
    for mine, expected in zip(two, one, strict=True):
        largest = np.abs(expected).max()
        assert largest > 1e-4
        np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-5 * largest)


def test_two_replicas_have_the_losses_of_one_and_stay_equal(tiny_splits):
    train, validation = tiny_splits.train, tiny_splits.validation
    # The last batch is two images for one replica and one for the other.
    held_out = pairs(validation.images[:23], validation.labels[:23], 10, drop_remainder=False)
    histories, models = [], [in_scope(compiled), compiled()]
    for model in models:
        held = {"validation_data": held_out, "validation_freq": STEPS}
        histories.append(fit(model, train, steps=STEPS, **held))
    two, one = histories
    assert np.ptp(one["loss"]) > 0.1
    for name, values in one.items():
        assert len(values) == (1 if name.startswith("val_") else STEPS)
        np.testing.assert_allclose(two[name], values, rtol=0, atol=1e-3, err_msg=name)
    first, second = (model.predict(model_range(validation.images), verbose=0) for model in models)
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-3)
    for variable in models[0].weights + models[0].optimizer.variables:
        copies = get_strategy("mirrored").experimental_local_results(variable.value)
        np.testing.assert_array_equal(*(copy.numpy() for copy in copies))


def test_a_classifier_of_two_replicas_is_saved_for_one(tiny, tmp_path):
    model = in_scope(compiled)
    fit(model, tiny, steps=1)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model) is Classifier
    for saved, weight in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(np.array(saved), np.array(weight))
    assert int(loaded.optimizer.iterations) == 1
    images = model_range(tiny.images[:4])
    np.testing.assert_array_equal(loaded(images, training=False), model(images, training=False))
