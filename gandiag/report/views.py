"""What the templates are given: every number worded, every picture drawn, no logic left to do."""

import base64
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gandiag.detect.finding import Diagnosis, Evidence, Finding, Remedy
from gandiag.recording import Recording
from gandiag.report import canvas, tables, wording
from gandiag.report.class_charts import class_chart
from gandiag.report.evidence_charts import evidence_chart
from gandiag.report.gradient_charts import gradient_charts, line_chart
from gandiag.report.panels import EvidencePanel, class_shares, evidence_panels, last_inputs, moments, networks
from gandiag.report.sample_pictures import is_points, point_limits, sample_png


@dataclass(frozen=True)
class Picture:
    """A picture inside the page, with what stands above and below it."""

    uri: str
    alt: str
    title: str = ""
    caption: str = ""
    note: str = ""
    crossed: bool = False


@dataclass(frozen=True)
class EvidenceRow:
    """One line of the table of evidence."""

    description: str
    signal: str
    value: str
    relation: str
    threshold: str
    source: str
    crossed: bool
    measured: bool


@dataclass(frozen=True)
class FindingView:
    """One failure: its chip on the first screen, and its evidence below."""

    anchor: str
    name: str
    status: str
    status_word: str
    kind: str | None
    onset: str | None
    reason: str
    rows: list[EvidenceRow]
    pictures: list[Picture]
    not_drawn: list[str]
    remedies: tuple[Remedy, ...]


@dataclass(frozen=True)
class RunView:
    """All that a page says about one run."""

    anchor: str
    verdict: str
    verdict_word: str
    kind: str | None
    onset: str | None
    why: str
    facts: list[str]
    deciding: list[tuple[str, str]]
    findings: list[FindingView]
    wiring: list[FindingView]
    inputs: list[FindingView]
    remedies: tuple[Remedy, ...]
    warning: str | None
    samples: list[Picture]
    classes: Picture | None
    fidelity: Picture | None
    sensitivities: list[tuple[str, str]]
    gradients: list[Picture]
    abstentions: list[tuple[str, str]]
    meta: list[tuple[str, list[tuple[str, str]]]]
    policy: list[tuple[str, str, str]]
    policy_has_sources: bool = field(default=False)
    raw: str = ""


def picture(content: bytes, alt: str, **words: Any) -> Picture:
    """A PNG as part of the page."""
    return Picture(
        "data:image/png;base64," + base64.b64encode(content).decode("ascii"), wording.shorten(alt, 200), **words
    )


def run_view(recording: Recording, diagnosis: Diagnosis, anchor: str) -> RunView:
    """Prepare one run for the page; ``anchor`` begins all its link targets."""
    main = wording.main_finding(diagnosis)
    since = wording.onset(diagnosis)
    policy = tables.policy_rows(diagnosis.policy)
    return RunView(
        anchor=anchor,
        verdict=diagnosis.verdict.value,
        verdict_word=wording.VERDICT_WORDS[diagnosis.verdict],
        kind=wording.kind(diagnosis),
        onset=None if since is None else wording.count(since),
        why=wording.why(diagnosis),
        facts=_facts(recording, diagnosis),
        deciding=[(one.description, wording.comparison(one)) for one in wording.deciding(diagnosis)],
        findings=[
            _finding_view(recording, finding, f"{anchor}evidence-{index}")
            for index, finding in enumerate(diagnosis.findings, start=1)
        ],
        wiring=[_finding_view(recording, finding, f"{anchor}wiring") for finding in diagnosis.wiring],
        inputs=[_finding_view(recording, finding, f"{anchor}inputs") for finding in diagnosis.inputs],
        remedies=main.remedies if main else (),
        warning=wording.warning(diagnosis),
        samples=_samples(recording, diagnosis),
        classes=_classes(recording, since),
        fidelity=_fidelity(recording, since),
        sensitivities=[
            (f"{row.network}, input {row.name} ({row.kind})", wording.number(row.sensitivity))
            for row in last_inputs(recording)
        ],
        gradients=_gradients(recording, since),
        abstentions=tables.abstention_rows(recording.meta.get("abstentions")),
        meta=tables.meta_tables(recording.meta),
        policy=policy,
        policy_has_sources=any(source for _, _, source in policy),
        raw=tables.pretty_json(diagnosis.to_dict()),
    )


