"""The page: what it says, and that it is one safe, offline, repeatable file."""

import dataclasses
import html
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gandiag.detect.finding import Diagnosis, Evidence, Failure, Finding, Remedy, Status, Verdict
from gandiag.errors import GandiagError
from gandiag.recording import Recording
from gandiag.report import RunSection, write_overview, write_report
from tests.report.conftest import RUNS, Run

MakeRun = Callable[[str], Run]
PageOf = Callable[[str], Path]
HOSTILE = "<script>alert('$x_{$')</script>\n&\"' $\\frac$ 漢字 " + "long " * 200


def text_of(path: Path) -> str:
    """A page without its pictures, entities decoded."""
    return html.unescape(without_pictures(path))


def without_pictures(path: Path) -> str:
    return re.sub(r"base64,[A-Za-z0-9+/=]*", "", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "words", "icon"),
    [
        ("healthy", "Healthy", "healthy"),
        ("vanishing", "Vanishing gradients", "vanishing_gradients"),
        ("collapse", "Mode collapse", "mode_collapse"),
        ("diverging", "Non-convergence", "non_convergence"),
        ("points", "Healthy", "healthy"),
        ("empty", "Insufficient data", "insufficient_data"),
    ],
)
def test_the_first_screen_says_the_verdict_why_and_what_next(
    make_run: MakeRun, page_of: PageOf, name: str, words: str, icon: str
) -> None:
    run = make_run(name)
    page = text_of(page_of(name))
    banner = page[page.index('<section class="banner') : page.index("<nav")]
    assert f"<span>{words}</span>" in banner
    assert f'class="banner {icon}"' in banner
    assert run.diagnosis.why in banner
    assert "What next" in banner
    for remedy in run.diagnosis.main.remedies:
        assert remedy.action in banner
        assert remedy.reason in banner


@pytest.mark.parametrize("name", RUNS)
def test_every_threshold_stands_beside_its_source(make_run: MakeRun, page_of: PageOf, name: str) -> None:
    run = make_run(name)
    page = text_of(page_of(name))
    rows = re.findall(r"<tr class=\"(?:crossed|held|unmeasured)\">.*?</tr>", page, re.S)
    evidence = [one for finding in run.diagnosis.findings for one in finding.evidence]
    assert len(rows) == len(evidence)
    for one in evidence:
        assert any(one.signal in row and one.source in row and one.description in row for row in rows), one


def test_onset_kind_chips_and_abstentions_are_there(page_of: PageOf) -> None:
    page = text_of(page_of("collapse"))
    for part in (
        "<h1>The collapse run</h1>",
        "since iteration <b>1,150</b>",
        "<span>total</span>",
        "No fixed noise was fed to the generator",
        "optimizer.lr",
        "2.8.0",
        ">seed<",
        '"schema_version": 1',
    ):
        assert part in page


def test_all_four_statuses_are_told_in_words(page_of: PageOf) -> None:
    pages = text_of(page_of("vanishing")) + text_of(page_of("healthy"))
    for words in ("Fail", "Warn", "Pass", "Not enough data"):
        assert f"</svg>\n{words}</span>" in pages


def test_a_warning_beside_a_clean_verdict_brings_its_remedies(make_run: MakeRun, tmp_path: Path) -> None:
    recording, failed = make_run("collapse").recording, make_run("collapse").diagnosis
    warned = dataclasses.replace(failed.main, status=Status.WARN)
    diagnosis = dataclasses.replace(failed, verdict=Verdict.HEALTHY, findings=(warned, *failed.findings[1:]))
    page = text_of(write_report(recording, diagnosis, tmp_path / "report.html"))
    banner = page[page.index('<section class="banner') : page.index("</section>")]
    assert "There are signs of mode collapse." in banner
    assert warned.remedies[0].action in banner
    assert "1,150" not in banner


