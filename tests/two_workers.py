"""What each of the two workers of `test_multi_worker.py` runs; TF_CONFIG says which one it is.

python two_workers.py FOLDER     reads FOLDER/images.npz, writes FOLDER/worker_0.npz, ...
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import small_classifier
import small_gan
import tensorflow as tf

from kerasmedgan.data import LabeledImages
from kerasmedgan.data.image_rows import ImageRows
from kerasmedgan.distribution import get_strategy, is_chief, spans_workers
from kerasmedgan.gan.latents import training_latents
from kerasmedgan.multi_worker import MultiWorkerMixin
from kerasmedgan.resume import TrainingState, TrainingStateError

BATCH = 8
HELD_OUT_BATCH = 10
EPOCHS = 2
NOISE_STEP = 5


class WithoutBuild(MultiWorkerMixin, keras.Model):
    """Builds as Keras does."""

    _maybe_symbolic_build = keras.Model._maybe_symbolic_build


class WithoutLogs(MultiWorkerMixin, keras.Model):
    """Returns logs as Keras does."""

    get_metrics_result = keras.Model.get_metrics_result


STOCK = (keras.Model, WithoutBuild, WithoutLogs)


def fit(model, data, **kwargs):
    """Trains on the training images in order and returns the logs; also for one process."""
    pairs = small_classifier.pairs(data["images"], data["labels"], BATCH)
    return model.fit(pairs, epochs=EPOCHS, shuffle=False, verbose=0, **kwargs).history


def fit_with_options(gan, data):
    """Trains a GAN with classes, which takes labels and not one column a class."""
    pairs = small_classifier.pairs(data["images"], data["labels"], BATCH)
    pairs = pairs.map(lambda images, one_hot: (images, tf.argmax(one_hot, axis=1)))
    return gan.fit(pairs, epochs=1, shuffle=False, verbose=0).history


def fit_classifier(model, data):
    held_out = small_classifier.pairs(
        data["held_out"], data["held_out_labels"], HELD_OUT_BATCH, drop_remainder=False
    )
    weight = small_classifier.CLASS_WEIGHT
    return fit(model, data, validation_data=held_out, class_weight=weight)


def predict(model, data):
    pixels = small_classifier.model_range(data["held_out"])
    return model.predict(pixels, batch_size=HELD_OUT_BATCH, verbose=0)


def variables(gan, classifier, with_options):
    gans, found = (gan, with_options), [*classifier.weights, *classifier.optimizer.variables]
    for each in gans:
        found += [*each.weights, *each.g_optimizer.variables, *each.d_optimizer.variables]
    return [np.array(variable) for variable in found]


class NotedRows:
    """Images that note which of them were read."""

    def __init__(self, images):
        self.images, self.shape, self.rows = images, images.shape, []

    def __getitem__(self, rows):
        self.rows += rows.tolist()
        return self.images[rows]


def read_share(data, strategy):
    """Returns what this worker gets of two epochs, and the rows that it read for it."""
    noted = NotedRows(data["images"])
    names = np.full(len(data["labels"]), "")
    images = LabeledImages(ImageRows([noted]), data["labels"], ("A", "B"), names)
    batches = images.batches(BATCH, seed=1, initial_epoch=3, strategy=strategy)
    own = strategy.experimental_local_results
    return {
        "share": np.stack([own(x)[0].numpy() for _ in range(2) for x, _ in batches]),
        "share_rows": np.array(noted.rows),
        "steps": np.array(batches.cardinality),
    }


def restore_from_own_folder(gan, folder, worker):
    """Returns how a worker refuses a folder that only the chief has written to."""
    state = TrainingState(folder / f"state_{worker}")
    state.set_model(gan)
    state.save(2)
    try:
        state.restore(gan)
    except TrainingStateError as error:
        return str(error)
    return ""


def failure(kind, strategy):
    """Returns how a model of this kind fails in `fit`; an empty text if it does not."""
    with strategy.scope():
        inputs = keras.Input((2,))
        model = kind(inputs, keras.layers.Dense(1)(inputs))
        model.compile("sgd", "mse")
    try:
        model.fit(tf.ones((4, 2)), tf.ones((4, 1)), batch_size=4, verbose=0)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def main():
    strategy = get_strategy("multiworker")
    folder = Path(sys.argv[1])
    data = np.load(folder / "images.npz")
    worker = strategy.cluster_resolver.task_id
    with strategy.scope():
        gan, classifier = small_gan.compiled(), small_classifier.compiled()
        with_options = small_gan.compiled(**small_gan.ALL_OPTIONS)
    logs = {"gan": fit(gan, data), "classifier": fit_classifier(classifier, data)}
    logs["options"] = fit_with_options(with_options, data)
    arrays = {
        "probabilities": predict(classifier, data),
        "noise": strategy.run(lambda: training_latents(4, 8, seed=0, step=NOISE_STEP)).numpy(),
    }
    arrays |= read_share(data, strategy)
    arrays |= {
        f"variable_{i}": value for i, value in enumerate(variables(gan, classifier, with_options))
    }
    np.savez(folder / f"worker_{worker}.npz", **arrays)
    if is_chief(strategy):
        gan.save(folder / "gan.keras")
        classifier.save(folder / "classifier.keras")
        with_options.save(folder / "options.keras")
    notes = {
        "workers": spans_workers(strategy),
        "chief": is_chief(strategy),
        "logs": logs,
        "refused": restore_from_own_folder(gan, folder, worker),
        "failures": {kind.__name__: failure(kind, strategy) for kind in STOCK},
    }
    (folder / f"worker_{worker}.json").write_text(json.dumps(notes))


if __name__ == "__main__":
    main()
