"""examples/train_distributed.py on two workers, each of which is killed once."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from processes import EXAMPLES, run, run_here
from test_multi_worker import free_ports

EPOCHS = 10
COMMAND = [
    *(sys.executable, str(EXAMPLES / "train_distributed.py"), "--strategy", "multiworker"),
    *("--output", "run", "--image-size", "32", "--width", "4", "--global-batch-size", "32"),
    *("--epochs", str(EPOCHS)),
]
# That long it may take to start two processes and train an epoch on a busy machine.
PATIENCE = 400


class Workers:
    """Two processes in one folder, each with its own TF_CONFIG."""

    def __init__(self, folder):
        self.folder = folder
        cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
        self.processes = [self._start(index, cluster) for index in (0, 1)]

    def _start(self, index, cluster):
        config = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        with (self.folder / f"worker_{index}.log").open("w") as log:
            return subprocess.Popen(
                COMMAND,
                cwd=self.folder,
                env={**os.environ, "TF_CONFIG": json.dumps(config)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def said(self, index):
        return (self.folder / f"worker_{index}.log").read_text()

    def wait_for(self, is_so, seconds=PATIENCE):
        """Waits until it is so or a worker ends, and returns whether it is."""
        end = time.monotonic() + seconds
        while not (found := is_so()) and time.monotonic() < end:
            time.sleep(0.1)
        return found

    def ended(self, index):
        return self.processes[index].poll() is not None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("distributed")


def newest(state):
    return max(
        (int(path.stem.removeprefix("epoch_")) for path in state.glob("epoch_*.state")), default=0
    )


def lose(folder, lost):
    """Starts both workers, kills one once there is a new state, and sees how the other ends."""
    state, other = folder / "run/state", 1 - lost
    before = newest(state)
    with Workers(folder) as workers:
        assert workers.wait_for(lambda: newest(state) > before or workers.ended(other))
        assert not workers.ended(other), workers.said(other)[-3000:]
        workers.processes[lost].send_signal(signal.SIGKILL)
        assert workers.wait_for(lambda: workers.ended(other), seconds=60)
        assert workers.processes[other].returncode != 0
        assert "Lost another worker" in workers.said(other), workers.said(other)[-3000:]
        assert "training goes on from the last state" in workers.said(other)
    return newest(state)


def test_a_lost_worker_or_chief_ends_the_other_in_words_and_both_go_on(folder):
    assert lose(folder, 1) >= 1
    saved = lose(folder, 0)
    assert 2 <= saved < EPOCHS
    with Workers(folder) as workers:
        both = workers.wait_for(lambda: workers.ended(0) and workers.ended(1))
        assert both and [process.returncode for process in workers.processes] == [0, 0], (
            workers.said(0)[-3000:] + workers.said(1)[-3000:]
        )
        assert "Trained on 2 replicas" in workers.said(0)
        assert f"Epoch {saved + 1}/{EPOCHS}" in workers.said(0)
        assert f"Epoch {saved}/{EPOCHS}" not in workers.said(0)
    with (folder / "run/history.csv").open() as file:
        assert len(list(csv.DictReader(file))) == EPOCHS
    assert (folder / "run/model.keras").exists()


def test_mirrored_on_this_machine(tmp_path):
    done = run("train_distributed.py", "--smoke", "--output", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Trained on 1 replicas" in done.stdout
    assert (tmp_path / "run/grids/epoch_0002.png").exists()
    done = run_here("train_distributed.py", "--smoke", "--output", "run", "--seed", 5, cwd=tmp_path)
    assert done.returncode != 0 and "made with `seed` 0, here 5" in done.stderr


def test_several_workers_need_their_names(tmp_path):
    done = run("train_distributed.py", "--strategy", "multiworker", cwd=tmp_path)
    assert done.returncode != 0
    assert "TF_CONFIG" in done.stderr and "Traceback" not in done.stderr
