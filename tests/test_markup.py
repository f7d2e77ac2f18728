import numpy as np
import pytest

from kerasmedgan.app import markup

HOSTILE = "</td><script>alert(1)</script>${alert(2)}{{constructor}}`'\""


def test_hostile_names_are_nothing_but_text():
    pieces = (
        markup.escape(HOSTILE),
        markup.table([HOSTILE, HOSTILE], [[HOSTILE, HOSTILE]], caption=HOSTILE),
        markup.notice(HOSTILE),
        markup.paragraphs(HOSTILE),
        markup.bullet_list([HOSTILE]),
        markup.download_link(b"x", HOSTILE, "text/csv", HOSTILE),
        markup.image_of(np.zeros((2, 2, 1), np.uint8), HOSTILE),
    )
    for piece in pieces:
        assert "<script" not in piece and "${" not in piece and "{{" not in piece
        assert "`" not in piece


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="zip"):
        markup.table(["a", "b"], [["1", "2", "3"]])
