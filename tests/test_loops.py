"""Training scripts in many hands' styles, watched through ``attach`` and through ``gandiag run``.

The scripts in ``tests/loops`` are ordinary ones; comments mark where the networks are ready (``attach``), where the
discriminator's logits and the generator's loss are at hand (``logits``, ``signal``), and the number of rounds. As they
are, they run under ``gandiag run``. For ``attach``, the comments become calls that attach a monitor and that compute
what it should record in another way: by autograd on the script's own tensors, and in float64.
"""

import contextlib
import io
import math
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook

import gandiag
from gandiag.cli import run as command
from gandiag.cli.program import Program
from gandiag.recording import Recording

LOOPS = Path(__file__).parent / "loops"
NOT_GANS = {"conftest.py", "no_gan.py", "beside_data.py", "beside_nets.py"}
SCRIPTS = sorted(str(p.relative_to(LOOPS)) for p in LOOPS.rglob("*.py") if p.name not in NOT_GANS)
RAISING = ("raises.py", "raising_script.py")
LOGITS_UNKNOWABLE = {"through_numpy.py": "generated samples take a way that nobody can follow"}
SQUASHED = {  # their discriminators end in a sigmoid
    "acgan.py", "dataloader_script.py", "dcgan_official.py", "generator_step_first.py", "lecture_labels.py",
    "lsgan_sigmoid.py", "retain_graph.py", "sgd_momentum.py",
}  # fmt: skip
MARK = re.compile(r"^( *)# --- (attach|logits|signal): (.*)$", re.MULTILINE)
ROUNDS = re.compile(r"(\d+)(\D*# --- rounds)$", re.MULTILINE)
LEAST_STEPS = 200
OTHER_LOSSES = ("cyclegan_small.py", "pix2pix_small.py")  # beside the discriminator's, at the generator's samples
INPUTS = {
    "acgan.py": {"0": "noise", "1": "label"},
    "conditional.py": {"0": "noise", "1": "label"},
    "conditional_projection.py": {"0": "noise", "1": "label"},
    "infogan.py": {"0": "noise", "1": "label", "2": "noise"},
    "wgan_gp.py": {"0": "noise"},
}

