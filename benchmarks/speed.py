"""Measures what a user waits for: loading, phantom drawing, a DCGAN step.

Writes JSON and prints a table.
Timings are good as ratios within one run; the rate of a matrix product stands beside them as the
machine's ceiling.

    python benchmarks/speed.py --data chest_xray --output benchmarks/results/speed.json
"""

import argparse
import shlex
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from kerasmedgan import DCGAN, load_images
from kerasmedgan.data.phantom import phantom_data_set
from kerasmedgan.environment import environment
from kerasmedgan.files import write_json

BATCH = 64
STEPS = 15
PRODUCT_SIZE = 2048


def seconds(work, repeats: int = 1) -> float:
    """Returns the mean time of `work()` over `repeats` calls."""
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats


def product_gflops(dtype: str) -> float:
    """Returns the rate of a large matrix product, in GFLOP/s."""
    matrix = tf.cast(tf.random.normal((PRODUCT_SIZE, PRODUCT_SIZE)), dtype)
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(matrix, matrix)))
    product()
    return 2 * PRODUCT_SIZE**3 / seconds(lambda: product().numpy(), 10) / 1e9


def network_gflop(network) -> float:
    """Counts the multiply-adds of one image's forward pass, times two, in GFLOP."""
    total = 0
    for layer in network.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is None:
            continue
        # A strided convolution visits each output pixel, a transposed one each input pixel.
        grid = layer.input if "Transpose" in type(layer).__name__ else layer.output
        total += 2 * int(np.prod(kernel.shape)) * int(np.prod(grid.shape[1:-1]))
    return total / 1e9


def step_gflop(gan: DCGAN) -> float:
    """Counts a training step: a forward pass costs one, its two gradients cost two.

    Generator: one pass and both gradients (3), and a pass of its average (1). Discriminator: two
    passes (2), gradients to weights from both and to inputs of both (4), and again to the inputs
    of the synthetic images for the generator's loss (1).
    """
    generator, discriminator = network_gflop(gan.generator), network_gflop(gan.discriminator)
    return BATCH * (4 * generator + 7 * discriminator)


def measure_step(width: int, dtype: str) -> dict:
    """Times training steps of a 64 px DCGAN."""
    gan = DCGAN(image_size=64, width=width, dtype=dtype)
    gan.compile()
    images = tf.data.Dataset.from_tensors(tf.random.normal((BATCH, 64, 64, 1))).repeat()
    gan.fit(images, steps_per_epoch=3, shuffle=False, verbose=0)
    step = seconds(lambda: gan.fit(images, steps_per_epoch=STEPS, shuffle=False, verbose=0)) / STEPS
    gflop = step_gflop(gan)
    return {
        "width": width,
        "dtype": dtype,
        "milliseconds": round(1000 * step, 1),
        "gflop": round(gflop, 1),
        "gflops": round(gflop / step, 1),
    }


def measure_loading(source: str) -> dict:
    """Times the first and the second reading of a data set at 64 px."""
    with tempfile.TemporaryDirectory() as cache:
        return {
            "first_seconds": round(seconds(lambda: load_images(source, cache_dir=cache)), 2),
            "cached_seconds": round(seconds(lambda: load_images(source, cache_dir=cache)), 2),
        }


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a folder of images; left out, loading is not measured")
    parser.add_argument("--output", type=Path, default=Path("speed.json"))
    arguments = parser.parse_args()
    count = len(phantom_data_set(image_size=64)[0])
    drawing = seconds(lambda: phantom_data_set(image_size=64))
    results = {
        "command": shlex.join(sys.argv),
        "environment": environment(),
        "matrix_product_gflops": {
            dtype: round(product_gflops(dtype), 1) for dtype in ("float32", "bfloat16")
        },
        "phantom_images_per_second": round(count / drawing),
        "loading": measure_loading(arguments.data) if arguments.data else None,
        "dcgan_steps": [
            measure_step(width, dtype)
            for dtype in ("float32", "mixed_bfloat16")
            for width in (32, 64)
        ],
    }
    write_json(arguments.output, results)
    for name in ("matrix_product_gflops", "phantom_images_per_second", "loading"):
        print(f"{name}: {results[name]}")
    for row in results["dcgan_steps"]:
        print(" ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
