"""Stage 1, data: the data report. Splits and file facts enter, a JSON-ready dictionary leaves."""

from collections import defaultdict

import numpy as np

from kerasmedgan.data.labeled import LabeledImages

_SHOWN_GROUPS = 20


def data_report(
    splits: dict[str, LabeledImages],
    digests: dict[str, np.ndarray],
    sizes: np.ndarray,
    unreadable: dict[str, str],
) -> dict:
    """Counts what a person should know of a data set before training on it.

    Args:
        splits: "train", "validation" and "test".
        digests: for each split, str array of shape `(count,)`: equal where images are identical.
        sizes: int array, shape `(count, 2)`: original height and width of all images in pixels.
        unreadable: skipped file to reason.

    Returns:
        A dictionary with `counts`, `class_prior`, `patients`, `patients_in_several_splits`,
        `unreadable`, `identical_images` and `original_sizes`.
    """
    return {
        "counts": {name: images.counts() for name, images in splits.items()},
        "class_prior": {name: _prior(images) for name, images in splits.items()},
        "patients": {name: images.patient_counts() for name, images in splits.items()},
        "patients_in_several_splits": _shared_patients(splits),
        "unreadable": {"count": len(unreadable), "files": unreadable},
        "identical_images": _identical_images(splits, digests),
        "original_sizes": _size_summary(sizes),
    }


def leakage(report: dict) -> dict[str, int]:
    """Returns what a data report found in several splits, by name, zero where all is well."""
    shared = report["patients_in_several_splits"]
    return {
        **{f"patient names in both {pair}": count for pair, count in shared.items()},
        "identical images across splits": report["identical_images"]["across_splits"],
    }


def format_report(report: dict) -> str:
    """Returns the data report as lines for a terminal."""
    lines = ["Data"]
    for split, counts in report["counts"].items():
        patients = report["patients"][split]
        parts = [
            f"{name} {count} images of {patients[name]} patients "
            f"({report['class_prior'][split][name]:.1%})"
            for name, count in counts.items()
        ]
        lines.append(f"  {split:<11}" + ", ".join(parts))
    identical = report["identical_images"]
    lines.append(
        f"  identical images: {identical['within_splits']} groups within a split, "
        f"{identical['across_splits']} across splits, "
        f"{identical['across_classes']} across classes"
    )
    shared = report["patients_in_several_splits"]
    if any(shared.values()):
        pairs = ", ".join(f"{pair}: {count}" for pair, count in shared.items() if count)
        lines.append(f"  patient names in several splits: {pairs} (does numbering restart?)")
    lines.append(f"  unreadable files: {report['unreadable']['count']}")
    lines += [f"    {file}" for file in report["unreadable"]["files"]]
    sizes = report["original_sizes"]
    lines.append(
        f"  original sizes: {sizes['smallest'][0]} x {sizes['smallest'][1]} to "
        f"{sizes['largest'][0]} x {sizes['largest'][1]} px, {sizes['distinct']} distinct"
    )
    return "\n".join(lines)


def _prior(images: LabeledImages) -> dict[str, float]:
    return {name: round(count / len(images), 4) for name, count in images.counts().items()}


def _shared_patients(splits: dict[str, LabeledImages]) -> dict[str, int]:
    """Counts patient names that stand in two splits; whether they are one child is not known."""
    names = list(splits)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    return {
        f"{a} and {b}": len(np.intersect1d(splits[a].groups, splits[b].groups)) for a, b in pairs
    }


def _identical_images(splits: dict[str, LabeledImages], digests: dict[str, np.ndarray]) -> dict:
    """Groups byte- or pixel-identical images (identical bytes have identical pixels)."""
    together = np.concatenate([digests[split] for split in splits])
    _, number, count = np.unique(together, return_inverse=True, return_counts=True)
    copies = np.flatnonzero(count[number] > 1)
    counts = [len(images) for images in splits.values()]
    split = np.repeat(list(splits), counts)[copies]
    label = np.concatenate([images.labels for images in splits.values()])[copies]
    file = np.concatenate([images.files for images in splits.values()])[copies]
    places = defaultdict(list)
    for group, *place in zip(number[copies], split, label, file, strict=True):
        places[group].append(place)
    groups = list(places.values())
    across_splits = [group for group in groups if len({split for split, _, _ in group}) > 1]
    across_classes = [group for group in groups if len({label for _, label, _ in group}) > 1]
    ordered = sorted(groups, key=lambda group: group not in across_splits)
    return {
        "within_splits": len(groups) - len(across_splits),
        "across_splits": len(across_splits),
        "across_classes": len(across_classes),
        "files": [[f"{split}: {file}" for split, _, file in g] for g in ordered[:_SHOWN_GROUPS]],
    }


def _size_summary(sizes: np.ndarray) -> dict:
    """Summarises original sizes as [height, width] in pixels."""
    distinct, counts = np.unique(sizes, axis=0, return_counts=True)
    area = distinct.prod(axis=1)
    return {
        "distinct": len(distinct),
        "most_common": distinct[counts.argmax()].tolist(),
        "smallest": distinct[area.argmin()].tolist(),
        "largest": distinct[area.argmax()].tolist(),
    }