def _facts(recording: Recording, diagnosis: Diagnosis) -> list[str]:
    """The run in a few words."""
    names = networks(recording.steps)
    steps = "generator step" if diagnosis.iterations == 1 else "generator steps"
    facts = [f"{wording.count(diagnosis.iterations)} {steps}"]
    if names:
        listed = ", ".join(wording.shorten(name, 24) for name in names[:6]) + (" …" if len(names) > 6 else "")
        facts.append(f"{'network' if len(names) == 1 else 'networks'} {listed}")
    if len(recording.probes):
        probes = recording.probes["iteration"].nunique() if "iteration" in recording.probes else len(recording.probes)
        facts.append(f"{wording.count(probes)} {'probe' if probes == 1 else 'probes'}")
    if diagnosis.confidence is not None:
        facts.append(f"confidence {diagnosis.confidence:.2f}")
    return facts


def _finding_view(recording: Recording, finding: Finding, anchor: str) -> FindingView:
    panels = evidence_panels(recording, finding)
    return FindingView(
        anchor=anchor,
        name=wording.FAILURE_WORDS[finding.failure],
        status=finding.status.value,
        status_word=wording.STATUS_WORDS[finding.status],
        kind=wording.plain(finding.kind) if finding.kind else None,
        onset=None if finding.onset is None else wording.count(finding.onset),
        reason=finding.reason,
        rows=[_evidence_row(panel.evidence) for panel in panels],
        pictures=[_evidence_picture(panel) for panel in panels if not panel.curve.empty],
        not_drawn=[panel.evidence.description for panel in panels if panel.curve.empty],
        remedies=finding.remedies,
    )


def _evidence_row(evidence: Evidence) -> EvidenceRow:
    return EvidenceRow(
        description=evidence.description,
        signal=evidence.signal,
        value=wording.number(evidence.value),
        relation=wording.relation(evidence),
        threshold=wording.number(evidence.threshold),
        source=evidence.source,
        crossed=evidence.crossed,
        measured=not math.isnan(evidence.value),
    )


def _evidence_picture(panel: EvidencePanel) -> Picture:
    evidence = panel.evidence
    compared = wording.comparison(evidence)
    alt = f"{evidence.description} against the iteration: {compared}"
    content = canvas.png(evidence_chart(panel))
    caption = (
        "" if panel.on_scale else "The value is derived from this series; its threshold has no place on this scale."
    )
    words = {"title": evidence.description, "note": compared, "caption": caption}
    return picture(content, alt, crossed=evidence.crossed, **words)


def _samples(recording: Recording, diagnosis: Diagnosis) -> list[Picture]:
    chosen = moments(recording, diagnosis)
    clouds = [one.samples for one in chosen if is_points(one.samples)]
    limits = point_limits(clouds) if clouds else None
    pictures = []
    for one in chosen:
        content = sample_png(one.samples, limits)
        if content is not None:
            where = f"iteration {wording.count(one.iteration)}"
            pictures.append(picture(content, f"Samples, {one.label}, {where}", title=one.label, note=where))
    return pictures


def thumbnail(recording: Recording) -> Picture | None:
    """The last samples, small."""
    drawable = [iteration for iteration, samples in recording.samples.items() if np.size(samples)]
    content = sample_png(recording.samples[max(drawable)], small=True) if drawable else None
    return None if content is None else picture(content, f"Samples at iteration {wording.count(max(drawable))}")


def _classes(recording: Recording, onset: int | None) -> Picture | None:
    histories = class_shares(recording)
    if not histories:
        return None
    caption = "A row for each class, a column for each probe: a row that stays white is a class never made."
    alt = f"Class shares over {len(histories[0].iterations)} probes"
    return picture(canvas.png(class_chart(histories, onset)), alt, caption=caption)


def _fidelity(recording: Recording, onset: int | None) -> Picture | None:
    histories = class_shares(recording, "fidelity_class")
    if not histories:
        return None
    caption = "A row for each class asked for: the share of its samples that the judge takes for it."
    alt = f"Share of samples as asked over {len(histories[0].iterations)} probes"
    return picture(canvas.png(class_chart(histories, onset)), alt, title="Shown as asked", caption=caption)


def _gradients(recording: Recording, onset: int | None) -> list[Picture]:
    return [
        picture(canvas.png(line_chart(chart, onset)), chart.title, title=chart.title, caption=chart.caption)
        for chart in gradient_charts(recording)
    ]
