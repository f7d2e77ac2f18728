import pytest

from kerasmedgan import DCGAN
from kerasmedgan.callbacks import SyntheticExport
from kerasmedgan.synthesis import read_manifest, weights_sha256


def test_exports_on_the_way_and_at_the_end(tiny, tmp_path):
    gan = DCGAN(image_size=32, latent_dim=8, width=4)
    gan.compile()
    export = SyntheticExport(tmp_path, count=5, class_name="NORMAL", every=2, seed=7)
    gan.fit(tiny.batches(8), epochs=3, shuffle=False, verbose=0, callbacks=[export])
    last, earlier = read_manifest(tmp_path), read_manifest(tmp_path / "epoch_0002")
    assert len(last) == len(earlier) == 5
    assert last[0].model_sha256 == weights_sha256(gan.ema_generator)
    assert earlier[0].model_sha256 != last[0].model_sha256
    assert (tmp_path / earlier[4].file).exists()
    assert not (tmp_path / "epoch_0003").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"count": 0, "class_name": "NORMAL"}, "`count`.*Received: 0"),
        ({"count": 1, "class_name": "NORMAL", "every": 0}, "`every`.*Received: 0"),
        ({"count": 1, "class_name": "../NORMAL"}, "`class_name`.*plain folder name"),
        ({"count": 1, "class_name": ".."}, "`class_name`.*plain folder name"),
    ],
)
def test_bad_arguments(arguments, sentence, tmp_path):
    with pytest.raises(ValueError, match=sentence):
        SyntheticExport(tmp_path, **arguments)


@pytest.mark.parametrize(
    ("num_classes", "label", "sentence"),
    [
        (2, None, "`label`.*number of class 'NORMAL'.*2 classes"),
        (2, 2, "`label`.*Received: 2"),
        (None, 0, "`label`.*Received: 0"),
    ],
)
def test_a_label_that_does_not_fit_is_refused_before_training(
    num_classes, label, sentence, tiny, tmp_path
):
    gan = DCGAN(image_size=32, latent_dim=8, width=4, num_classes=num_classes)
    gan.compile()
    export = SyntheticExport(tmp_path, count=1, class_name="NORMAL", label=label)
    with pytest.raises(ValueError, match=sentence):
        gan.fit(tiny.batches(8), epochs=1, shuffle=False, verbose=0, callbacks=[export])
    assert gan.g_optimizer.iterations == 0


def test_a_gan_of_classes_exports_the_class_it_is_told(tiny, tmp_path):
    gan = DCGAN(image_size=32, latent_dim=8, width=4, num_classes=2)
    gan.compile()
    export = SyntheticExport(tmp_path, count=2, class_name="PNEUMONIA", label=1)
    gan.fit(tiny.batches(8), epochs=1, shuffle=False, verbose=0, callbacks=[export])
    assert [row.label for row in read_manifest(tmp_path)] == [1, 1]
