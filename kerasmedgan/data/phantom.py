"""Stage 1, data: procedural chest X-rays, the embedded data set that needs no download.

A seed and integers (patient, label, shot) enter; uint8 images, labels and patient groups leave.
The images are drawn, not measured: fit for demos and tests, never for a clinical claim.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np

from kerasmedgan.data import anatomy as chests
from kerasmedgan.data.anatomy import Anatomy, blur, canvas_grid, soft_step

PNEUMONIA, MAXIMUM_SHOTS = 1, 3
MINIMUM_IMAGE_SIZE, MAXIMUM_IMAGE_SIZE = 8, 2048

_SMALLEST_FILM = 64  # smaller images are drawn at this size, then averaged
_OVERSAMPLING = 1.5  # canvas pixels for one film pixel, margins included
# Independent random streams of one patient.
_ANATOMY_STREAM, _SHOT_STREAM, _DISEASE_STREAM, _COUNT_STREAM = range(4)
_MAXIMUM_EXPOSURE, _LARGEST = 2.0, 2**31 - 1


class _Shot(NamedTuple):
    """What changes from one image of a patient to the next."""

    rotation: float  # degrees
    shift_x: float  # film widths
    shift_y: float
    zoom: float
    inspiration: float  # 1 full, 0.6 poor
    exposure: float  # natural logarithm of the gain on attenuation
    contrast: float  # exponent of the film curve
    noise: float  # standard deviation at mid grey, share of full scale
    vignette: float
    marker: float  # the side marker shows below 0.7
    severity: float  # multiplies the opacities of pneumonia
    haze: float  # haze over the bases, in both classes


_SHOT_LOW = _Shot(-4.0, -0.03, -0.03, 0.97, 0.55, -0.08, 0.95, 0.008, 0.0, 0.0, 0.85, 0.0)
_SHOT_HIGH = _Shot(4.0, 0.03, 0.03, 1.10, 1.0, 0.34, 1.35, 0.022, 0.25, 1.0, 1.15, 0.45)

# Appearances of pneumonia, soft spots torn by a texture: number of spots, their radius in film
# widths, texture cells across the film, roughness, greatest share of the air displaced.
_DISEASES = (
    (1, 0.15, 9, 0.5, 0.95),  # lobar consolidation
    (5, 0.06, 12, 0.6, 0.75),  # patchy
    (4, 0.20, 6, 0.4, 0.50),  # diffuse haze
    (6, 0.16, 26, 0.9, 0.55),  # interstitial
)
# The letter R in one stroke, film widths.
_MARKER = np.array([(0, 4), (0, 0), (3, 0), (3, 2), (0, 2), (1, 2), (3, 4)]) * 0.014
_FAINTEST, _STRONGEST = 0.25, 1.0  # severity of a patient's disease


def draw_phantoms(
    patients: np.ndarray,
    labels: np.ndarray,
    shots: np.ndarray,
    *,
    image_size: int = 64,
    seed: int = 0,
    exposure: float = 0.0,
) -> np.ndarray:
    """Draws one procedural chest X-ray for each (patient, label, shot).

    An image depends on its own three integers and the keywords alone, never on the batch. The
    anatomy comes from `(seed, patient)`; pose, breath, exposure and noise from
    `(seed, patient, shot)`; the label adds opacities to otherwise the same image.

    Args:
        patients: integers >= 0, shape `(count,)`.
        labels: 0 (normal) or 1 (pneumonia), shape `(count,)`.
        shots: integers >= 0, shape `(count,)`: which image of that patient.
        image_size: side in pixels, in [8, 2048]; drawn at that resolution from 64 on.
        seed: integer >= 0.
        exposure: natural logarithm of a gain on the recorded attenuation. Positive makes every
            image whiter, as another hospital's machine might; 0.3 is a clear shift.

    Returns:
        uint8 array, shape `(count, image_size, image_size, 1)`, values in [0, 255].

    Raises:
        ValueError: if an argument is out of range or the three arrays differ in length.
    """
    patients = _check_integers("patients", patients)
    labels = _check_integers("labels", labels, highest=PNEUMONIA)
    shots = _check_integers("shots", shots)
    if not len(patients) == len(labels) == len(shots):
        raise ValueError(
            f"Invalid value for `labels`. Expected {len(patients)} patients, labels and shots. "
            f"Received: {len(labels)} labels, {len(shots)} shots. Pass one of each an image."
        )
    _check_settings(image_size, seed, exposure)
    images = np.empty((len(patients), image_size, image_size, 1), np.uint8)
    for index, (patient, label, shot) in enumerate(zip(patients, labels, shots, strict=True)):
        images[index, ..., 0] = _draw(seed, patient, label, shot, image_size, exposure)
    return images


def phantom_data_set(
    *,
    image_size: int = 64,
    normal_patients: int = 100,
    pneumonia_patients: int = 300,
    seed: int = 0,
    exposure: float = 0.0,
    first_patient: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draws a data set of normal and pneumonia patients with one to three images each.

    Args:
        image_size: side in pixels, in [8, 2048].
        normal_patients: how many patients are healthy; they come first.
        pneumonia_patients: how many patients have pneumonia.
        seed: integer >= 0.
        exposure: shift of the exposure, see `draw_phantoms`.
        first_patient: number of the first patient; give each split a range of its own.

    Returns:
        `(images, labels, groups)`: uint8 `(count, image_size, image_size, 1)`, int64 `(count,)`
        with 0 normal and 1 pneumonia, and patient names such as `"phantom0007"`, `(count,)`.

    Raises:
        ValueError: if an argument is out of range.
    """
    _check_integers("normal_patients", [normal_patients])
    _check_integers("pneumonia_patients", [pneumonia_patients])
    _check_integers("first_patient", [first_patient])
    _check_settings(image_size, seed, exposure)
    numbers = np.arange(first_patient, first_patient + normal_patients + pneumonia_patients)
    streams = (_generator(seed, number, _COUNT_STREAM) for number in numbers)
    counts = np.array([stream.integers(1, MAXIMUM_SHOTS + 1) for stream in streams], np.int64)
    patients = np.repeat(numbers, counts)
    labels = (patients >= first_patient + normal_patients).astype(np.int64)
    shots = np.arange(len(patients)) - np.repeat(np.cumsum(counts) - counts, counts)
    settings = {"image_size": image_size, "seed": seed, "exposure": exposure}
    images = draw_phantoms(patients, labels, shots, **settings)
    return images, labels, np.array([f"phantom{patient:04d}" for patient in patients], dtype=str)


