"""A search in several processes on this machine: a chief and workers, watched over."""

import contextlib
import logging
import multiprocessing
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path

import tensorflow as tf

from kerasmedgan.tuning.work import (
    CHIEF,
    ORACLE_IP,
    ORACLE_PORT,
    TUNER_ID,
    SearchWork,
    check_alone,
)

TIME_LIMIT = 1800.0
_LOOPBACK = "127.0.0.1"
# A worker that dies so often without a finished trial dies of the trial.
_MOST_DEATHS = 3
_LAST_LINES = 5
_LOGGER = logging.getLogger(__name__)
_LINE, _ALIVE, _ENDED = "line", "alive", "ended"


def check_workers(workers: int, time_limit: float) -> None:
    """Raises `ValueError` for a number of processes or a time that cannot be meant."""
    for name, value, is_right in (
        ("workers", workers, workers >= 1),
        ("time_limit", time_limit, time_limit > 0),
    ):
        if not is_right:
            raise ValueError(
                f"Invalid value for `{name}`. Expected a number above 0. Received: {value}. Leave "
                "it out for the default."
            )
    if workers > 1:
        check_alone("workers", workers)


def run_workers(
    work: SearchWork, *, workers: int, time_limit: float, announce: Callable[[str], None]
) -> None:
    """Runs a search in a chief and workers, until all trials are done.

    They talk by Keras Tuner's gRPC service on the loopback interface. A worker that dies is
    replaced by one of the same name, to which the chief gives the same trial again. All processes
    end with this one.

    Args:
        work: the search.
        workers: number of workers. They share the processor's cores evenly.
        time_limit: seconds without a sign of life of a worker.
        announce: called with one line for each trial that begins or ends.

    Raises:
        TimeoutError: if a worker gives no sign of life for so long.
        RuntimeError: if the chief ends early, or a worker dies again and again.
    """
    _Supervisor(work, workers, time_limit, announce).run()


class _Supervisor:
    def __init__(self, work: SearchWork, workers: int, time_limit: float, announce):
        self.work, self.time_limit, self.announce = work, time_limit, announce
        self.threads = max(1, len(os.sched_getaffinity(0)) // workers)
        self.environment = {ORACLE_IP: _LOOPBACK, ORACLE_PORT: str(_free_port())}
        self.names = [f"worker{number}" for number in range(workers)]
        self.started: list[_Process] = []

    def run(self) -> None:
        try:
            chief, *workers = (self._start(name) for name in (CHIEF, *self.names))
            self._watch(chief, {worker.name: worker for worker in workers})
            # It would wait for up to 20 seconds; everything is on disk.
            chief.process.join(2)
        finally:
            for one in self.started:
                one.process.kill()
                one.process.join()

    def _start(self, name: str) -> "_Process":
        environment = {**self.environment, TUNER_ID: name}
        process = _Process(name, self.work, environment, self._log(name), self.threads)
        self.started.append(process)
        self.announce(f"{name} starts (process {process.process.pid}), log {self._log(name)}")
        return process

    def _watch(self, chief: "_Process", running: dict[str, "_Process"]) -> None:
        while running:
            wait([part for one in running.values() for part in one.waited], timeout=1)
            for process in list(running.values()):
                for line in process.read():
                    self.announce(f"{process.name}: {line}")
                if process.process.exitcode == 0:
                    running.pop(process.name)
                elif process.process.exitcode is not None:
                    running[process.name] = self._replace(process)
                elif time.monotonic() - process.last_sign > self.time_limit:
                    raise TimeoutError(
                        f"{process.name} hangs. Expected a sign of life, an epoch or a trial, "
                        f"within {self.time_limit:g} seconds. Received: none. "
                        f"{self._advice(process.name)}"
                    )
            if running and chief.process.exitcode is not None:
                raise RuntimeError(
                    "The chief of the search has ended early. Expected it to serve until all "
                    f"workers are done. Received: exit code {chief.process.exitcode}. "
                    f"{self._advice(CHIEF)}"
                )

    def _replace(self, dead: "_Process") -> "_Process":
        code = dead.process.exitcode
        if dead.deaths + 1 >= _MOST_DEATHS:
            raise RuntimeError(
                f"{dead.name} died {_MOST_DEATHS} times without a finished trial. Expected it to "
                f"run. Received: exit code {code}. {self._advice(dead.name)}"
            )
        self.announce(f"{dead.name} died (exit code {code}) and is replaced")
        new = self._start(dead.name)
        new.deaths = dead.deaths + 1
        return new

    def _log(self, name: str) -> Path:
        return self.work.directory / "logs" / f"{name}.log"

    def _advice(self, name: str) -> str:
        log = self._log(name)
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return (
            f"The end of {log}: {' / '.join(lines[-_LAST_LINES:]) or 'nothing'}. Remove the cause, "
            "and search again in the same directory: finished trials are kept."
        )


class _Process:
    """One process, its messages, and when the last one came."""

    def __init__(self, name, work, environment, log, threads):
        context = multiprocessing.get_context("spawn")
        self.name, self.deaths, self.last_sign = name, 0, time.monotonic()
        self.messages, sender = context.Pipe(duplex=False)
        self.process = context.Process(
            target=_run, args=(work, environment, log, threads, sender), name=name, daemon=True
        )
        self.process.start()
        sender.close()

    @property
    def waited(self) -> list:
        """What to wait for: its end, and a message as long as it can send one."""
        return [self.process.sentinel, *([] if self.messages.closed else [self.messages])]

    def read(self) -> list[str]:
        """Returns the lines that it has sent."""
        lines = []
        try:
            while not self.messages.closed and self.messages.poll():
                kind, text = self.messages.recv()
                self.last_sign = time.monotonic()
                self.deaths = 0 if kind == _ENDED else self.deaths
                if kind == _LINE:
                    lines.append(text)
        except (EOFError, OSError):
            self.messages.close()
        return lines


def _run(work: SearchWork, environment: dict, log: Path, threads: int, sender: Connection) -> None:
    """Runs a part of a search in a process of its own."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", buffering=1, encoding="utf-8") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.update(environment)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)

    def announce(line: str) -> None:
        print(line, flush=True)
        sender.send((_LINE, line))
        if " ended: " in line:
            sender.send((_ENDED, ""))

    with contextlib.suppress(BrokenPipeError):
        work.run(announce, sign_of_life=lambda: sender.send((_ALIVE, "")))


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return probe.getsockname()[1]
