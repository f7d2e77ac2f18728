"""How fast and how steady the app is: one client, eight clients at once, a thousand requests.

The app is a process of its own; clients are threads of this one. It says whether the bounds hold:
no request fails; the 95th percentile of eight clients is at most 4 times 8 times the median of
one; a request takes at most 60 ms in the server; memory does not grow over the requests.

python benchmarks/app_load.py --run runs/phantom --output benchmarks/results/app_load.json
"""

import argparse
import os
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from gradio_client import Client, handle_file

from kerasmedgan.data.phantom import draw_phantoms
from kerasmedgan.environment import environment
from kerasmedgan.files import write_json
from kerasmedgan.images import write_png
from kerasmedgan.serving import read_served_run

APP = Path(__file__).parents[1] / "examples" / "gradio_app.py"
# Local addresses are not asked of a proxy.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
CLIENTS, REQUESTS, SINGLE, LONG = 8, 200, 50, 1000
SERVER_LIMIT_MS, GROWTH_LIMIT_MIB = 60, 10
# The first requests fill pools and caches that stay.
WARM_UP = 100


def start_app(run: Path) -> tuple[subprocess.Popen, str]:
    """Starts the app and returns it with its address."""
    command = [sys.executable, APP, "--run", run, "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    for line in process.stdout:
        if "Open http" in line:
            return process, line.partition("Open ")[2].split()[0]
    raise OSError("The app did not start. Start examples/gradio_app.py to see why.")


def connect(url: str) -> Client:
    """Returns a client that waits a minute: the app is measured, not the client's patience."""
    return Client(url, verbose=False, analytics_enabled=False, httpx_kwargs={"timeout": 60})


def classify(client: Client, path: Path) -> tuple[float, float]:
    """Uploads and classifies a picture; returns the milliseconds here and in the server."""
    start = time.perf_counter()
    answer = client.predict([handle_file(str(path))], api_name="/classify")
    seconds = time.perf_counter() - start
    if answer["images"][0]["error"]:
        raise ValueError(answer["images"][0]["error"])
    return 1000 * seconds, answer["milliseconds"]


def summarise(values: list[float]) -> dict:
    """Returns median, 95th percentile and largest of the milliseconds."""
    return {
        "requests": len(values),
        "median": round(float(np.median(values)), 2),
        "p95": round(float(np.quantile(values, 0.95)), 2),
        "largest": round(float(np.max(values)), 2),
    }


def measure_single(client: Client, path: Path) -> dict:
    """Measures one client alone."""
    pairs = [classify(client, path) for _ in range(SINGLE)]
    here, server = zip(*pairs, strict=True)
    return {"client_ms": summarise(here), "server_ms": summarise(server)}


def measure_many(url: str, path: Path) -> dict:
    """Measures eight clients that share the requests."""
    clients, failed, pairs = [connect(url) for _ in range(CLIENTS)], [], []

    def work(client: Client) -> None:
        for _ in range(REQUESTS // CLIENTS):
            try:
                pairs.append(classify(client, path))
            except Exception as error:
                failed.append(str(error))

    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, clients))
    seconds = time.perf_counter() - start
    here, server = zip(*pairs, strict=True)
    return {
        "clients": CLIENTS,
        "failed": len(failed),
        "failures": sorted(set(failed)),
        "requests_per_second": round(len(pairs) / seconds, 1),
        "client_ms": summarise(here),
        "server_ms": summarise(server),
    }


def resident_mib(process: subprocess.Popen) -> float:
    """Returns the resident memory of the app."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure_memory(process: subprocess.Popen, client: Client, path: Path) -> dict:
    """Measures the app's memory over a thousand requests, after the first hundred."""
    for _ in range(WARM_UP):
        classify(client, path)
    samples = [resident_mib(process)]
    for number in range(1, LONG + 1):
        classify(client, path)
        if number % 100 == 0:
            samples.append(resident_mib(process))
    # Of the straight line through them: one sample may catch a collection.
    slope = np.polyfit(np.arange(len(samples)), samples, 1)[0]
    return {
        "requests": LONG,
        "resident_mib": [round(sample, 1) for sample in samples],
        "growth_mib": round(float(slope * (len(samples) - 1)), 2),
    }


def main() -> None:
    """Measures, prints and writes; ends with an error if a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="a finished run")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    load_before, size = os.getloadavg()[0], read_served_run(arguments.run).image_size
    path = arguments.output.with_suffix(".picture.png")
    write_png(path, draw_phantoms([0], [1], [0], image_size=512)[0])
    process, url = start_app(arguments.run)
    try:
        client = connect(url)
        for _ in range(10):
            classify(client, path)
        single, many = measure_single(client, path), measure_many(url, path)
        memory = measure_memory(process, client, path)
    finally:
        process.terminate()
        process.wait()
        path.unlink()
    bound = 4 * CLIENTS * single["client_ms"]["median"]
    held = {
        "none fails": many["failed"] == 0,
        f"p95 of {CLIENTS} clients <= {bound:.0f} ms": many["client_ms"]["p95"] <= bound,
        f"server <= {SERVER_LIMIT_MS} ms": single["server_ms"]["p95"] <= SERVER_LIMIT_MS,
        f"growth <= {GROWTH_LIMIT_MIB} MiB": memory["growth_mib"] <= GROWTH_LIMIT_MIB,
    }
    results = {
        "command": shlex.join(sys.argv),
        "environment": environment(),
        "load_average_before": round(load_before, 2),
        "image_size": size,
        "picture": "a phantom of 512 x 512 pixels, PNG",
        "single": single,
        "many": many,
        "memory": memory,
        "bounds": held,
    }
    write_json(arguments.output, results)
    for name in ("single", "many", "memory", "bounds"):
        print(name, results[name])
    if not all(held.values()):
        sys.exit("A bound does not hold.")


if __name__ == "__main__":
    main()
