"""A recording and its diagnosis, drawn and written: one offline HTML page, or PNG figures."""

from gandiag.report.figures import class_figure as class_figure
from gandiag.report.figures import evidence_figure as evidence_figure
from gandiag.report.figures import gradient_figure as gradient_figure
from gandiag.report.figures import sample_figure as sample_figure
from gandiag.report.figures import save_figures as save_figures
from gandiag.report.overview import RunSection as RunSection
from gandiag.report.overview import write_overview as write_overview
from gandiag.report.page import write_report as write_report
