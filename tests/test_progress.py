from kerasmedgan.study.progress import Progress


class Clock:
    """Counts the seconds that a test says have passed."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def run(progress, clock, kind, seconds):
    line = progress.begin(kind)
    clock.now += seconds
    progress.end(kind)
    return line


def test_time_left_is_that_of_all_kinds():
    clock = Clock()
    progress = Progress({"GAN": 2, "cell": 4}, clock=clock)
    assert run(progress, clock, "cell", 60).startswith("cell 1 of 4, time left is known after")
    assert run(progress, clock, "GAN", 600).startswith("GAN 1 of 2, time left is known after")
    # One GAN of ten minutes and three cells of one.
    assert run(progress, clock, "cell", 120) == "cell 2 of 4, about 13 min left"
    # Two cells of a minute and a half.
    assert run(progress, clock, "GAN", 600) == "GAN 2 of 2, about 13 min left"
    assert run(progress, clock, "cell", 90) == "cell 3 of 4, about 3 min left"


def test_finished_pieces_count_and_teach_nothing():
    clock = Clock()
    progress = Progress({"cell": 3}, clock=clock)
    progress.begin("cell")
    progress.end("cell", measured=False)
    assert run(progress, clock, "cell", 30).startswith("cell 2 of 3, time left is known")
    assert progress.begin("cell") == "cell 3 of 3, less than a minute left"
