"""A chief and workers as processes, one of which is killed or stopped."""

import os
import re
import signal

import pytest
from small_search import SMALL, small_splits

from kerasmedgan.tuning import search
from kerasmedgan.tuning.parallel import run_workers
from kerasmedgan.tuning.settings import SearchSettings
from kerasmedgan.tuning.work import ORACLE_IP, ORACLE_PORT, TUNER_ID, SearchWork


@pytest.fixture(scope="module")
def splits():
    return small_splits()


def test_a_killed_worker_is_replaced_and_all_trials_end(splits, tmp_path):
    lines, pids = [], {}

    def announce(line):
        lines.append(line)
        if started := re.match(r"(\w+) starts \(process (\d+)\)", line):
            pids[started[1]] = int(started[2])
        begun = re.match(r"(worker\d): trial \d begins", line)
        if begun and not any("died" in line for line in lines):
            os.kill(pids[begun[1]], signal.SIGKILL)

    result = search(
        splits, directory=tmp_path / "search", workers=2, announce=announce, time_limit=300, **SMALL
    )
    deaths = [line for line in lines if "died (exit code -9) and is replaced" in line]
    assert deaths
    assert [trial.status for trial in result.trials] == ["COMPLETED"] * 3
    assert len({trial.name for trial in result.trials}) == 3
    ended = [line.split(": ", 1)[1][:13] for line in lines if " ended: " in line]
    assert sorted(ended) == ["trial 0 ended", "trial 1 ended", "trial 2 ended"]
    for pid in pids.values():
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_worker_that_hangs_ends_the_search_by_the_time_limit(splits, tmp_path):
    pids = []

    def announce(line):
        pids.append(int(re.search(r"process (\d+)", line)[1]))
        if line.startswith("worker"):
            os.kill(pids[-1], signal.SIGSTOP)

    work = SearchWork(
        SearchSettings(**SMALL), splits.train, splits.validation, None, tmp_path / "search"
    )
    with pytest.raises(TimeoutError, match="worker0 hangs. Expected a sign of life.*within 3 sec"):
        run_workers(work, workers=1, time_limit=3, announce=announce)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_workers_within_a_worker_are_refused(splits, tmp_path, monkeypatch):
    monkeypatch.setenv(ORACLE_IP, "127.0.0.1")
    with pytest.raises(
        ValueError, match="`workers`. Expected a single process.*KERASTUNER_ORACLE_IP"
    ):
        search(splits, directory=tmp_path / "search", workers=2, **SMALL)


def test_a_worker_waits_for_the_chief_but_not_for_ever(splits, tmp_path, monkeypatch):
    for name, value in ((ORACLE_IP, "127.0.0.1"), (ORACLE_PORT, "1"), (TUNER_ID, "worker0")):
        monkeypatch.setenv(name, value)
    with pytest.raises(TimeoutError, match="chief of the search has not begun"):
        search(splits, directory=tmp_path / "search", time_limit=0.1, **SMALL)
    assert not list(tmp_path.iterdir())
