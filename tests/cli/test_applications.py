"""Applications on the command line: training, going on, and pictures of what was learnt."""

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from gandiag.applications import ConditionalSettings, restore_generator, sample, train_conditional
from gandiag.applications.session import CHECKPOINT
from gandiag.cli.applications import APPLICATIONS, run_name
from gandiag.cli.main import commands
from gandiag.cli.train import setting_helps
from gandiag.errors import GandiagError
from gandiag.training import TrainingConfig, train

TRAIN = ["train", "--model", "conditional", "--network", "mlp", "--batch-size", "8"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(commands, [str(one) for one in arguments], catch_exceptions=True)


def refusal(*arguments: object) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, GandiagError), result.output
    return str(result.exception)


@pytest.fixture(scope="module")
def conditional_run(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("conditional")
    with torch.random.fork_rng():
        train_conditional(ConditionalSettings(network="mlp", iterations=2, batch_size=8), out=out)
    return out


@pytest.fixture(scope="module")
def core_run(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("core")
    with torch.random.fork_rng():
        train(TrainingConfig(iterations=2, batch_size=8), out=out)
    return out


def test_train_says_the_verdict_writes_the_report_and_goes_on(tmp_path):
    out = tmp_path / "run"
    done = run(*TRAIN, "--iterations", 4, "--out", out)
    assert done.exit_code == 0, done.exception
    assert "Verdict: insufficient data" in done.output
    assert f"Report: {out / 'report.html'}" in done.output
    assert (out / CHECKPOINT).exists()
    longer = run("train", "--resume", "--iterations", 6, "--out", out)
    assert longer.exit_code == 0, longer.exception
    assert torch.load(out / CHECKPOINT, weights_only=True)["iteration"] == 6


def test_a_resumed_run_keeps_its_settings(conditional_run):
    told = refusal("train", "--resume", "--network", "dcgan", "--out", conditional_run)
    assert told == "--resume goes on with the settings of the run; only --iterations can change, not network."
    told = refusal("train", "--resume", "--model", "lecture", "--out", conditional_run)
    assert "its model is 'conditional', not 'lecture'" in told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--model", "conditional", "--n-critic", "3"], "The model 'conditional' has no option --n-critic; it has"),
        (["--model", "conditional", "--preset", "healthy"], "The model 'conditional' has no option --preset; it has"),
        (["--model", "lecture", "--network", "mlp"], "The model 'lecture' has no option --network; it has --dataset"),
        (["--conditioning", "projection"], "The model 'lecture' has no option --conditioning"),
        (["--model", "stylegan"], "Unknown model 'stylegan'; choose one of lecture, "),
        (["--model", "conditional", "--dataset", "ring"], "Unknown dataset 'ring'; choose one of digits, mnist, fa"),
    ],
)
def test_an_option_that_a_model_does_not_have_is_refused_with_those_it_has(arguments, sentence, tmp_path):
    told = refusal("train", *arguments, "--out", tmp_path / "run")
    assert told.startswith(sentence)
    assert "\n" not in told


@pytest.mark.parametrize("model", ["lecture", *APPLICATIONS])
@pytest.mark.parametrize("device", ["cuda:99", "abacus", "meta"])
def test_a_device_that_is_not_available_is_one_sentence_and_nothing_is_left_behind(model, device, tmp_path):
    told = refusal("train", "--model", model, "--device", device, "--iterations", 1, "--out", tmp_path / "run")
    assert told.startswith(f"The device '{device}' cannot be used here (")
    assert told.endswith("give --device cpu, or one that this machine has.")
    assert "\n" not in told
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("model", APPLICATIONS)
def test_the_cpu_can_be_named_as_the_device(model, tmp_path):
    out = tmp_path / "run"
    done = run("train", "--model", model, "--batch-size", 4, "--iterations", 1, "--device", "cpu", "--out", out)
    assert done.exit_code == 0, done.exception


def test_the_help_names_the_applications_and_their_own_defaults():
    told = " ".join(run("train", "--help").output.split())
    assert f"with settings of their own: {', '.join(APPLICATIONS)}." in told
    assert "Generator steps. [default: 5000; conditional: 12000" in told


