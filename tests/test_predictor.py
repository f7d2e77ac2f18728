import keras
import numpy as np
import pytest
from small_run import load_splits

from kerasmedgan.calibration import apply_temperature
from kerasmedgan.classifier import build_classifier
from kerasmedgan.evaluation import predict
from kerasmedgan.serving import Predictor, colour_evidence, overlay_evidence
from kerasmedgan.serving.evidence import EvidenceClassifier
from kerasmedgan.serving.heat_map import AGAINST, FOR


@pytest.fixture(scope="module")
def predictor(small_run):
    return Predictor.load(small_run)


@pytest.fixture(scope="module")
def known(small_run):
    """The training images of the run."""
    return load_splits(small_run).train


def test_both_arms_say_what_their_models_say(predictor, known, small_run):
    predictions = predictor.predict(known.images)
    assert predictor.arms == ("real", "real+gan")
    for name in predictor.arms:
        arm = predictor.run.arms[name]
        model = keras.saving.load_model(small_run / arm.model)
        expected = predict(model, known).probabilities
        received = np.stack([one.arms[name].probabilities for one in predictions])
        np.testing.assert_allclose(received, expected, atol=1e-6)
        calibrated = np.stack([one.arms[name].calibrated for one in predictions])
        np.testing.assert_allclose(calibrated, apply_temperature(received, arm.temperature))


def test_the_decision_is_made_at_the_validation_chosen_threshold(predictor, known):
    decisions = set()
    for prediction in predictor.predict(known.images):
        for arm in prediction.arms.values():
            above = arm.probabilities[1] >= arm.threshold
            expected = ("NORMAL", "PNEUMONIA")[int(above)]
            assert arm.decision == (None if prediction.unlike else expected)
            decisions.add(arm.decision)
    assert {"NORMAL", "PNEUMONIA"} <= decisions


def test_an_image_unlike_the_training_images_gets_no_decision(predictor, tiny):
    strangers = np.stack([np.zeros((32, 32, 1), np.uint8), 255 - tiny.images[0]])
    for prediction in predictor.predict(strangers):
        assert prediction.unlike
        assert {arm.decision for arm in prediction.arms.values()} == {None}
        for arm in prediction.arms.values():
            assert np.isfinite(arm.probabilities).all()


def test_an_image_does_not_depend_on_its_company(predictor, tiny):
    together = predictor.predict(tiny.images)
    for index in (0, 17, 39):
        (alone,) = predictor.predict(tiny.images[index : index + 1])
        for name in predictor.arms:
            np.testing.assert_allclose(
                alone.arms[name].probabilities, together[index].arms[name].probabilities, atol=1e-6
            )


def test_nothing_in_gives_nothing_out_and_other_shapes_are_refused(predictor, tiny):
    assert predictor.predict(tiny.images[:0]) == []
    for images in (tiny.images.astype(float), tiny.images[0], tiny.images[:, :16]):
        with pytest.raises(ValueError, match="`images`. Expected uint8 of shape"):
            predictor.predict(images)


def test_arms_can_be_chosen(small_run):
    assert Predictor.load(small_run, arms=["real"]).arms == ("real",)
    for arms in (["gan"], []):
        with pytest.raises(ValueError, match=r"`arms`. Expected arms of \['real', 'real\+gan'\]"):
            Predictor.load(small_run, arms=arms)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("classes", [2, 3])
def test_evidence_adds_up_to_the_score(classes, dtype, tiny):
    model = build_classifier(image_size=32, num_classes=classes, seed=3, dtype=dtype)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(layer.moving_variance * 0.3)
    head = model.get_layer("probabilities")
    head.bias.assign(np.linspace(-0.5, 0.7, classes))
    positive = 1 if classes == 2 else None
    probabilities, evidence = EvidenceClassifier(model, positive)(tiny.images)
    assert evidence.shape == (len(tiny), 4, 4) and evidence.dtype == np.float32
    logits, bias = np.log(probabilities.astype(float)), head.bias.numpy()
    chosen = np.full(len(tiny), 1) if classes == 2 else probabilities.argmax(axis=1)
    directions = (np.eye(classes)[chosen] * classes - 1) / (classes - 1)
    expected = (directions * logits).sum(axis=1) - directions @ bias
    np.testing.assert_allclose(
        evidence.sum(axis=(1, 2)), expected, atol=1e-4 if dtype == "float32" else 0.1
    )


def test_evidence_lies_where_the_image_changed(tiny):
    """A bright square in one corner moves the evidence of that corner the most."""
    model = build_classifier(image_size=32, seed=5)
    plain = np.full((1, 32, 32, 1), 90, np.uint8)
    marked = plain.copy()
    marked[:, :8, 24:] = 255
    before, after = (EvidenceClassifier(model, 1)(images)[1][0] for images in (plain, marked))
    change = np.abs(after - before)
    assert np.unravel_index(change.argmax(), change.shape) in [(0, 3), (0, 2), (1, 3)]


def test_colours_show_sign_and_strength():
    colours = colour_evidence(np.array([[2.0, -1.0]]), height=4, width=40)
    assert colours.shape == (4, 40, 4)
    assert tuple(colours[0, 0, :3]) == FOR and tuple(colours[0, -1, :3]) == AGAINST
    assert colours[0, 0, 3] == 255 and abs(int(colours[0, -1, 3]) - 128) <= 1
    weaker = colour_evidence(np.array([[2.0, -1.0]]), height=4, width=40, limit=4.0)
    assert abs(int(weaker[0, 0, 3]) - 128) <= 1
    assert colour_evidence(np.zeros((2, 2)), height=8, width=8)[..., 3].max() == 0


def test_padding_that_the_classifier_saw_is_cut_off():
    evidence = np.zeros((4, 4))
    evidence[1:3] = 1.0
    colours = colour_evidence(evidence, height=10, width=20, pad_to_aspect_ratio=True)
    assert colours.shape == (10, 20, 4)
    assert colours[5, :, 3].min() > 200


@pytest.mark.parametrize("channels", [1, 3])
def test_the_overlay_goes_from_the_image_to_the_colours(channels):
    image = np.full((2, 2, channels), 100, np.uint8)
    colours = np.zeros((2, 2, 4), np.uint8)
    colours[0] = (*FOR, 255)
    np.testing.assert_array_equal(overlay_evidence(image, colours, strength=0), 100)
    whole = overlay_evidence(image, colours, strength=1)
    assert tuple(whole[0, 0]) == FOR and tuple(whole[1, 0]) == (100, 100, 100)
    half = overlay_evidence(image, colours, strength=0.5)
    np.testing.assert_allclose(half[0, 0], (np.array(FOR) + 100) / 2, atol=1)
    with pytest.raises(ValueError, match="`strength`. Expected a number from 0 to 1"):
        overlay_evidence(image, colours, strength=1.2)
