import json

import cv2
import numpy as np
import pytest
from planted_copies import phantom_images, plant

from kerasmedgan import DCGAN
from kerasmedgan.quality import MemorisationAudit, MemorisedError, draw_new_images
from kerasmedgan.synthesis import export_images, load_synthetic, read_manifest

PLANTED = np.array([3, 50, 51])


@pytest.fixture(scope="module")
def training():
    return phantom_images(0, 100)


@pytest.fixture(scope="module")
def audit(training):
    return MemorisationAudit(training, phantom_images(1000, 100, split="validation"))


@pytest.fixture(scope="module")
def sequence(training):
    """400 images as a generator's: new ones, but for three copies."""
    images = phantom_images(2000, 400).images
    images[PLANTED] = plant(training.images[:3])["flipped"]
    return images


class Planted(DCGAN):
    """Draws from a given sequence of images."""

    sequence = None

    def generate_range(self, start, stop, *, seed, **how):
        return self.sequence[start:stop]


@pytest.fixture
def gan(sequence):
    model = Planted(image_size=32, latent_dim=8, width=4)
    model.sequence = sequence
    return model


def test_copies_are_left_out_and_the_next_take_their_place(audit, sequence):
    drawn = []

    def draw(start, stop):
        drawn.append((start, stop))
        return sequence[start:stop]

    new = draw_new_images(draw, 254, audit)
    flagged = np.flatnonzero(audit(sequence).flagged)
    assert set(PLANTED) <= set(flagged) and len(flagged) <= 3 + 0.02 * 400
    kept = np.setdiff1d(np.arange(400), flagged)[:254]
    np.testing.assert_array_equal(new.indexes, kept)
    np.testing.assert_array_equal(new.images, sequence[kept])
    assert new.withheld == np.sum(flagged < kept[-1])
    assert drawn == [(0, 256), (256, 320)]


def test_a_small_export_is_judged_on_many_images(audit, sequence):
    new = draw_new_images(lambda start, stop: sequence[start:stop], 5, audit)
    assert len(new.images) == 5 and len(new.judged) == 256
    assert 3 not in new.indexes


def test_the_export_names_gaps_and_counts(gan, audit, training, tmp_path):
    export_images(gan, tmp_path, count=60, class_name="NORMAL", seed=0, audit=audit)
    rows = read_manifest(tmp_path)
    indexes = [row.index for row in rows]
    assert len(rows) == 60 and not set(PLANTED) & set(indexes)
    assert rows[-1].file == "NORMAL/000059.png"
    images = load_synthetic(tmp_path, ("NORMAL", "PNEUMONIA"), image_size=32).images
    np.testing.assert_array_equal(images, gan.sequence[indexes])
    facts = json.loads((tmp_path / "memorisation_NORMAL.json").read_text())
    assert facts["exported"] == 60 and facts["withheld"] == indexes[-1] + 1 - 60
    assert facts["withheld"] >= 3 and facts["images"] == 256 and facts["refused"] is False
    assert facts["training_images"] == 100


def test_the_contact_sheet_shows_copies_first_beside_their_source(gan, audit, training, tmp_path):
    export_images(gan, tmp_path, count=60, class_name="NORMAL", seed=0, audit=audit)
    sheet = cv2.imread(str(tmp_path / "private_NORMAL.png"), cv2.IMREAD_GRAYSCALE)
    side, frame, gap = 32, 2, 4
    assert sheet.shape == (
        8 * (side + 2 * frame + gap) - gap,
        4 * (2 * side + 2 * frame + gap) - gap,
    )
    first = sheet[: side + 2 * frame, : 2 * side + 2 * frame]
    assert (first[0] == 255).all()
    pair = first[frame:-frame, frame:-frame]
    np.testing.assert_array_equal(pair[:, :side], pair[:, side:][:, ::-1])
    assert any((pair[:, side:] == image[..., 0]).all() for image in training.images[:3])
    assert (sheet[-1] != 255).sum() > 0


def test_a_generator_that_copies_is_refused_and_the_older_export_stays(
    gan, audit, training, tmp_path
):
    export_images(gan, tmp_path, count=5, class_name="NORMAL", seed=0, audit=audit)
    before = read_manifest(tmp_path)
    gan.sequence = np.tile(training.images, (4, 1, 1, 1))
    with pytest.raises(MemorisedError, match="Cannot export images of NORMAL.*256 of 256 images"):
        export_images(gan, tmp_path, count=5, class_name="NORMAL", seed=0, audit=audit)
    assert read_manifest(tmp_path) == before
    facts = json.loads((tmp_path / "memorisation_NORMAL.json").read_text())
    assert facts["refused"] and facts["exported"] == 0


def test_an_export_without_an_audit_does_not_keep_the_older_one_s_findings(gan, audit, tmp_path):
    export_images(gan, tmp_path, count=5, class_name="NORMAL", seed=0, audit=audit)
    export_images(gan, tmp_path, count=5, class_name="NORMAL", seed=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["NORMAL", "manifest.csv"]
    assert [row.index for row in read_manifest(tmp_path)] == list(range(5))
