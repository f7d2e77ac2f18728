"""The example as a user starts it: a process, an own folder, a finished phantom run."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
from processes import EXAMPLES, load_example, run_here

pytest.importorskip("gradio", reason="the app needs the extra 'demo'")


def test_it_serves_the_phantom_run_that_is_there_and_leaves_nothing(small_run, tmp_path):
    import httpx

    shutil.copytree(small_run, tmp_path / "runs/gradio_app-phantom")
    (tmp_path / "temporary").mkdir()
    process = subprocess.Popen(
        [sys.executable, EXAMPLES / "gradio_app.py", "--port", "0"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        line = next(text for text in process.stdout if "Open http" in text)
        assert "Not for clinical use" in line
        url = line.partition("Open ")[2].split()[0]
        assert url.startswith("http://127.0.0.1:")
        config = httpx.get(f"{url}config", trust_env=False, timeout=20).text
        assert "This is the embedded demo: a smoke run on procedural phantom images" in config
        assert [p.name for p in (tmp_path / "temporary").glob("kerasmedgan-app-*")]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert not list((tmp_path / "temporary").glob("kerasmedgan-app-*"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--host", "0.0.0.0"], "Expected 127.0.0.1 where there is no password"),
        (["--user", "reader"], "Expected a password in $KERASMEDGAN_APP_PASSWORD"),
    ],
)
def test_bad_input_is_one_sentence(arguments, sentence, tmp_path):
    done = run_here("gradio_app.py", *arguments, cwd=tmp_path)
    assert done.returncode != 0
    assert sentence in done.stderr


def test_the_lines_of_a_training_become_stage_and_share():
    example = load_example("gradio_app.py")
    shown = []

    class Page:
        def update(self, line, **state):
            shown.append((line, state["stage"], state["share"]))

    for line in ("", "[2/3] train the classifiers; then: report", "\x1b[1m1/4\x1b[0m\r 4/4 done"):
        example.show_progress(line, Page())
    (first, stage, share), (last, *nothing) = shown
    assert stage == "Stage 2 of 3: train the classifiers; then: report" and 0.3 < share < 0.6
    assert last == "4/4 done" and nothing == [None, None]
