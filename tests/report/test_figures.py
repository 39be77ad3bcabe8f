"""The figures: drawn where there is data, left out where there is none, and saved as PNG."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from gandiag.detect.finding import Diagnosis
from gandiag.errors import GandiagError
from gandiag.recording import Recording
from gandiag.report import class_figure, evidence_figure, gradient_figure, sample_figure, save_figures
from gandiag.report.canvas import png
from gandiag.report.sample_pictures import grid, point_limits, sample_png
from tests.report.conftest import RUNS, Run

MakeRun = Callable[[str], Run]
Draw = Callable[[Recording, Diagnosis], Figure | None]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("healthy", {"evidence", "classes", "samples", "gradients"}),
        ("vanishing", {"evidence", "samples", "gradients"}),
        ("diverging", {"evidence", "gradients"}),
        ("points", {"evidence", "samples", "gradients"}),
        ("empty", set()),
    ],
)
def test_figures_are_saved_where_there_is_data(
    make_run: MakeRun, tmp_path: Path, name: str, expected: set[str]
) -> None:
    run = make_run(name)
    paths = save_figures(run.recording, run.diagnosis, tmp_path / "figures")
    assert {path.name for path in paths} == {f"{one}.png" for one in expected}
    for path in paths:
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert not picture.info.get("Software")
            shades = np.asarray(picture.convert("L"))
            assert shades.min() < 128 < shades.max()
    twin = RUNS[name](np.random.default_rng(0))
    for table in ("steps", "layers", "signal", "probes"):
        assert run.recording.table(table).equals(twin.recording.table(table)), "drawing changed the recording"


def test_saving_where_a_file_lies_is_an_error_of_the_user(make_run: MakeRun, tmp_path: Path) -> None:
    (tmp_path / "figures").write_text("in the way")
    run = make_run("vanishing")
    with pytest.raises(GandiagError, match="cannot be written"):
        save_figures(run.recording, run.diagnosis, tmp_path / "figures")


def test_threshold_and_onset_are_drawn_and_labelled(make_run: MakeRun) -> None:
    run = make_run("collapse")
    figure = evidence_figure(run.recording, run.diagnosis)
    assert figure is not None
    words = {text.get_text() for text in figure.axes[0].texts}
    assert {"threshold 0.3, fails below", "onset"} <= words
    lines = [np.unique(line.get_xdata()).tolist() for line in figure.axes[0].lines]
    assert [1150.0] in lines
    assert "0.0612 < 0.3" in figure.axes[0].get_title(loc="left")


def test_a_threshold_that_is_not_on_the_scale_of_the_series_is_not_drawn(make_run: MakeRun) -> None:
    run = make_run("collapse")
    derived = replace(run.diagnosis.main.evidence[0], value=7.0, threshold=5.0, comparison=">")
    finding = replace(run.diagnosis.main, evidence=(derived,))
    figure = evidence_figure(run.recording, replace(run.diagnosis, findings=(finding,)))
    assert figure is not None
    assert not any("threshold" in text.get_text() for text in figure.axes[0].texts)
    assert figure.axes[0].get_ylim()[1] < 2


def test_what_crossed_its_threshold_is_drawn_first(make_run: MakeRun) -> None:
    run = make_run("diverging")
    figure = evidence_figure(run.recording, run.diagnosis)
    assert figure is not None
    assert "∞ > 50" in figure.axes[0].get_title(loc="left")


def test_infinite_values_are_marked(make_run: MakeRun) -> None:
    run = make_run("diverging")
    figure = gradient_figure(run.recording, run.diagnosis)
    assert figure is not None
    assert "× not finite (49)" in {text.get_text() for text in figure.axes[0].texts}


def test_wide_ranges_are_drawn_on_a_log_scale(make_run: MakeRun) -> None:
    run = make_run("vanishing")
    figure = evidence_figure(run.recording, run.diagnosis)
    assert figure is not None
    assert [axes.get_yscale() for axes in figure.axes] == ["log", "linear", "linear", "linear"]


@pytest.mark.parametrize("draw", [evidence_figure, class_figure, sample_figure])
def test_figures_come_out_the_same_each_time(make_run: MakeRun, draw: Draw) -> None:
    run = make_run("collapse")
    finding = replace(run.diagnosis.main, evidence=run.diagnosis.main.evidence[:1])
    diagnosis = replace(run.diagnosis, findings=(finding,))
    first, second = draw(run.recording, diagnosis), draw(run.recording, diagnosis)
    assert first is not None
    assert second is not None
    assert png(first) == png(second)


@pytest.mark.parametrize(
    "shape", [(1, 28, 28), (7, 28, 28), (64, 28, 28, 3), (3, 8, 8, 1), (12, 64, 32, 3), (2, 600, 400), (1, 1, 1)]
)
def test_grids_of_any_shape_are_pictures(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for small in (False, True):
        picture = grid(images, small=small)
        assert picture.dtype == np.uint8
        assert max(picture.shape[:2]) <= 560
        assert sample_png(images, small=small)


def test_a_grid_shows_the_images_themselves() -> None:
    images = np.arange(4, dtype=np.uint8).repeat(28 * 28).reshape(4, 28, 28)
    picture = grid(images)
    height = (picture.shape[0] - 2) // 2
    assert [picture[0, 0], picture[0, -1], picture[-1, 0], picture[-1, -1]] == [0, 1, 2, 3]
    assert (picture[height] == 255).all()


def test_one_far_point_does_not_shrink_the_others() -> None:
    points = np.random.default_rng(0).standard_normal((5000, 2))
    points[0] = 1e6
    (left, right), (bottom, top) = point_limits([points])
    assert right - left < 12
    assert right - left == pytest.approx(top - bottom)


def test_samples_of_an_unknown_kind_are_left_out(make_run: MakeRun) -> None:
    diagnosis = make_run("healthy").diagnosis
    recording = Recording(samples={0: np.zeros((4, 7))})
    assert sample_figure(recording, diagnosis) is None
    assert sample_png(recording.samples[0]) is None
