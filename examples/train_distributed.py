"""A DCGAN on several machines, or on several devices of one, that can be stopped at any time.

On one machine: train_distributed.py --strategy mirrored. On several: set TF_CONFIG on each and give
each the same command; --output must be a folder that all of them see. After a stop, for whatever
reason, the same command goes on from the last state.
"""

import argparse
import shlex
import sys
from pathlib import Path

import tensorflow as tf

from kerasmedgan import DCGAN, load_images
from kerasmedgan.callbacks import SampleGrid, TrainingState
from kerasmedgan.distribution import MULTI_WORKER, get_strategy, is_chief
from kerasmedgan.files import atomic_path
from kerasmedgan.gan import build_adam
from kerasmedgan.resume import TrainingStateError
from kerasmedgan.run_folder import resume_run_folder, write_history

SMOKE = {"image_size": 32, "width": 8, "epochs": 2}


def parse_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", default="phantom", help="phantom, kaggle, or a folder")
    add("--strategy", default="mirrored", help="auto, cpu, gpu, mirrored, multiworker or tpu")
    add("--output", type=Path, default=Path("runs/distributed"), help="seen by all machines")
    add("--class-name", default="NORMAL", help="class to draw")
    add("--image-size", type=int, default=64)
    add("--width", type=int, default=16, help="filters beside the image")
    add("--global-batch-size", type=int, default=64, help="images an update, over all replicas")
    add("--epochs", type=int, default=40)
    add("--seed", type=int, default=0)
    add("--smoke", action="store_true", help="two small epochs, to see that it runs")
    if parser.parse_args().smoke:
        parser.set_defaults(**SMOKE)
    return parser.parse_args()


def train(arguments: argparse.Namespace, strategy: tf.distribute.Strategy) -> None:
    """Trains from the last state on; the chief writes."""
    splits = load_images(arguments.data, image_size=arguments.image_size, seed=arguments.seed)
    images = splits.train.of_class(arguments.class_name)
    batch_size, output = arguments.global_batch_size, arguments.output
    # Refuses a wrong batch size before anything is written.
    images.batches(batch_size, strategy=strategy)
    steps = arguments.epochs * (len(images) // batch_size)
    with strategy.scope():
        gan = DCGAN(image_size=arguments.image_size, width=arguments.width, seed=arguments.seed)
        gan.compile(
            g_optimizer=build_adam(decay_updates=steps), d_optimizer=build_adam(decay_updates=steps)
        )
    if is_chief(strategy):
        settings = {**vars(arguments), "output": str(output), "command": shlex.join(sys.argv)}
        resume_run_folder(output, settings)
    state = TrainingState(
        output / "state",
        settings={
            "images": images.fingerprint(),
            "global_batch_size": batch_size,
            "epochs": arguments.epochs,
            "replicas": strategy.num_replicas_in_sync,
        },
    )
    first_epoch = state.restore(gan)
    gan.fit(
        images.batches(
            batch_size, seed=arguments.seed, initial_epoch=first_epoch, strategy=strategy
        ),
        initial_epoch=first_epoch,
        epochs=arguments.epochs,
        shuffle=False,
        verbose=2 if is_chief(strategy) else 0,
        callbacks=[SampleGrid(output / "grids", every=10), state],
    )
    if is_chief(strategy):
        write_history(output / "history.csv", state.history)
        with atomic_path(output / "model.keras") as temporary:
            gan.save(temporary)
        print(f"Trained on {strategy.num_replicas_in_sync} replicas. Grids: {output / 'grids'}")


def main() -> None:
    """Starts the strategy before anything else, and says in words why a training ended early."""
    arguments = parse_arguments()
    is_one_of_several = arguments.strategy == MULTI_WORKER
    if is_one_of_several:
        print("Waiting for all workers of TF_CONFIG.", flush=True)
    try:
        train(arguments, get_strategy(arguments.strategy))
    except (ValueError, OSError, TrainingStateError) as error:
        sys.exit(f"train_distributed.py: error: {error}")
    except tf.errors.OpError as error:
        if not is_one_of_several:
            raise
        lines = str(error).strip().splitlines()
        reason = next((line for line in lines if "aborted" in line), lines[-1])
        sys.exit(
            "train_distributed.py: error: Lost another worker. Expected all workers of TF_CONFIG "
            f"to train in step. Received: {reason}. Start the same command on each machine again: "
            f"training goes on from the last state in {arguments.output / 'state'}."
        )


if __name__ == "__main__":
    main()