def test_an_open_verdict_says_why_it_is_open(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("vanishing")
    warned, undecided = run.diagnosis.findings[1:]
    diagnosis = Diagnosis(Verdict.INSUFFICIENT_DATA, (warned, undecided), 2000, {})
    page = text_of(write_report(run.recording, diagnosis, tmp_path / "report.html"))
    assert f'<p class="why">{undecided.reason}</p>' in page


def test_sections_come_in_their_order(page_of: PageOf) -> None:
    page = text_of(page_of("collapse"))
    names = [
        "verdict",
        "evidence",
        "samples",
        "classes",
        "gradients",
        "abstentions",
        "configuration",
        "thresholds",
        "raw",
    ]
    places = [page.index(f'id="{name}"') for name in names]
    assert places == sorted(places)


def test_what_is_not_there_is_said_in_a_sentence(page_of: PageOf) -> None:
    page = text_of(page_of("empty"))
    for sentence in ("holds no samples", "no histogram of classes", "holds no gradients", "holds no metadata"):
        assert sentence in page
    assert "<img" not in page


@pytest.mark.parametrize("name", RUNS)
def test_the_page_loads_nothing(page_of: PageOf, name: str) -> None:
    page = without_pictures(page_of(name))
    for tag in ("<script", "<link", "<iframe", "<object", "@import", "url(", "onload", "javascript:"):
        assert tag not in page
    sources = re.findall(r"(?:src|href|srcset|action)=\"([^\"]*)\"", page)
    assert all(source.startswith(("#", "data:image/png;")) for source in sources)
    assert "default-src 'none'" in page


def test_every_link_has_a_target_and_every_target_is_unique(make_run: MakeRun, page_of: PageOf, tmp_path: Path) -> None:
    run = make_run("diverging")
    sections = [RunSection(name, "", run.recording, run.diagnosis) for name in ("same name", "same name")]
    many = write_overview(sections, tmp_path / "overview.html", title="Runs", introduction="")
    for path in (many, *map(page_of, RUNS)):
        page = without_pictures(path)
        targets = re.findall(r" id=\"([^\"]*)\"", page)
        assert len(targets) == len(set(targets))
        assert set(re.findall(r"href=\"#([^\"]*)\"", page)) <= set(targets)


@pytest.mark.parametrize("name", ["collapse", "points", "empty"])
def test_the_same_input_gives_the_same_bytes(make_run: MakeRun, page_of: PageOf, tmp_path: Path, name: str) -> None:
    run = make_run(name)
    path = write_report(run.recording, run.diagnosis, tmp_path / "again.html", title=f"The {name} run")
    assert path.read_bytes() == page_of(name).read_bytes()


def test_a_long_run_stays_small(make_run: MakeRun, tmp_path: Path, rng: np.random.Generator) -> None:
    run = make_run("collapse")
    norms = np.exp(rng.standard_normal(300_000))
    steps = pd.DataFrame({"iteration": np.repeat(np.arange(150_000), 2), "network": ["D", "G"] * 150_000})
    recording = dataclasses.replace(
        run.recording,
        steps=steps.assign(grad_norm=norms),
        samples={at: rng.integers(0, 256, (256, 28, 28), dtype=np.uint8) for at in range(0, 2000, 100)},
        meta={"configuration": {f"key_{index}": "value" * 300 for index in range(3000)}},
    )
    path = write_report(recording, run.diagnosis, tmp_path / "report.html")
    assert path.stat().st_size < 3e6
    assert len(without_pictures(path)) < 1e6


def hostile_run(run: Run) -> Run:
    """The same run, all of its names hostile."""
    tables: dict[str, Any] = {
        name: run.recording.table(name).assign(network=lambda table: table["network"] + HOSTILE)
        for name in ("steps", "layers", "signal", "probes")
    }
    tables["layers"] = tables["layers"].assign(layer=lambda table: table["layer"] + HOSTILE)
    evidence = Evidence(f"steps.grad_norm[D{HOSTILE}]", HOSTILE, 2.0, ">", 1.0, HOSTILE)
    remedies = (Remedy(HOSTILE, HOSTILE),)
    finding = Finding(Failure.MODE_COLLAPSE, Status.FAIL, HOSTILE, HOSTILE, 5, (evidence,), remedies)
    meta = {HOSTILE: HOSTILE, "abstentions": {HOSTILE: HOSTILE}, "configuration": {HOSTILE: {HOSTILE: HOSTILE}}}
    recording = Recording(**tables, samples=run.recording.samples, meta=meta)
    return Run(recording, Diagnosis(Verdict.MODE_COLLAPSE, (finding,), 2000, {HOSTILE: HOSTILE}))


def test_hostile_names_are_escaped(make_run: MakeRun, tmp_path: Path) -> None:
    run = hostile_run(make_run("collapse"))
    one = write_report(run.recording, run.diagnosis, tmp_path / "report.html", title=HOSTILE)
    section = RunSection(HOSTILE, HOSTILE, run.recording, run.diagnosis)
    many = write_overview([section], tmp_path / "overview.html", title=HOSTILE, introduction=HOSTILE)
    for path in (one, many):
        page = without_pictures(path)
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        assert "alert('" not in page


def test_nothing_but_nan_and_infinity_still_makes_a_page(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("vanishing")
    for value in (np.nan, np.inf):
        tables: dict[str, Any] = {}
        for name in ("steps", "layers", "signal", "probes"):
            table = run.recording.table(name)
            numbers = table.select_dtypes("number").columns.difference(["iteration"])
            tables[name] = table.assign(**dict.fromkeys(numbers, value))
        samples = {0: np.full((50, 2), value, np.float32)}
        write_report(Recording(**tables, samples=samples), run.diagnosis, tmp_path / "report.html")


def test_one_row_of_each_table_makes_a_page(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("healthy")
    tables: dict[str, Any] = {
        name: run.recording.table(name).head(1) for name in ("steps", "layers", "signal", "probes")
    }
    recording = Recording(**tables, samples={3: np.zeros((1, 28, 28, 3), np.uint8)})
    page = text_of(write_report(recording, run.diagnosis, tmp_path / "report.html"))
    assert "1 probe<" in page
    assert "Only sample" in page
    assert "Classes over time" in page


def test_tables_without_their_columns_make_a_page(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("collapse")
    bare = pd.DataFrame({"something": [1.0, 2.0]})
    samples: dict[int, Any] = {0: np.zeros((3, 5)), 1: np.zeros((0, 28, 28), np.uint8), 2: np.array(["a"])}
    write_report(Recording(bare, bare, bare, bare, samples), run.diagnosis, tmp_path / "report.html")


def test_huge_zero_and_negative_values_are_drawn(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("diverging")
    for norms in ([1e308, 1e-308, 0.0, 1.0], [0.0, 0.0], [-1.0, 5.0, 1e30], [1e-320, 1e-310]):
        steps = pd.DataFrame({"iteration": range(len(norms)), "network": "D", "grad_norm": norms})
        write_report(Recording(steps=steps), run.diagnosis, tmp_path / "report.html")


@pytest.mark.parametrize("names", [["G"], ["D.a", "D.b", "G.ab", "G.ba"]])
def test_one_to_four_networks_are_drawn(make_run: MakeRun, tmp_path: Path, names: list[str]) -> None:
    run = make_run("healthy")
    parts: dict[str, Any] = {
        table: pd.concat([run.recording.table(table).head(400).assign(network=name) for name in names])
        for table in ("steps", "layers", "signal", "probes")
    }
    page = text_of(write_report(Recording(**parts), run.diagnosis, tmp_path / "report.html"))
    assert all(f"Layers of {name}" in page for name in names)
    assert page.count("<strong>Learning signal of") == len(names)


def test_a_diagnosis_without_findings_makes_a_page(tmp_path: Path) -> None:
    diagnosis = Diagnosis(Verdict.INSUFFICIENT_DATA, (), 0, {})
    assert "Insufficient data" in text_of(write_report(Recording(), diagnosis, tmp_path / "report.html"))


def test_what_becomes_of_the_inputs_stands_beside_the_verdict(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("healthy")
    recording = dataclasses.replace(
        run.recording,
        probes=run.recording.probes.assign(fidelity_class_3=0.9, sensitivity_0=0.012),
        meta={**run.recording.meta, "inputs": {"G": {"0": {"kind": "noise", "classes": None}}}},
    )
    finding = Finding(
        Failure.INPUTS, Status.WARN, "The generator ignores its noise.", "noise_ignored", 0, (), (Remedy("Do", "so"),)
    )
    page = write_report(
        recording, dataclasses.replace(run.diagnosis, inputs=(finding,)), tmp_path / "r.html"
    ).read_text()
    assert "What becomes of the inputs" in page
    assert "noise ignored</strong> The generator ignores its noise. <b>Do.</b>" in page
    assert "G, input 0 (noise)" in page
    assert "0.012" in page
    assert "Shown as asked" in page
    plain = write_report(make_run("vanishing").recording, make_run("vanishing").diagnosis, tmp_path / "p.html")
    assert "What becomes of the inputs" not in plain.read_text()


def test_a_folder_that_is_not_there_is_made(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("empty")
    path = write_report(run.recording, run.diagnosis, str(tmp_path / "a" / "b" / "report.html"))
    assert path == tmp_path / "a" / "b" / "report.html"
    assert path.exists()
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]


@pytest.mark.parametrize("place", ["file/report.html", "", "folder", "nul\0l.html"])
def test_a_path_that_cannot_be_written_is_one_clear_sentence(make_run: MakeRun, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    run = make_run("empty")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(GandiagError, match=r"cannot be written \(.+\); choose a path in a folder you may write to\.$"):
        write_report(run.recording, run.diagnosis, tmp_path / place)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_user_s_style_of_plots_is_neither_used_nor_changed(
    make_run: MakeRun, page_of: PageOf, tmp_path: Path
) -> None:
    import matplotlib

    run = make_run("vanishing")
    with matplotlib.rc_context({"lines.linewidth": 9.0, "axes.facecolor": "black", "font.size": 30.0}):
        path = write_report(run.recording, run.diagnosis, tmp_path / "dark.html", title="The vanishing run")
        assert matplotlib.rcParams["font.size"] == 30.0
    assert path.read_bytes() == page_of("vanishing").read_bytes()


def test_an_overview_compares_the_runs_and_holds_them_in_full(make_run: MakeRun, tmp_path: Path) -> None:
    sections = []
    for name in ("vanishing", "collapse", "diverging", "empty"):
        run = make_run(name)
        sections.append(RunSection(f"run {name}", f"what was set: {name}", run.recording, run.diagnosis))
    path = write_overview(sections, tmp_path / "o.html", title="All", introduction="First.\n\nSecond.")
    page = text_of(path)
    table = page[page.index('<table class="overview">') : page.index("</table>")]
    assert '<p class="introduction">First.</p>' in page
    assert '<p class="introduction">Second.</p>' in page
    for index, section in enumerate(sections, start=1):
        assert f'<a href="#run-{index}">{section.name}</a>' in table
        assert section.description in table
        assert f'<article id="run-{index}">' in page
    assert "<b>0.0612 < 0.3</b>" in table
    assert "1,150" in table
    assert "saturated discriminator" in table
    assert table.count("<img") == 2
    assert table.count("no samples") == 2


def test_an_overview_of_no_runs_says_so(tmp_path: Path) -> None:
    assert "There are no runs" in text_of(write_overview([], tmp_path / "o.html", title="None", introduction=""))


def test_importing_the_report_does_not_import_torch_or_pyplot() -> None:
    code = "import gandiag.report, sys; assert not {'torch', 'matplotlib.pyplot'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
