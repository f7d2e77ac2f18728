"""Ground floor: what a result depends on beside its settings: versions and machine."""

import os
import platform
import resource
import sys
from importlib import metadata

PACKAGES = (
    "kerasmedgan",
    "tensorflow",
    "keras",
    "keras-tuner",
    "numpy",
    "opencv-python-headless",
    "scikit-learn",
    "scipy",
    "statsmodels",
)


def environment() -> dict:
    """Returns the versions, processor and number of cores of this run."""
    return {
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
    }


def peak_memory_mib() -> int:
    """Returns the largest resident memory of this process so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts KiB, macOS bytes.
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))


def _version(package: str) -> str | None:
    """Returns a package's version, or None where it runs without being installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """Returns the processor's name, which `platform.processor` leaves empty on Linux."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