def _generator(*key: int) -> np.random.Generator:
    return np.random.default_rng([int(part) for part in key])


def _draw(
    seed: int, patient: int, label: int, shot: int, image_size: int, exposure: float
) -> np.ndarray:
    film_size = max(image_size, _SMALLEST_FILM)
    side = round(film_size * _OVERSAMPLING)
    bones = _generator(seed, patient, _ANATOMY_STREAM)
    anatomy = Anatomy(*bones.uniform(chests.ANATOMY_LOW, chests.ANATOMY_HIGH).tolist())
    moment = _generator(seed, patient, _SHOT_STREAM, shot)
    pose = _Shot(*moment.uniform(_SHOT_LOW, _SHOT_HIGH).tolist())
    tissue, air = chests.draw_chest(anatomy, pose.inspiration, bones, side)
    filled = _confounders(anatomy, pose, bones, side)
    if label == PNEUMONIA:
        opacity = _opacity(anatomy, _generator(seed, patient, _DISEASE_STREAM), side)
        filled = 1.0 - (1.0 - filled) * (1.0 - np.minimum(pose.severity * opacity, 1.0))
    attenuation = _project(tissue - air * (1.0 - filled), pose, film_size)
    grain = moment.standard_normal((film_size, film_size), np.float32)
    film = _expose(attenuation, pose, math.exp(pose.exposure + exposure), grain)
    return cv2.resize(film, (image_size, image_size), interpolation=cv2.INTER_AREA)


def _texture(generator: np.random.Generator, cells: int, side: int) -> np.ndarray:
    """Smooth noise: standard normal values on a coarse lattice, interpolated."""
    lattice = generator.standard_normal((cells, cells), np.float32)
    return cv2.resize(lattice, (side, side), interpolation=cv2.INTER_CUBIC)


def _confounders(
    anatomy: Anatomy, pose: _Shot, generator: np.random.Generator, side: int
) -> np.ndarray:
    """What hides air in both classes: hazy bases, uneven soft tissue, nipple shadows."""
    x, y = canvas_grid(side)
    shallow = 1.0 - pose.inspiration
    base = pose.haze * (0.4 + shallow) * soft_step((y - 0.68 + 0.2 * shallow) * 14.0)
    filled = base + 0.07 * _texture(generator, 7, side) + 0.05 * _texture(generator, 20, side)
    if anatomy.nipples > 0.75:
        away = (np.abs(x) - 0.62 * anatomy.chest) ** 2 + (y - 0.62) ** 2
        filled += 0.35 * np.exp(-away / 0.018**2)
    return np.clip(filled, -0.2, 0.8)


