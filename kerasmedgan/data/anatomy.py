"""Stage 1, data: one patient's measures become the layers of a procedural chest.

An `Anatomy` (plain numbers) and the depth of a breath enter; two float32 maps leave: what weakens
the beam, and the air in the lungs, before disease, pose and film.

Coordinates: x runs from the midline to the viewer's right (the patient's left), y from the top
of the film downwards, both in film widths.
"""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

# The canvas is larger than the film, so that rotating and shifting never shows its edge.
MARGIN = 0.1
_CANVAS_WIDTH = 1.0 + 2.0 * MARGIN
_ORIGIN, _MIRROR = np.array((0.5 + MARGIN, MARGIN)), np.array((-1.0, 1.0))
_FRACTION_BITS = 4  # OpenCV draws at sixteenths of a pixel

# Attenuation of each layer. Soft tissue lands near grey 140, the abdomen near 200, as on film.
_SOFT, _ABDOMEN, _HEART, _MEDIASTINUM, _SPINE = 0.78, 0.62, 0.42, 0.20, 0.36
_RIB_BACK, _RIB_FRONT, _CLAVICLE, _HUMERUS, _VESSEL = 0.17, 0.10, 0.22, 0.20, 0.36
_AIR, _TRACHEA = 0.62, 0.16
_RIB_NUMBERS, _FRONT_RIBS, _VESSELS = np.arange(10)[:, None], 7, 11
_ALONG_RIB, _ALONG_VESSEL = np.linspace(0.0, 1.0, 12), np.linspace(0.0, 1.0, 6)

# Outlines: (share of the chest's half width, share of the lung's height) round one right lung...
_LUNG = np.array(
    [(0.46, 0.00), (0.68, 0.09), (0.84, 0.30), (0.94, 0.55), (0.99, 0.80), (1.00, 1.02)]
    + [(0.70, 1.04), (0.40, 1.02), (0.18, 0.95), (0.17, 0.62), (0.22, 0.38), (0.22, 0.12)]
)
# ... the heart (share of its width from the midline, share of its height) ...
_HEART_OUTLINE = np.array(
    [(-0.30, 0.00), (0.22, -0.04), (0.50, 0.22), (0.82, 0.52), (1.00, 0.85), (0.70, 1.12)]
    + [(0.00, 1.15), (-0.40, 0.98), (-0.44, 0.62)]
)
# ... and half of the trunk (share of the body's half width, film height), arms apart.
_TRUNK = np.array(
    [(0.24, -0.15), (0.24, -0.03), (0.40, 0.03), (0.80, 0.07), (1.02, 0.18), (1.00, 0.40)]
    + [(0.94, 0.70), (0.97, 0.95), (1.02, 1.15)]
)


class Anatomy(NamedTuple):
    """What stays the same on every image of a patient; lengths in film widths."""

    chest: float  # half the inner width of the rib cage
    flesh: float  # body's half width divided by `chest`: habitus
    apex: float  # y of the lungs' tops
    base: float  # y of the costophrenic angles at full inspiration
    dome: float  # how far the diaphragm rises above `base`
    right_dome: float  # how much higher the right dome stands
    heart: float  # heart's reach to the patient's left, share of `chest`
    mediastinum: float  # half width of the vessels above the heart, share of `chest`
    rib_spacing: float
    rib_slope: float  # drop of a posterior rib from spine to flank
    rib_width: float
    bone: float  # mineral content, multiplies every bone
    spine: float  # half width of the vertebrae
    hilum: float  # size of the hila: large ones imitate disease
    vessels: float  # visibility of the vessels
    arms: float  # angle of the arms from hanging, radians
    nipples: float  # a shadow shows above 0.75
    thickness: float  # soft tissue the beam crosses, 1 on average


ANATOMY_LOW = Anatomy(
    0.28, 1.18, 0.08, 0.80, 0.07, 0.01, 0.45, 0.20, 0.056, 0.09, 0.016, 0.7, 0.034, 0.5, 0.4,
    0.25, 0.0, 0.9,
)  # fmt: skip
ANATOMY_HIGH = Anatomy(
    0.36, 1.40, 0.17, 0.92, 0.13, 0.04, 0.72, 0.33, 0.074, 0.20, 0.024, 1.3, 0.048, 1.5, 1.2,
    1.10, 1.0, 1.1,
)  # fmt: skip


