import numpy as np

from kerasmedgan.data import oversample


def test_it_balances_and_loses_no_image(tiny):
    balanced = oversample(tiny, seed=0)
    assert balanced.counts() == {"NORMAL": 28, "PNEUMONIA": 28}
    _, repeats = np.unique(balanced.of_class("NORMAL").files, return_counts=True)
    assert len(repeats) == 12
    assert set(repeats) == {2, 3}
    assert set(balanced.of_class("PNEUMONIA").files) == set(tiny.of_class("PNEUMONIA").files)


def test_batches_hold_all_classes_alike(tiny):
    scarce = tiny.take(np.r_[np.flatnonzero(tiny.labels == 0)[:1], np.flatnonzero(tiny.labels)])
    batches = list(oversample(scarce, seed=0).batches(8))
    labels = np.concatenate([labels for _, labels in batches])
    assert len(labels) == 56 and labels.mean() == 0.5


def test_the_seed_chooses_which_are_there_once_more(tiny):
    files = [oversample(tiny, seed=seed).files for seed in (0, 0, 1)]
    np.testing.assert_array_equal(files[0], files[1])
    assert sorted(files[0]) != sorted(files[2])
