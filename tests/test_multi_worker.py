"""One pair of real processes on this machine for all that several workers are asked."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import small_classifier
import small_gan
import two_workers

from kerasmedgan.gan.latents import training_latents

SCRIPT = Path(two_workers.__file__)
# A worker that waits for a lost one can wait for ever. Half a minute will do on an idle machine.
SECONDS = 600


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("localhost", 0))
        return [one.getsockname()[1] for one in sockets]


def start(folder, index, cluster):
    config = {"cluster": cluster, "task": {"type": "worker", "index": index}}
    with (folder / f"worker_{index}.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, SCRIPT, folder],
            env={**os.environ, "TF_CONFIG": json.dumps(config)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def run_two(folder):
    """Runs both workers; a failure of one or a hang ends both and shows what they said."""
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
    workers = [start(folder, index, cluster) for index in (0, 1)]
    try:
        end = time.monotonic() + SECONDS
        while any(worker.poll() is None for worker in workers) and time.monotonic() < end:
            if any(worker.poll() for worker in workers):
                break
            time.sleep(0.2)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    said = [(folder / f"worker_{index}.log").read_text()[-3000:] for index in (0, 1)]
    assert [worker.returncode for worker in workers] == [0, 0], "\n".join(said)


@pytest.fixture(scope="module")
def data(tiny_splits):
    train, held_out = tiny_splits.train, tiny_splits.validation
    return {
        "images": train.images,
        "labels": train.labels,
        # The last batch gives two images to one worker and one to the other.
        "held_out": held_out.images[:23],
        "held_out_labels": held_out.labels[:23],
    }


@pytest.fixture(scope="module")
def folder(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("workers")
    np.savez(folder / "images.npz", **data)
    run_two(folder)
    return folder


@pytest.fixture(scope="module")
def notes(folder):
    return [json.loads((folder / f"worker_{index}.json").read_text()) for index in (0, 1)]


@pytest.fixture(scope="module")
def arrays(folder):
    return [dict(np.load(folder / f"worker_{index}.npz")) for index in (0, 1)]


def test_weights_statistics_averages_and_slots_are_equal_on_both(arrays):
    first, second = arrays
    names = [name for name in first if name.startswith("variable")]
    assert len(names) > 50
    for name in names:
        np.testing.assert_array_equal(first[name], second[name])


def test_each_worker_draws_noise_of_its_own(arrays):
    for index in (0, 1):
        alone = training_latents(4, 8, seed=0, step=2 * two_workers.NOISE_STEP + index)
        np.testing.assert_array_equal(arrays[index]["noise"], alone)
    assert not np.intersect1d(arrays[0]["noise"], arrays[1]["noise"]).size


def test_each_worker_reads_its_own_share_of_a_batch_alone(tiny_splits, arrays):
    train = tiny_splits.train
    alone = train.batches(two_workers.BATCH, seed=1, initial_epoch=3)
    whole = np.stack([images for _ in range(2) for images, _ in alone])
    shares = [part["share"] for part in arrays]
    assert [part["steps"] for part in arrays] == [len(train) // two_workers.BATCH] * 2
    np.testing.assert_array_equal(np.concatenate(shares, axis=1), whole)
    for part in arrays:
        assert len(part["share_rows"]) == len(train)


def test_a_gan_of_two_workers_has_the_losses_of_one_process(data, notes, monkeypatch):
    monkeypatch.setattr("kerasmedgan.gan.dcgan.training_latents", small_gan.noise_of_both)
    alone = two_workers.fit(small_gan.compiled(), data)
    for note in notes:
        logs = note["logs"]["gan"]
        assert set(logs) == set(alone)
        for name in ("generator_loss", "discriminator_loss"):
            assert len(logs[name]) == two_workers.EPOCHS
            np.testing.assert_allclose(logs[name], alone[name], rtol=0, atol=1e-3)


def test_the_options_of_two_workers_train_as_in_one_process(data, notes, monkeypatch):
    """Losses of a few steps, and the probability, which all logits of both workers steer."""
    monkeypatch.setattr("kerasmedgan.gan.dcgan.training_latents", small_gan.noise_of_both)
    monkeypatch.setattr("kerasmedgan.gan.dcgan.training_uniforms", small_gan.uniforms_of_both)
    gan = small_gan.compiled(**small_gan.ALL_OPTIONS)
    alone = two_workers.fit_with_options(gan, data)
    assert float(gan.adaptive.probability) == pytest.approx(0.32)
    for note in notes:
        for name, values in alone.items():
            logs = note["logs"]["options"][name]
            np.testing.assert_allclose(logs, values, rtol=0, atol=1e-3, err_msg=name)


def test_a_classifier_of_two_workers_trains_validates_and_predicts_as_one(data, notes, arrays):
    model = small_classifier.compiled()
    alone = two_workers.fit_classifier(model, data)
    assert {"loss", "auc", "val_loss", "val_auc"} <= set(alone)
    for note in notes:
        logs = note["logs"]["classifier"]
        assert set(logs) == set(alone)
        for name, values in alone.items():
            np.testing.assert_allclose(logs[name], values, rtol=0, atol=1e-3, err_msg=name)
    expected = two_workers.predict(model, data)
    for part in arrays:
        np.testing.assert_allclose(part["probabilities"], expected, rtol=0, atol=1e-3)


def test_the_chief_alone_saves_what_both_have(folder, notes, arrays):
    assert [note["chief"] for note in notes] == [True, False]
    assert all(note["workers"] for note in notes)
    gan, classifier, with_options = (
        keras.saving.load_model(folder / f"{name}.keras")
        for name in ("gan", "classifier", "options")
    )
    loaded = two_workers.variables(gan, classifier, with_options)
    for index, value in enumerate(loaded):
        np.testing.assert_array_equal(value, arrays[1][f"variable_{index}"])
    assert f"variable_{len(loaded)}" not in arrays[1]
    assert int(gan.g_optimizer.iterations) == two_workers.EPOCHS * 5


def test_workers_that_find_different_states_refuse_to_go_on(notes):
    for note in notes:
        assert (
            "Expected the same state on all workers. Received: those of epochs [2, 0]"
            in (note["refused"])
        )


@pytest.mark.parametrize("kind", two_workers.STOCK)
def test_keras_still_needs_the_mixin(notes, kind):
    """Fails when the half of `MultiWorkerMixin` that `kind` lacks can be taken out."""
    for note in notes:
        assert note["failures"][kind.__name__], f"Keras trains {kind.__name__} on workers now"
