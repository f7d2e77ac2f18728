"""Quality, score: numbers that say how good images are, with what must be equal to compare them."""

from __future__ import annotations

import dataclasses


class PassportError(ValueError):
    """Raised when two scores were not measured in the same way."""


@dataclasses.dataclass(frozen=True)
class Passport:
    """All that a score depends on beside the synthetic images.

    Attributes:
        extractor: which features.
        weights_sha256: sha256 of what the extractor learned.
        layer_size: number of features.
        real_sha256: sha256 of the real images, before halving.
        real_count: real images, before halving.
        count: images on either side of each comparison: of each half, and of synthetic images.
        halvings: random halvings of the real images that the score is a mean over.
        image_size: side of the images in pixels.
        channels: 1 for grey, 3 for RGB.
        pixel_path: how image files became pixels, and pixels the extractor's input.
        seed: seed of halves and subsets.
        subset_size: images of a subset of KID.
        subsets: number of subsets of KID, over all halvings.
        neighbours: k of precision, recall, density and coverage.
    """

    extractor: str
    weights_sha256: str
    layer_size: int
    real_sha256: str
    real_count: int
    count: int
    halvings: int
    image_size: int
    channels: int
    pixel_path: str
    seed: int
    subset_size: int
    subsets: int
    neighbours: int

    def require_same(self, other: Passport) -> None:
        """Raises `PassportError`, naming each difference, unless two passports are equal."""
        different = [
            f"`{field.name}` {getattr(self, field.name)!r} and {getattr(other, field.name)!r}"
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != getattr(other, field.name)
        ]
        if different:
            raise PassportError(
                "Cannot compare two scores. Expected equal passports. Received: "
                f"{'; '.join(different)}. Measure both with one `Judge`."
            )


@dataclasses.dataclass(frozen=True)
class Measures:
    """What was measured between two sets of the same count.

    Attributes:
        kid: see `kernel_distance`; lower is better.
        kid_spread: its standard deviation over subsets.
        frechet_distance: lower is better.
        precision: see `ManifoldScores`; higher is better, as are the following.
        recall: likewise.
        density: likewise.
        coverage: likewise.
    """

    kid: float
    kid_spread: float
    frechet_distance: float
    precision: float
    recall: float
    density: float
    coverage: float


@dataclasses.dataclass(frozen=True)
class Score:
    """The quality of a set of synthetic images.

    Attributes:
        measures: between half of the real images and as many synthetic ones.
        floor: the same between the two halves of the real images: what images as good as real
            ones would get.
        passport: what must be equal for two scores to be compared.
    """

    measures: Measures
    floor: Measures
    passport: Passport

    @property
    def frechet_ratio(self) -> float:
        """Frechet distance over its floor; 1 is as good as real images."""
        return self.measures.frechet_distance / max(self.floor.frechet_distance, 1e-12)

    @property
    def kid_units(self) -> float:
        """KID less its floor, in units of the floor's spread; 0 is as good as real images.

        The floor is about zero, so that a ratio to it would mean nothing.
        """
        return (self.measures.kid - self.floor.kid) / max(self.floor.kid_spread, 1e-12)

    def minus(self, other: Score) -> dict[str, float]:
        """Returns the differences of all measures, this less the other.

        Raises:
            PassportError: if the two were not measured in the same way.
        """
        self.passport.require_same(other.passport)
        mine, theirs = dataclasses.asdict(self.measures), dataclasses.asdict(other.measures)
        return {name: value - theirs[name] for name, value in mine.items()}

    def to_dict(self) -> dict:
        """Returns everything, JSON-ready."""
        return {
            **dataclasses.asdict(self.measures),
            "frechet_ratio": self.frechet_ratio,
            "kid_units": self.kid_units,
            "floor": dataclasses.asdict(self.floor),
            "passport": dataclasses.asdict(self.passport),
        }
