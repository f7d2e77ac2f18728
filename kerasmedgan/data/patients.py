"""Stage 1, data: a share of the images is set aside by patient, stratified by class."""

import re

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# The names of the pediatric set of Kermany et al. 2018: person1199_bacteria_3149.jpeg,
# IM-0115-0001.jpeg, NORMAL2-IM-0012-0001.jpeg.
DEFAULT_PATIENT_PATTERN = r"(person\d+)_|((?:NORMAL2-)?IM-\d+)-"


def patients_of(files: np.ndarray, pattern: str = DEFAULT_PATIENT_PATTERN) -> np.ndarray:
    """Reads each image's patient from its file name.

    Args:
        files: str array, shape `(count,)`: "CLASS/file name".
        pattern: regular expression that matches at the start of the file name; its first group
            that took part is the patient.

    Returns:
        str array, shape `(count,)`. A file that does not match is a patient of its own and keeps
        its whole name.
    """
    compiled = re.compile(pattern)
    if not compiled.groups:
        raise ValueError(
            "Invalid value for `patient_pattern`. Expected a regular expression with a group "
            f"around the patient. Received: {pattern!r}. Write for example r'(patient\\d+)_'."
        )
    patients = []
    for file in files:
        match = compiled.match(file.rpartition("/")[2])
        groups = [group for group in match.groups() if group] if match else []
        patients.append(groups[0] if groups else str(file))
    return np.array(patients, str)


def carve(
    labels: np.ndarray, groups: np.ndarray, digests: np.ndarray, *, fraction: float, seed: int
) -> np.ndarray:
    """Chooses a share of the images of every class, whole patients at a time.

    Patients that share an identical image count as one, or the copy would stand on both sides.

    Args:
        labels: int array, shape `(count,)`.
        groups: str array, shape `(count,)`: the patient of each image.
        digests: str array, shape `(count,)`: equal where images are identical.
        fraction: share of each class to set aside, above 0 and below 1. Classes with few patients
            come out near it, not at it.
        seed: seed of the choice.

    Returns:
        bool array, shape `(count,)`: `True` for the images set aside.

    Raises:
        ValueError: if a class has fewer than two patients, or the fraction leaves a side empty.
    """
    check_fraction(fraction)
    families = merge_groups(groups, digests)
    family_size = np.bincount(families)
    stratum = rarest_class(labels, families)
    generator = np.random.default_rng(seed)
    chosen = np.zeros(len(family_size), bool)
    for label in np.unique(stratum):
        members = generator.permutation(np.flatnonzero(stratum == label))
        # The patient whose images cross the mark still comes along; one always stays.
        before = np.cumsum(family_size[members]) - family_size[members]
        wanted = fraction * family_size[members].sum()
        number = np.clip(np.count_nonzero(before < wanted), 1, len(members) - 1)
        chosen[members[:number]] = True
    return chosen[families]


def rarest_class(labels: np.ndarray, families: np.ndarray) -> np.ndarray:
    """Returns the rarest class among each patient's images, by which patients are stratified.

    Raises:
        ValueError: if a class has fewer than two patients that can be told apart by it.
    """
    rarity = np.argsort(np.argsort(-np.bincount(labels), kind="stable"), kind="stable")
    rank = np.full(families.max() + 1, -1)
    np.maximum.at(rank, families, rarity[labels])
    stratum = np.argsort(rarity)[rank]
    for label in np.unique(labels):
        patients = np.unique(families[labels == label]).size
        alone = np.count_nonzero(stratum == label) == 1
        if patients < 2 or alone:
            raise ValueError(
                f"Cannot split class {label} by patient. Expected at least two patients. "
                f"Received: {1 if alone else patients}. Add patients, or pass a test and a val "
                "folder."
            )
    return stratum


def merge_groups(groups: np.ndarray, digests: np.ndarray) -> np.ndarray:
    """Numbers the patients from 0, those that share an identical image as one.

    Returns:
        int array, shape `(count,)`.
    """
    _, patient = np.unique(groups, return_inverse=True)
    _, image = np.unique(digests, return_inverse=True)
    offset = patient.max() + 1
    nodes = offset + image.max() + 1
    edges = coo_array((np.ones(len(patient)), (patient, offset + image)), shape=(nodes, nodes))
    _, component = connected_components(edges, directed=False)
    return np.unique(component[patient], return_inverse=True)[1]


def check_fraction(fraction: float) -> None:
    """Raises `ValueError` unless a share of the images can be set aside."""
    if not 0 < fraction < 1:
        raise ValueError(
            "Invalid value for `validation_fraction`. Expected a number between 0 and 1. "
            f"Received: {fraction}. Use 0.1 for a tenth."
        )
