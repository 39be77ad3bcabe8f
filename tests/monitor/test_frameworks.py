"""Lightning through its callback; Accelerate without any adapter."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus
from torch.optim.optimizer import register_optimizer_step_pre_hook

import gandiag
from gandiag.errors import GandiagError

EXAMPLES = Path(__file__).parents[2] / "examples"
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def truth():
    """Norms of every optimizer step in the process, in float64, by the optimizer's first parameter's shape."""
    found: dict[torch.Size, list[float]] = {}

    def measure(optimizer, args, kwargs):
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        gradients = [p.grad.double().flatten() for p in parameters if p.grad is not None]
        found.setdefault(parameters[0].shape, []).append(float(torch.cat(gradients).norm()))

    handle = register_optimizer_step_pre_hook(measure)
    yield found
    handle.remove()


def example(name: str):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def lightning_gan():
    pytest.importorskip("lightning")
    module = example("lightning_module")
    torch.manual_seed(0)
    return module


def fit(module, callback, gan=None, epochs=1, batches=12, checkpoint=None):
    from lightning.pytorch import Trainer
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(1)
    loader = DataLoader(TensorDataset(torch.rand(batches * 8, 1, 28, 28)), 8)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    trainer = Trainer(max_epochs=epochs, callbacks=[callback], enable_checkpointing=False, **quiet)
    gan = module.GAN() if gan is None else gan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(gan, loader, ckpt_path=checkpoint)
    return gan, trainer


def test_lightnings_norms_are_those_that_the_optimizers_applied(lightning_gan, truth, tmp_path):
    from gandiag.integrations.lightning import GandiagCallback

    callback = GandiagCallback(out=tmp_path / "run", report=tmp_path / "report.html", on_alarm="ignore")
    gan, _ = fit(lightning_gan, callback)
    recording = gandiag.Recording.load(tmp_path / "run")
    assert not {"steps", "signal"} & recording.meta["abstentions"].keys()
    for label, network in (("G", gan.generator), ("D", gan.discriminator)):
        expected = truth[next(network.parameters()).shape]
        assert len(expected) == 12
        np.testing.assert_allclose(recording.series(f"steps.grad_norm[{label}]"), expected, rtol=1e-5)
    assert recording.signal[["grad_norm", "logit_real", "logit_fake"]].notna().all(axis=None)
    assert (tmp_path / "report.html").exists()
    assert recording.meta["status"] == "finished"


def test_lightning_trains_the_same_with_and_without(lightning_gan):
    from lightning.pytorch import Callback

    from gandiag.integrations.lightning import GandiagCallback

    weights = []
    for callback in (Callback(), GandiagCallback(every=5, on_alarm="ignore")):
        torch.manual_seed(3)
        gan, _ = fit(lightning_gan, callback, lightning_gan.GAN())
        weights.append(gan.state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_lightning_run_goes_on_from_its_checkpoint_with_its_recording(lightning_gan, tmp_path):
    from lightning.pytorch import Trainer

    from gandiag.integrations.lightning import GandiagCallback

    gan, trainer = fit(lightning_gan, GandiagCallback(out=tmp_path / "run", on_alarm="ignore"))
    trainer.save_checkpoint(tmp_path / "checkpoint.ckpt", weights_only=False)
    again = GandiagCallback(out=tmp_path / "run", on_alarm="ignore")
    fit(lightning_gan, again, epochs=2, checkpoint=tmp_path / "checkpoint.ckpt")
    assert gandiag.Recording.load(tmp_path / "run").series("steps.grad_norm[G]").index.tolist() == list(range(24))
    assert isinstance(trainer, Trainer)
    assert gan is not None


def test_a_missing_attribute_is_one_sentence(lightning_gan):
    from gandiag.integrations.lightning import GandiagCallback

    with pytest.raises(GandiagError, match="GAN has no module 'critic'; give GandiagCallback the names"):
        fit(lightning_gan, GandiagCallback("generator", "critic"))


def test_an_alarm_ends_the_fit_in_lightnings_way(lightning_gan, monkeypatch):
    from gandiag.integrations.lightning import GandiagCallback

    monkeypatch.setattr("gandiag.monitor.monitor.ALARM_FROM", 210)
    callback = GandiagCallback(every=10, on_alarm="stop", judge="mnist")
    _, trainer = fit(lightning_gan, callback, batches=400)
    assert trainer.should_stop
    assert callback.monitor.iterations < 400
    assert callback.monitor.diagnose().verdict not in ("healthy", "insufficient_data")


@pytest.mark.parametrize("accumulation", [1, 3])
def test_accelerate_needs_no_adapter(truth, accumulation):
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=accumulation)
    torch.manual_seed(2)
    generator = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 4))
    discriminator = nn.Sequential(nn.Linear(4, 17), nn.LeakyReLU(0.2), nn.Linear(17, 1))
    optimizers = [torch.optim.Adam(network.parameters(), 1e-3) for network in (generator, discriminator)]
    generator, discriminator, *optimizers = accelerator.prepare(generator, discriminator, *optimizers)
    with gandiag.attach(generator, discriminator, on_alarm="ignore") as monitor:
        for _ in range(24):
            with accelerator.accumulate(generator, discriminator):
                real, fake = torch.randn(8, 4), generator(torch.randn(8, 3))
                accelerator.backward(
                    softplus(-discriminator(real)).mean() + softplus(discriminator(fake.detach())).mean()
                )
                optimizers[1].step()
                optimizers[1].zero_grad()
                accelerator.backward(softplus(-discriminator(fake)).mean())
                optimizers[0].step()
                optimizers[0].zero_grad()
    recording = monitor.recording
    for label, network in (("G", generator), ("D", discriminator)):
        expected = truth[next(network.parameters()).shape]
        assert len(expected) == 24 // accumulation
        np.testing.assert_allclose(recording.series(f"steps.grad_norm[{label}]"), expected, rtol=1e-5)