pytestmark = [
    pytest.mark.filterwarnings("ignore::gandiag.errors.GandiagWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # the scripts' own
]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks as small as these are slower on several."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def source(script: str, marked: bool, longer: int = 1) -> str:
    """The script's text; ``marked`` turns its marks into calls, ``longer`` multiplies its rounds."""
    text = (LOOPS / script).read_text()
    text = ROUNDS.sub(lambda found: f"{int(found[1]) * longer}{found[2]}", text)
    return MARK.sub(lambda found: f"{found[1]}MARK.{found[2]}({found[3].replace('|', ',')})", text) if marked else text


@dataclass
class Marks:
    """What a script's marks call: attaches a monitor, if there shall be one, and keeps the truth."""

    watch: bool = False
    measure: bool = False
    squashed: bool = False
    networks: dict[str, nn.Module] = field(default_factory=dict)
    monitor: gandiag.Monitor | None = None
    norms: dict[str, list[float]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    _logits: dict[str, tuple[float, float]] = field(default_factory=dict)
    _signal: dict[str, float] = field(default_factory=dict)

    def attach(self, generator: Any, discriminator: Any) -> None:
        self.networks = {**_labelled("G", generator), **_labelled("D", discriminator)}
        self.norms = {label: [] for label in self.networks}
        if self.watch:
            self.monitor = gandiag.attach(generator, discriminator, on_alarm="ignore", every=50)

    def logits(self, real: Any, fake: Any) -> None:
        real, fake = (value if isinstance(value, dict) else {"": value} for value in (real, fake))
        self._logits = {name: (self._mean(real[name]), self._mean(fake[name])) for name in real}

    def _mean(self, outputs: Tensor) -> float:
        outputs = outputs.detach().double()
        return float((outputs.logit() if self.squashed else outputs).mean())

    def signal(self, loss: Tensor, fake: Any) -> None:
        if not self.measure:
            return
        samples = fake if isinstance(fake, dict) else {"": fake}
        gradients = torch.autograd.grad(loss, list(samples.values()), retain_graph=True)
        self._signal = {
            name: float((gradient.double().flatten(1).norm(dim=1) * len(gradient)).median())
            for name, gradient in zip(samples, gradients, strict=True)
        }

    def before_step(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Gradients as the optimizer will apply them; within a closure they come into being."""
        if not self.measure:
            return None
        closure = args[1] if len(args) > 1 else kwargs.get("closure")
        if closure is None:
            self._read(optimizer)
            return None
        seen: list[bool] = []

        def measured() -> Any:
            before = dict(self._logits)
            loss = closure()
            if seen:
                self._logits = before  # what the step began with counts
            else:
                self._read(optimizer)
            seen.append(True)
            return loss

        return (args[0], measured), {}

    def _read(self, optimizer: Optimizer) -> None:
        owned = {id(p) for group in optimizer.param_groups for p in group["params"]}
        scale = getattr(optimizer, "grad_scale", None)
        divisor = 1.0 if scale is None else float(scale)
        for label, network in self.networks.items():
            gradients = [p.grad for p in network.parameters() if id(p) in owned and p.grad is not None]
            if gradients:
                squares = sum(float((gradient.double() / divisor).square().sum()) for gradient in gradients)
                self.norms[label].append(math.sqrt(squares))
            if gradients and label.startswith("G") and self._signal:
                self._close(label.removeprefix("G").removeprefix("."))

    def _close(self, name: str) -> None:
        real, fake = self._logits.pop(name, (math.nan, math.nan))
        self.rows.append({"network": name, "grad_norm": self._signal.pop(name), "real": real, "fake": fake})


def _labelled(letter: str, modules: Any) -> dict[str, nn.Module]:
    return {f"{letter}.{n}": m for n, m in modules.items()} if isinstance(modules, dict) else {letter: modules}


@contextlib.contextmanager
def as_main_script(script: str) -> Iterator[io.StringIO]:
    """The surroundings of a script that python runs, and what it prints."""
    argv, path, known = sys.argv, sys.path[:], set(sys.modules)
    deterministic = torch.are_deterministic_algorithms_enabled()
    sys.argv, sys.path[:0] = [script], [str((LOOPS / script).parent)]
    printed = io.StringIO()
    random.seed(5), np.random.seed(5), torch.manual_seed(5)
    try:
        with contextlib.redirect_stdout(printed):
            yield printed
    finally:
        sys.argv, sys.path[:] = argv, path
        torch.use_deterministic_algorithms(deterministic)
        for name in [name for name in sys.modules if name.startswith("beside_") and name not in known]:
            del sys.modules[name]


def play(script: str, marks: Marks, longer: int = 1) -> Marks:
    """Run a script with its marks as calls."""
    text = source(script, marked=True, longer=longer)
    marks.squashed = script in SQUASHED
    handle = register_optimizer_step_pre_hook(marks.before_step)
    ends = SystemExit if script not in RAISING else (SystemExit, RuntimeError)
    with as_main_script(script), contextlib.suppress(ends):
        try:
            exec(compile(text, script, "exec"), {"__name__": "__main__", "MARK": marks})
        finally:
            handle.remove()
    if marks.monitor is not None:
        marks.monitor.close()
    return marks


def steps_of_generators(recording: Recording) -> int:
    return int(recording.steps["network"].str.startswith("G").sum())


@pytest.fixture(scope="module", params=SCRIPTS)
def script(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def attached(script: str) -> Marks:
    return play(script, Marks(watch=True, measure=True))


def test_norms_are_those_that_the_optimizer_applied(attached: Marks) -> None:
    recording = attached.monitor.recording
    assert not {"steps", "layers", "signal"} & recording.meta["abstentions"].keys(), recording.meta["abstentions"]
    for label, norms in attached.norms.items():
        assert len(norms) > 5
        recorded = recording.series(f"steps.grad_norm[{label}]")
        np.testing.assert_allclose(recorded, norms, rtol=1e-5)
        layers = recording.layers[recording.layers["network"] == label]
        step = layers.groupby("layer").cumcount()
        by_layer = np.sqrt(layers["grad_norm"].pow(2).groupby(step).sum())
        np.testing.assert_allclose(by_layer, norms, rtol=1e-5)


def test_the_learning_signal_is_autograds(attached: Marks) -> None:
    truth = pd.DataFrame(attached.rows)
    table = attached.monitor.recording.signal
    for name, rows in truth.groupby("network"):
        recorded = table[table["network"] == ("G." + name if name else "G")]
        np.testing.assert_allclose(recorded["grad_norm"], rows["grad_norm"], rtol=1e-4)


def test_logits_are_told_apart_or_nothing_is_said(script: str, attached: Marks) -> None:
    truth = pd.DataFrame(attached.rows)
    table = attached.monitor.recording.signal
    if script in LOGITS_UNKNOWABLE:
        assert table[["logit_real", "logit_fake", "accuracy"]].isna().all(axis=None)
        assert "told apart" in attached.monitor.recording.meta["abstentions"]["signal.logit_real"]
        return
    for name, rows in truth.groupby("network"):
        recorded = table[table["network"] == ("G." + name if name else "G")]
        for column, expected in (("logit_real", rows["real"]), ("logit_fake", rows["fake"])):
            known = recorded[column].notna().to_numpy() & expected.notna().to_numpy()
            assert known.sum() >= 0.9 * expected.notna().sum()
            np.testing.assert_allclose(recorded[column][known], expected[known], rtol=1e-3, atol=1e-6)


def test_the_discriminator_has_all_of_the_say_where_there_is_no_other_loss(script: str, attached: Marks) -> None:
    shares = attached.monitor.recording.signal["adversarial_share"].dropna()
    assert len(shares) >= 4
    if script in OTHER_LOSSES:
        assert shares.between(1e-4, 0.5).all()
    else:
        assert (shares == 1).all()


@pytest.mark.parametrize("conditional", INPUTS)
def test_what_the_generator_is_fed_is_recognised(conditional: str) -> None:
    recording = play(conditional, Marks(watch=True), longer=4).monitor.recording
    assert {name: one["kind"] for name, one in recording.meta["inputs"]["G"].items()} == INPUTS[conditional]
    if len(INPUTS[conditional]) > 1:
        for name in INPUTS[conditional]:
            assert recording.series(f"probes.sensitivity_{name}[G]").between(0.01, 1.5).all()


def test_parameters_buffers_and_random_states_are_bit_identical(script: str, attached: Marks) -> None:
    factor = math.ceil(LEAST_STEPS / (steps_of_generators(attached.monitor.recording) - 1))
    outcomes = []
    for marks in (Marks(), Marks(watch=True)):
        played = play(script, marks, longer=factor)
        state = {f"{n}.{k}": v for n, m in played.networks.items() for k, v in m.state_dict().items()}
        outcomes.append((state, (random.random(), float(np.random.random()), float(torch.rand(())))))
    assert steps_of_generators(played.monitor.recording) >= LEAST_STEPS
    assert len(played.monitor.recording.probes) >= 4
    (plain, plain_streams), (watched, watched_streams) = outcomes
    assert [name for name in plain if not _identical(plain[name], watched[name])] == []
    assert plain_streams == watched_streams


def _identical(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool(((one == other) | (one.isnan() & other.isnan())).all())


def run_plainly(script: str) -> tuple[str, Any]:
    """What it prints and ends with under python."""
    with as_main_script(script) as printed:
        try:
            exec(compile(source(script, marked=False), script, "exec"), {"__name__": "__main__"})
        except SystemExit as ending:
            return printed.getvalue(), ending.code
        except RuntimeError:
            return printed.getvalue(), 1
        return printed.getvalue(), 0


def test_gandiag_run_finds_the_players_and_records_the_same(
    script: str, attached: Marks, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "write_report", lambda recording, diagnosis, path, title: path)  # tested elsewhere
    with as_main_script(script) as printed:
        try:
            code: Any = command.run_program(Program.from_file(LOOPS / script), [], tmp_path / "run")
        except SystemExit as ending:
            code = ending.code
    said = capsys.readouterr().err
    assert (printed.getvalue(), code) == run_plainly(script)
    assert players_in(said) == marked_players(script), said
    found, expected = Recording.load(tmp_path / "run"), attached.monitor.recording
    renamed = dict(zip(sorted(found.meta["networks"]), sorted(expected.meta["networks"]), strict=True))
    for label, other in renamed.items():
        np.testing.assert_allclose(
            found.series(f"steps.grad_norm[{label}]"), expected.series(f"steps.grad_norm[{other}]"), rtol=1e-6
        )
    for label, other in renamed.items():
        for column in ("grad_norm", "head_gradient", "logit_real", "logit_fake"):
            same_as(*(r.signal.loc[r.signal["network"] == n, column] for r, n in ((found, label), (expected, other))))


def same_as(recorded: pd.Series, expected: pd.Series) -> None:
    """The same numbers where there are any; the first round may pass before the players are known."""
    ours, theirs = recorded.to_numpy(), expected.to_numpy()
    assert len(ours) >= len(theirs) - 2
    theirs = theirs[len(theirs) - len(ours) :]
    known = ~np.isnan(ours)
    assert known.sum() >= 0.75 * (~np.isnan(theirs)).sum()
    np.testing.assert_allclose(ours[known], theirs[known], rtol=1e-4, atol=1e-9)


def players_in(said: str) -> tuple[set[str], ...]:
    """The names in "watching generator x (Class), discriminator y (Class) …"."""
    first = next(line for line in said.splitlines() if "watching" in line)
    generators, discriminators = first.split(", discriminator")
    names = re.compile(r"(?:generators? |^s? |, )([^ ]+) \(")
    return tuple({name.split(".")[-1] for name in names.findall(part)} for part in (generators, discriminators))


def marked_players(script: str) -> tuple[set[str], ...]:
    """The names in the script's mark."""
    mark = next(found[3] for found in MARK.finditer((LOOPS / script).read_text()) if found[2] == "attach")
    generators, discriminators = (
        set(re.findall(r": (\w+)", part)) if "{" in part else {part.strip().replace('"', "'")}
        for part in mark.split("|")
    )
    return tuple({name.split(".")[-1] for name in names} for names in (generators, discriminators))
