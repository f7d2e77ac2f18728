"""Times a DCGAN in one process and in two on this machine, at the same global batch.

Two processes share the cores that one process has to itself, and exchange gradients besides: this
shows what the exchange costs, not a speed-up. Images a second are good as a ratio alone. JSON.

    python benchmarks/workers.py --output benchmarks/results/workers.json
"""

import argparse
import contextlib
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kerasmedgan.distribution import get_strategy
from kerasmedgan.environment import environment
from kerasmedgan.files import write_json

IMAGE_SIZE, WIDTH, GLOBAL_BATCH = 64, 32, 64
WARM_UP, TIMED = 10, 40
ROUNDS = 3


def train() -> float:
    """Trains in the strategy that TF_CONFIG asks for; returns images a second, over all workers."""
    strategy = get_strategy("multiworker" if "TF_CONFIG" in os.environ else "auto")
    from kerasmedgan import DCGAN, load_images

    images = load_images("phantom", image_size=IMAGE_SIZE).train
    with strategy.scope():
        gan = DCGAN(image_size=IMAGE_SIZE, width=WIDTH)
        gan.compile()
    for steps in (WARM_UP, TIMED):
        batches = images.batches(GLOBAL_BATCH, repeat=True, strategy=strategy)
        start = time.perf_counter()
        gan.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)
        seconds = time.perf_counter() - start
    return TIMED * GLOBAL_BATCH / seconds


def run(processes: int) -> float:
    """Returns the images a second of a training by so many processes."""
    environments = [dict(os.environ)]
    if processes > 1:
        cluster = {"worker": [f"localhost:{port}" for port in free_ports(processes)]}
        environments = [
            os.environ
            | {
                "TF_CONFIG": json.dumps(
                    {"cluster": cluster, "task": {"type": "worker", "index": i}}
                )
            }
            for i in range(processes)
        ]
    running = [
        subprocess.Popen(
            [sys.executable, __file__, "--worker"], env=each, stdout=subprocess.PIPE, text=True
        )
        for each in environments
    ]
    said = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise RuntimeError(f"A worker failed: {[process.returncode for process in running]}.")
    return min(float(text.splitlines()[-1]) for text in said)


def free_ports(count: int) -> list[int]:
    """Returns ports that nothing listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("localhost", 0))
        return [one.getsockname()[1] for one in sockets]


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        print(train())
        return
    # In turn, so that whatever else the machine does falls on both.
    rounds = []
    for number in range(ROUNDS):
        rounds.append({"one_process": round(run(1), 1), "two_processes": round(run(2), 1)})
        print(f"round {number + 1} of {ROUNDS}, images a second: {rounds[-1]}", flush=True)
    ratios = sorted(each["two_processes"] / each["one_process"] for each in rounds)
    results = {
        "command": shlex.join(sys.argv),
        "environment": environment(),
        "image_size": IMAGE_SIZE,
        "width": WIDTH,
        "global_batch_size": GLOBAL_BATCH,
        "timed_steps": TIMED,
        "images_per_second": rounds,
        "two_over_one": round(ratios[len(ratios) // 2], 3),
        "reading": "Both share the same cores, so a speed-up cannot show; what is lost is the cost "
        "of exchanging gradients and of synchronised BatchNormalization.",
    }
    print(f"two processes over one: {results['two_over_one']}")
    if arguments.output:
        write_json(arguments.output, results)


if __name__ == "__main__":
    main()