@pytest.mark.parametrize("model", APPLICATIONS)
def test_every_setting_of_an_application_is_an_option_with_a_help(model):
    settings = APPLICATIONS[model].settings
    assert set(setting_helps(settings)) == set(settings.__dataclass_fields__)
    options = {option.name for option in commands.get_command(None, "train").params}
    assert set(settings.__dataclass_fields__) <= options


def test_a_run_is_named_after_what_sets_it_apart():
    named = run_name("conditional", ConditionalSettings(dataset="mnist", seed=4))
    assert named == "conditional-mnist-dcgan-ac_gan-non_saturating-seed4"


def test_a_digit_is_generated_as_a_grid_of_its_images(conditional_run, tmp_path):
    out = tmp_path / "sevens.png"
    done = run("generate", conditional_run, "--digit", 7, "--count", 5, "--seed", 3, "--out", out)
    assert done.exit_code == 0, done.exception
    picture = np.asarray(Image.open(out))
    assert picture.shape == (2 * 30 - 2, 3 * 30 - 2)
    images = sample(restore_generator(conditional_run), torch.full((5,), 7), 3)
    assert np.array_equal(picture[:28, 30:58], (images[1, 0] * 255).round().byte().numpy())
    assert bool((picture[30:, 60:] == 255).all())


def test_without_a_digit_every_class_has_a_row(conditional_run, tmp_path):
    run("generate", conditional_run, "--count", 3, "--out", tmp_path / "all.png")
    assert np.asarray(Image.open(tmp_path / "all.png")).shape == (10 * 30 - 2, 3 * 30 - 2)


def test_garments_are_asked_for_by_number_and_called_by_name(make_tiny, tmp_path):
    place = make_tiny("fashion_mnist", count=20).put(tmp_path / "data")
    done = run(*TRAIN, "--dataset", "fashion_mnist", "--data-dir", place, "--iterations", 2, "--out", tmp_path / "run")
    assert done.exit_code == 0, done.exception
    told = run("generate", tmp_path / "run", "--digit", 7, "--count", 4, "--out", tmp_path / "sneakers.png").output
    assert told.splitlines()[0] == "Class 7: Sneaker"
    told = run("generate", tmp_path / "run", "--count", 1, "--out", tmp_path / "all.png").output
    assert told.startswith("Rows: T-shirt/top, Trouser, ")
    told = refusal("generate", tmp_path / "run", "--digit", 10, "--out", tmp_path / "x.png")
    assert told == "There is no class 10; the classes are 0 to 9."


def test_an_unconditional_run_is_generated_from_and_the_seed_fixes_the_picture(core_run, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        done = run("generate", core_run, "--count", 9, "--seed", seed, "--out", tmp_path / f"{name}.png")
        assert done.exit_code == 0, done.exception
    first, again, other = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert first == again
    assert first != other
    assert np.asarray(Image.open(tmp_path / "a.png")).shape == (88, 88)


def test_what_cannot_be_generated_is_refused_in_a_sentence(conditional_run, core_run, tmp_path):
    out = ["--out", tmp_path / "x.png"]
    assert refusal("generate", conditional_run, "--digit", 10, *out) == "There is no class 10; the classes are 0 to 9."
    assert "is not told a digit; leave --digit out" in refusal("generate", core_run, "--digit", 7, *out)
    assert "There is no checkpoint" in refusal("generate", tmp_path / "nothing", *out)
    assert "--count must be in [1, 10000]; got 0." in refusal("generate", core_run, "--count", 0, *out)
    assert "--out writes .png files" in refusal("generate", core_run, "--out", tmp_path / "x.jpg")
    assert not (tmp_path / "x.png").exists()


def test_a_run_that_makes_images_of_images_is_refused(tmp_path):
    torch.save({"model": "colorize", "parts": {}, "settings": {}, "iteration": 1}, tmp_path / CHECKPOINT)
    told = refusal("generate", tmp_path, "--out", tmp_path / "x.png")
    assert "is of the model 'colorize', which makes images of other images" in told


def test_points_are_no_picture(tmp_path):
    train(TrainingConfig(dataset="ring", model="mlp", iterations=1), out=tmp_path)
    assert "makes points in the plane" in refusal("generate", tmp_path, "--out", tmp_path / "x.png")
