"""A training in a process of its own: python resumed_training.py KIND FOLDER [HOLD].

KIND is "gan" or "classifier". It trains EPOCHS epochs on phantom images, taking up a state that is
in FOLDER, says "epoch N" when one begins, and writes all variables and logs to FOLDER/end.npz. With
HOLD it stays in the middle of that epoch for ever, to be killed there.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras  # noqa: E402
import numpy as np  # noqa: E402

from kerasmedgan import DCGAN, LabeledImages  # noqa: E402
from kerasmedgan.callbacks import TrainingState  # noqa: E402
from kerasmedgan.classical import ClassicalAugmentation, ClassicalSettings  # noqa: E402
from kerasmedgan.classifier import (  # noqa: E402
    build_classifier,
    compile_classifier,
    train_classifier,
)
from kerasmedgan.data.phantom import phantom_data_set  # noqa: E402

EPOCHS = 4


class Announce(keras.callbacks.Callback):
    """Says which epoch begins, and holds in the second batch of one."""

    def __init__(self, hold_in):
        super().__init__()
        self.hold_in = hold_in

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1
        print(f"epoch {self.epoch}", flush=True)

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == self.hold_in and batch == 1:
            print("holding", flush=True)
            time.sleep(3600)


def train_gan(folder, train, announce):
    gan = DCGAN(image_size=32, latent_dim=8, width=4)
    gan.compile()
    state = TrainingState(folder / "state", settings={"images": train.fingerprint()})
    epoch = state.restore(gan)
    gan.fit(
        train.batches(8, initial_epoch=epoch),
        initial_epoch=epoch,
        epochs=EPOCHS,
        shuffle=False,
        verbose=0,
        callbacks=[announce, state],
    )
    variables = [*gan.variables, *gan.g_optimizer.variables, *gan.d_optimizer.variables]
    return variables, state.history


def train_small_classifier(folder, train, validation, announce):
    model = build_classifier(image_size=32, filters=(4, 8))
    compile_classifier(model, updates=4 * EPOCHS)
    history = train_classifier(
        model,
        train,
        validation,
        updates=4 * EPOCHS,
        updates_per_epoch=4,
        batch_size=8,
        transform=ClassicalAugmentation(ClassicalSettings(), seed=3),
        callbacks=[announce],
        state_directory=folder / "state",
        verbose=0,
    )
    return [*model.variables, *model.optimizer.variables], history.history


def phantoms(split, first_patient):
    images, labels, groups = phantom_data_set(
        image_size=32, normal_patients=12, pneumonia_patients=12, first_patient=first_patient
    )
    return LabeledImages(images, labels, ("NORMAL", "PNEUMONIA"), groups, split=split)


def main():
    kind, folder, *hold = sys.argv[1:]
    folder, announce = Path(folder), Announce(int(*hold))
    train = phantoms("train", 0)
    if kind == "gan":
        variables, history = train_gan(folder, train, announce)
    else:
        validation = phantoms("validation", 100)
        variables, history = train_small_classifier(folder, train, validation, announce)
    arrays = {f"{place:04d}": np.array(variable) for place, variable in enumerate(variables)}
    np.savez(folder / "end.npz", history=json.dumps(history), **arrays)


if __name__ == "__main__":
    main()