def _opacity(anatomy: Anatomy, generator: np.random.Generator, side: int) -> np.ndarray:
    """Draws one patient's pneumonia: the share of air displaced, in [0, 1]."""
    spots, radius, cells, roughness, density = _DISEASES[generator.integers(len(_DISEASES))]
    strength = _FAINTEST + (_STRONGEST - _FAINTEST) * generator.beta(1.6, 1.6)
    x, y = canvas_grid(side)
    low, high = ((0.3, 0.3, 0.75), (0.85, 0.78, 1.25))
    across, down, size = generator.uniform(low, high, (spots, 3)).T.astype(np.float32)
    lung = np.where(np.arange(spots) % 3 < 2, 1.0, -1.0) * generator.choice((-1.0, 1.0))
    centre = (lung * across * anatomy.chest).astype(np.float32)
    radius = radius * size
    wide = np.exp(-(((x.T - centre) / radius) ** 2))
    tall = np.exp(-(((y - down) / (1.15 * radius)) ** 2))
    torn = 1.15 + roughness * _texture(generator, cells, side)
    covered = 1.0 - np.exp(-2.0 * tall @ wide.T)  # spots overlap like panes, not like sums
    return np.clip(covered * torn, 0.0, 1.0) * (strength * density)


def _project(attenuation: np.ndarray, pose: _Shot, film_size: int) -> np.ndarray:
    """Lays a canvas on the film in the shot's pose."""
    side = len(attenuation)
    scale = film_size * (1.0 + 2.0 * chests.MARGIN) / side * pose.zoom
    matrix = cv2.getRotationMatrix2D(((side - 1) / 2,) * 2, pose.rotation, scale)
    matrix[:, 2] += (film_size - side) / 2 + film_size * np.array((pose.shift_x, pose.shift_y))
    soft = blur(attenuation, 0.003)  # the focal spot has a width
    return cv2.warpAffine(soft, matrix, (film_size,) * 2, borderMode=cv2.BORDER_REPLICATE)


def _expose(attenuation: np.ndarray, pose: _Shot, gain: float, grain: np.ndarray) -> np.ndarray:
    """Turns attenuation into grey: film curve, vignette, quantum noise, side marker."""
    size = len(attenuation)
    ticks = np.linspace(-1.0, 1.0, size, dtype=np.float32) ** 2
    vignette = 1.0 - pose.vignette * 0.5 * (ticks[:, None] + ticks)
    light = 1.0 - np.exp(-gain * np.maximum(attenuation, 0.01))
    film = light**pose.contrast * vignette
    film += pose.noise * (0.4 + film) * grain
    if pose.marker < 0.7:
        letter = np.rint((_MARKER + (0.05, 0.05 + 0.5 * pose.marker)) * size).astype(np.int32)
        cv2.polylines(film, [letter], False, 0.9, max(1, size // 100))
    return np.rint(np.clip(film, 0.0, 1.0) * 255.0).astype(np.uint8)


def _check_integers(
    name: str, values: np.ndarray, lowest: int = 0, highest: int = _LARGEST
) -> np.ndarray:
    array = np.asarray(values)
    whole = array.ndim == 1 and (array.size == 0 or array.dtype.kind in "iu")
    if not whole or ((array < lowest) | (array > highest)).any():
        raise ValueError(
            f"Invalid value for `{name}`. Expected integers in [{lowest}, {highest}]. "
            f"Received: {values}. Pass whole numbers in that range."
        )
    return array.astype(np.int64)


def _check_settings(image_size: int, seed: int, exposure: float) -> None:
    _check_integers("image_size", [image_size], MINIMUM_IMAGE_SIZE, MAXIMUM_IMAGE_SIZE)
    _check_integers("seed", [seed])
    if not abs(exposure) <= _MAXIMUM_EXPOSURE:
        raise ValueError(
            f"Invalid value for `exposure`. Expected a number in [-{_MAXIMUM_EXPOSURE}, "
            f"{_MAXIMUM_EXPOSURE}]. Received: {exposure}. Use 0.3 for a clear shift."
        )