def draw_chest(
    anatomy: Anatomy, inspiration: float, generator: np.random.Generator, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draws the healthy chest of one patient at one breath.

    Args:
        anatomy: the patient's measures.
        inspiration: how deep the breath is; 1 is full, 0.6 poor (high diaphragm, wide heart).
        generator: draws the course of the patient's vessels.
        side: canvas side in pixels; it spans the film and `MARGIN` on every edge.

    Returns:
        `(tissue, air)`, float32, shape `(side, side)`: the beam's attenuation is `tissue - air`.
    """
    base = anatomy.apex + (anatomy.base - anatomy.apex) * (0.62 + 0.38 * inspiration)
    body = _body(anatomy, side)
    abdomen = _abdomen(anatomy, base, side)
    heart = _heart(anatomy, base, inspiration, side) * (1.0 - 0.6 * abdomen)
    air = _AIR * _lungs(anatomy, base, side) * (1.0 - 0.96 * abdomen) * (1.0 - 0.75 * heart)
    tissue = anatomy.thickness * (_SOFT + _ABDOMEN * abdomen) + _HEART * heart
    tissue += _spine(anatomy, side)
    tissue = body * tissue + _bones(anatomy, side) * (1.0 - 0.7 * abdomen)
    return tissue + _vessels(anatomy, base, generator, side) * air, air


@lru_cache(maxsize=16)
def canvas_grid(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the x of every column, shape `(1, side)`, and the y of every row, `(side, 1)`."""
    ticks = (np.arange(side, dtype=np.float32) + 0.5) * (_CANVAS_WIDTH / side) - MARGIN
    return ticks[None, :] - 0.5, ticks[:, None]


def blur(image: np.ndarray, width: float) -> np.ndarray:
    """Blurs a canvas with a Gaussian whose standard deviation is `width` film widths."""
    sigma = width * len(image) / _CANVAS_WIDTH
    return cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)


