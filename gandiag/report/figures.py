"""The figures of a run: recording and diagnosis in, matplotlib figures or PNG files out."""

from pathlib import Path

from matplotlib.figure import Figure

from gandiag.detect.finding import Diagnosis
from gandiag.recording import Recording
from gandiag.report import canvas
from gandiag.report.class_charts import class_chart
from gandiag.report.evidence_charts import evidence_grid
from gandiag.report.gradient_charts import gradient_charts, line_charts
from gandiag.report.output import write_output
from gandiag.report.panels import class_shares, evidence_panels, moments
from gandiag.report.sample_pictures import samples_side_by_side
from gandiag.report.wording import onset


def evidence_figure(recording: Recording, diagnosis: Diagnosis) -> Figure | None:
    """Each piece of evidence against the iteration, with its threshold and the onset.

    Args:
        recording: The run.
        diagnosis: Its diagnosis.

    Returns:
        Small multiples, what crossed its threshold first; ``None`` where the recording has none of the signals.
    """
    panels = [panel for finding in diagnosis.findings for panel in evidence_panels(recording, finding)]
    drawable = sorted((one for one in panels if not one.curve.empty), key=lambda one: not one.evidence.crossed)
    return evidence_grid(drawable) if drawable else None


def class_figure(recording: Recording, diagnosis: Diagnosis) -> Figure | None:
    """How the samples fell into classes over time; ``None`` where no judge named classes."""
    histories = class_shares(recording)
    return class_chart(histories, onset(diagnosis)) if histories else None


def gradient_figure(recording: Recording, diagnosis: Diagnosis) -> Figure | None:
    """Gradient norms by network and by layer, and the generator's learning signal; ``None`` where there are none."""
    charts = gradient_charts(recording)
    return line_charts(charts, onset(diagnosis)) if charts else None


def sample_figure(recording: Recording, diagnosis: Diagnosis) -> Figure | None:
    """Samples at the start, at the onset or else the middle, and at the end; ``None`` where there are none."""
    return samples_side_by_side(moments(recording, diagnosis))


def save_figures(recording: Recording, diagnosis: Diagnosis, directory: str | Path) -> list[Path]:
    """Write ``evidence.png``, ``classes.png``, ``samples.png`` and ``gradients.png``.

    Args:
        recording: The run.
        diagnosis: Its diagnosis.
        directory: Where to write; made if absent.

    Returns:
        The files written; a figure for which the recording has no data is left out.

    Raises:
        GandiagError: If a file cannot be written.
    """
    figures = {
        "evidence.png": evidence_figure(recording, diagnosis),
        "classes.png": class_figure(recording, diagnosis),
        "samples.png": sample_figure(recording, diagnosis),
        "gradients.png": gradient_figure(recording, diagnosis),
    }
    return [
        write_output(Path(directory) / name, canvas.png(figure))
        for name, figure in figures.items()
        if figure is not None
    ]
