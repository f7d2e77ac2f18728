import numpy as np
import pytest

from kerasmedgan.data.patients import carve, check_fraction, merge_groups, patients_of


@pytest.fixture(scope="module")
def many():
    """600 images of two classes in mixed order; patients of one to eight images."""
    rng = np.random.default_rng(5)
    labels = np.repeat([0, 1], [200, 400])
    groups = np.empty(600, "U16")
    for label in (0, 1):
        rows = np.flatnonzero(labels == label)
        sizes = rng.integers(1, 9, len(rows))
        patients = np.repeat(np.arange(len(rows)), sizes)[: len(rows)]
        groups[rows] = [f"class{label}-{patient}" for patient in patients]
    order = rng.permutation(600)
    return labels[order], groups[order], np.arange(600).astype(str)


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.5])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_share_of_every_class_and_no_patient_on_both_sides(many, fraction, seed):
    labels, groups, digests = many
    chosen = carve(labels, groups, digests, fraction=fraction, seed=seed)
    assert chosen.dtype == bool and chosen.shape == (600,)
    assert not set(groups[chosen]) & set(groups[~chosen])
    for label in (0, 1):
        members = labels == label
        # The patient who crosses the mark has at most eight images.
        assert 0 <= chosen[members].sum() - fraction * members.sum() < 8


def test_the_seed_decides(many):
    first, again = (carve(*many, fraction=0.2, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert (first != carve(*many, fraction=0.2, seed=4)).any()


def test_patients_who_share_an_identical_image_stay_together(many):
    labels, groups, _ = many
    digests = np.arange(600).astype(str)
    # A chain: patient 0 shares an image with 1, and 1 another one with 2.
    normal = [np.flatnonzero(groups == f"class0-{patient}") for patient in range(3)]
    digests[normal[1][0]] = digests[normal[0][0]]
    digests[normal[2][-1]] = digests[normal[1][-1]]
    chain = np.concatenate(normal)
    sides = set()
    for seed in range(30):
        chosen = carve(labels, groups, digests, fraction=0.3, seed=seed)
        assert chosen[chain].all() or not chosen[chain].any()
        sides.add(bool(chosen[chain[0]]))
    assert sides == {False, True}


def test_merge_groups_numbers_families_from_zero():
    groups = np.array(["a", "b", "c", "a", "d"])
    families = merge_groups(groups, np.array(["1", "2", "2", "3", "4"]))
    assert families[0] == families[3] and families[1] == families[2]
    assert sorted(set(families)) == [0, 1, 2]


def test_a_class_of_two_patients_gives_one_to_each_side():
    labels = np.array([0, 0, 0, 1, 1, 1])
    groups = np.array(["a", "a", "b", "c", "d", "d"])
    for fraction in (0.01, 0.5, 0.99):
        chosen = carve(labels, groups, np.arange(6).astype(str), fraction=fraction, seed=0)
        for label in (0, 1):
            assert 0 < chosen[labels == label].sum() < 3


def test_a_class_of_one_patient_is_refused():
    labels = np.array([0, 0, 1, 1])
    with pytest.raises(ValueError, match="Cannot split class 1 by patient.* Received: 1"):
        carve(labels, np.array(["a", "b", "c", "c"]), np.arange(4), fraction=0.5, seed=0)
    with pytest.raises(ValueError, match="Cannot split class 0 by patient"):
        carve(labels, np.array(["a", "b", "c", "d"]), np.array([1, 1, 2, 3]), fraction=0.5, seed=0)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_a_fraction_that_leaves_a_side_empty_is_refused(fraction):
    with pytest.raises(ValueError, match=f"between 0 and 1. Received: {fraction}"):
        check_fraction(fraction)


def test_real_names_carry_the_patient():
    names = {
        "PNEUMONIA/person1199_bacteria_3149.jpeg": "person1199",
        "PNEUMONIA/person1_virus_6.jpeg": "person1",
        "NORMAL/IM-0115-0001.jpeg": "IM-0115",
        "NORMAL/IM-0501-0001-0002.jpeg": "IM-0501",
        "NORMAL/NORMAL2-IM-0012-0001.jpeg": "NORMAL2-IM-0012",
        "NORMAL/NORMAL2-IM-1423-0001.jpeg": "NORMAL2-IM-1423",
        # No match: a patient of its own, by class, since another class may use the name too.
        "NORMAL/scan.png": "NORMAL/scan.png",
        "NORMAL/person.jpeg": "NORMAL/person.jpeg",
        "NORMAL/a-person12_virus_1.jpeg": "NORMAL/a-person12_virus_1.jpeg",
        "IM-9999-folder/scan.png": "IM-9999-folder/scan.png",
    }
    assert patients_of(np.array(list(names))).tolist() == list(names.values())


def test_a_pattern_of_ones_own():
    files = np.array(["A/p7-left.png", "A/p7-right.png", "B/p8-left.png", "B/other.png"])
    assert patients_of(files, r"(p\d+)-").tolist() == ["p7", "p7", "p8", "B/other.png"]
    with pytest.raises(ValueError, match="`patient_pattern`. Expected a regular expression with a"):
        patients_of(files, r"p\d+-")


def test_patients_with_images_of_both_classes_are_shared_out_by_the_rarer():
    """Every normal image belongs to a patient who has more images of pneumonia."""
    labels = np.array([0, 1, 1, 1] * 20 + [1] * 40)
    groups = np.array([f"both{i // 4}" for i in range(80)] + [f"one{i}" for i in range(40)])
    digests = np.array([str(i) for i in range(120)])
    chosen = carve(labels, groups, digests, fraction=0.25, seed=0)
    assert not np.intersect1d(groups[chosen], groups[~chosen]).size
    assert chosen[labels == 0].mean() == 0.25
    assert abs(chosen[labels == 1].mean() - 0.25) < 0.05