def soft_step(distance: np.ndarray) -> np.ndarray:
    """Returns the logistic function, in a form that cannot overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * distance)


@lru_cache(maxsize=16)
def _spline(count: int, steps: int = 6) -> np.ndarray:
    """Returns the matrix that turns `count` points into a closed Catmull-Rom curve."""
    t = np.arange(steps)[:, None] / steps
    weights = 0.5 * np.hstack(
        [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]
    )
    points = [np.roll(np.eye(count), offset, axis=1) for offset in (-1, 0, 1, 2)]
    return sum(np.kron(points[k], weights[:, k : k + 1]) for k in range(4))


def _pixels(points: np.ndarray, side: int) -> np.ndarray:
    return np.rint((points + _ORIGIN) * (side / _CANVAS_WIDTH * 2**_FRACTION_BITS)).astype(np.int32)


def _fill(canvas: np.ndarray, points: np.ndarray, value: float = 1.0) -> None:
    curve = _pixels(_spline(len(points)) @ points, len(canvas))
    cv2.fillPoly(canvas, [curve], value, shift=_FRACTION_BITS)


def _stroke(canvas: np.ndarray, curves: np.ndarray, width: float, value: float) -> None:
    """Draws curves, shape `(count, points, 2)`, as lines `width` film widths thick."""
    thickness = max(1, round(width * len(canvas) / _CANVAS_WIDTH))
    lines = list(_pixels(curves, len(canvas)))
    cv2.polylines(canvas, lines, False, value, thickness, shift=_FRACTION_BITS)


def _both_sides(curves: np.ndarray) -> np.ndarray:
    return np.concatenate([curves, curves * _MIRROR])


def _body(anatomy: Anatomy, side: int) -> np.ndarray:
    """Head, trunk and arms, thinner towards the skin."""
    canvas = np.zeros((side, side), np.float32)
    half = _TRUNK * (anatomy.chest * anatomy.flesh, 1.0)
    _fill(canvas, np.concatenate([half, half[::-1] * _MIRROR]))
    _stroke(canvas, _arms(anatomy), 0.15, 0.9)
    _stroke(canvas, np.array([[(-0.05, -0.14), (0.05, -0.14)]]), 0.2, 1.3)
    return blur(canvas, 0.008) * (0.35 + 0.65 * blur(canvas, 0.05))


def _arms(anatomy: Anatomy) -> np.ndarray:
    shoulder = np.array((anatomy.chest * anatomy.flesh * 0.96, 0.14))
    elbow = shoulder + 0.7 * np.array((np.sin(anatomy.arms), np.cos(anatomy.arms)))
    return _both_sides(np.array([(shoulder, elbow)]))


def _lungs(anatomy: Anatomy, base: float, side: int) -> np.ndarray:
    canvas = np.zeros((side, side), np.float32)
    outline = _LUNG * (anatomy.chest, base - anatomy.apex) + (0.0, anatomy.apex)
    _fill(canvas, outline)
    _fill(canvas, outline * _MIRROR)
    return blur(canvas, 0.006) * (0.45 + 0.55 * blur(canvas, 0.035))


def _abdomen(anatomy: Anatomy, base: float, side: int) -> np.ndarray:
    """What lies below the diaphragm: the two domes, the right one higher, and all beneath."""
    x, y = canvas_grid(side)
    share = np.abs(x) / anatomy.chest
    dome = np.clip(1.0 - np.abs((share - 0.45) / 0.57) ** 2.4, 0.0, 1.0)
    dome = np.where(share < 0.45, 0.1 + 0.9 * dome, dome)  # the heart rests on the middle
    edge = base - dome * (anatomy.dome + anatomy.right_dome * soft_step(-40.0 * x))
    # Sharp where lung meets diaphragm, fading into the flanks.
    return soft_step((y - edge) * (180.0 / (1.0 + 60.0 * np.clip(share - 0.95, 0.0, 1.0))))


def _heart(anatomy: Anatomy, base: float, inspiration: float, side: int) -> np.ndarray:
    canvas = np.zeros((side, side), np.float32)
    apex, vessels = anatomy.apex, anatomy.chest * anatomy.mediastinum
    column = [(-vessels, apex), (vessels, apex), (vessels * 1.3, 0.5), (vessels, base)]
    _fill(canvas, np.array([*column, (-vessels, base), (-vessels, 0.4)]), _MEDIASTINUM / _HEART)
    knob = np.array([[(vessels * 0.8, apex + 0.17), (vessels * 0.8, apex + 0.20)]])
    _stroke(canvas, knob, 0.05, 0.7)
    width = anatomy.chest * anatomy.heart * (1.25 - 0.25 * inspiration)
    top = apex + 0.36 * (base - apex)
    _fill(canvas, _HEART_OUTLINE * (width, base - anatomy.dome * 0.6 - top) + (0.0, top))
    return blur(canvas, 0.010)


def _bones(anatomy: Anatomy, side: int) -> np.ndarray:
    """Ribs (the posterior ones steep and dense, the anterior ones faint), clavicles, humeri."""
    back, front = np.zeros((2, side, side), np.float32)
    posterior, anterior = _ribs(anatomy)
    _stroke(front, anterior, anatomy.rib_width * 1.2, _RIB_FRONT)
    _stroke(back, posterior, anatomy.rib_width, _RIB_BACK)
    # A rib is a tube: its rim is denser than its marrow. Thin lines leave no room for it.
    _stroke(back, posterior, anatomy.rib_width * 0.4, _RIB_BACK * 0.7)
    y, shoulder = anatomy.apex + 0.05, anatomy.chest * anatomy.flesh * 0.9
    clavicle = [(0.035, y + 0.03), (0.12, y), (0.22, y - 0.05), (shoulder, y - 0.05)]
    _stroke(back, _both_sides(np.array([clavicle])), 0.022, _CLAVICLE)
    _stroke(back, _arms(anatomy), 0.04, _HUMERUS)
    return anatomy.bone * blur(back + front, 0.0035)


def _ribs(anatomy: Anatomy) -> tuple[np.ndarray, np.ndarray]:
    along, y = _ALONG_RIB, anatomy.apex - 0.01 + anatomy.rib_spacing * _RIB_NUMBERS
    share = np.clip((y - anatomy.apex + 0.06) / 0.30, 0.0, 1.0)
    flank = anatomy.chest * (0.42 + 0.60 * np.sqrt(share))  # the cage widens downwards
    x = 0.03 + (flank - 0.03) * np.sin(along * np.pi / 2)
    back = np.stack([x, y - 0.025 * np.sin(along * np.pi) + anatomy.rib_slope * along**2], -1)
    drop = anatomy.rib_slope + (0.06 + anatomy.rib_slope) * along**0.8
    front = np.stack([flank * np.cos(along * 1.15), y + drop], -1)
    return _both_sides(back), _both_sides(front[:_FRONT_RIBS])


def _spine(anatomy: Anatomy, side: int) -> np.ndarray:
    """Vertebrae with the discs between them, and the trachea's air in front of them."""
    x, y = canvas_grid(side)
    bone = anatomy.bone * _SPINE * soft_step((anatomy.spine - np.abs(x)) * 110.0)
    discs = soft_step(6.0 * np.sin(y * (2.0 * np.pi / anatomy.rib_spacing)) + 3.0)
    trachea = _TRACHEA * np.exp(-((x / 0.018) ** 2))
    return bone * (0.82 + 0.18 * discs) - trachea * soft_step((anatomy.apex + 0.17 - y) * 40.0)


def _vessels(
    anatomy: Anatomy, base: float, generator: np.random.Generator, side: int
) -> np.ndarray:
    """Hila and the vessels that fan out from them, as a share of the air they displace."""
    canvas = np.zeros((side, side), np.float32)
    start, bend, length = generator.uniform(-1.0, 1.0, (3, 2 * _VESSELS, 1))
    turn = 0.1 + 1.4 * start + 0.8 * bend * _ALONG_VESSEL
    reach = anatomy.chest * (0.65 + 0.25 * length) * _ALONG_VESSEL
    curves = np.stack([np.cos(turn) * reach, np.sin(turn) * reach], -1)
    curves += (anatomy.chest * 0.28, anatomy.apex + 0.45 * (base - anatomy.apex))
    curves[_VESSELS:] *= _MIRROR
    _stroke(canvas, curves, 0.006, 0.5 * anatomy.vessels)
    _stroke(canvas, curves[:, :3], 0.011, 0.8 * anatomy.vessels)
    _stroke(canvas, curves[:, :2], 0.022 * anatomy.hilum, anatomy.hilum)
    return _VESSEL / _AIR * blur(canvas, 0.008)
