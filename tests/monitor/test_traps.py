"""Traps that hook libraries fall into: each has its test, here or where :data:`TRAPS` says."""

import ast
import copy
import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim.optimizer import register_optimizer_step_pre_hook

import gandiag

TESTS = Path(__file__).parents[1]
HERE = "monitor/test_traps.py"
TRAPS = {
    1: (
        "several backward passes an iteration",
        "monitor/test_gradients.py",
        "test_norms_agree_with_an_independent_computation_on_every_step",
    ),
    2: (
        "the generator's pass leaves gradients in the discriminator",
        "monitor/test_attribution.py",
        "test_what_the_generators_pass_left_behind_has_leaked",
    ),
    3: (
        "gradient penalties run backward inside forward",
        "monitor/test_attribution.py",
        "test_a_penalty_is_told_from_the_losses",
    ),
    4: ("gradients with a history (create_graph)", HERE, "test_a_graph_that_gradients_carry_is_not_kept_alive"),
    5: (
        "in-place activations",
        "monitor/test_signal.py",
        "test_in_place_activations_right_after_the_watched_output_are_survived",
    ),
    6: (
        "requires_grad off while attaching",
        HERE,
        "test_networks_frozen_while_attaching_are_read_once_they_are_thawed",
    ),
    7: (
        "a gradient scaler's scale and skipped steps",
        "test_loops.py",
        "test_norms_are_those_that_the_optimizer_applied",
    ),
    8: (
        "a fused optimizer steps on scaled gradients",
        "monitor/test_gradients.py",
        "test_a_fused_optimizers_scaled_gradients_are_unscaled",
    ),
    9: ("clipping before the step", "monitor/test_gradients.py", "test_clipping_is_seen_as_the_optimizer_sees_it"),
    10: ("several optimizers, several groups", HERE, "test_one_optimizer_with_two_groups_and_several_for_one_network"),
    11: (
        "torch.compile bypasses module hooks",
        "monitor/test_compile.py",
        "test_compiled_networks_train_the_same_and_are_read_right",
    ),
    12: (
        "DDP's local gradients are not what is applied",
        "monitor/test_distributed.py",
        "test_two_processes_record_what_one_process_has_on_the_same_batches",
    ),
    13: ("FSDP's parameters are shards", HERE, "test_sharded_parameters_are_abstained_from"),
    14: (
        "DDP, batch norm and two forward passes",
        HERE,
        "test_batch_norm_under_ddp_needs_buffers_left_alone_as_the_example_says",
    ),
    15: ("a deep copy carries hooks along", "monitor/test_noninterference.py", "test_a_deep_copy_is_not_watched"),
    16: (
        "torch.save of a watched module",
        "monitor/test_noninterference.py",
        "test_a_watched_module_can_be_saved_whole_and_used_after_loading",
    ),
    17: ("a notebook cell run again", HERE, "test_a_notebook_cell_run_again_leaves_one_monitor"),
    18: (
        "reading a spectrally normalised weight changes it",
        HERE,
        "test_spectral_norm_is_read_at_its_original_weight_and_not_advanced",
    ),
    19: ("tied weights", HERE, "test_tied_weights_count_once"),
    20: ("torch.func", HERE, "test_functional_gradients_pass_by_without_harm"),
    21: ("missing gradients", HERE, "test_a_missing_gradient_is_nan_and_not_zero"),
    22: ("half-precision norms overflow", "monitor/test_gradients.py", "test_half_precision_gradients_do_not_overflow"),
    23: ("prefixes of wrappers", HERE, "test_layers_are_named_without_the_prefixes_of_wrappers"),
    24: ("a synchronisation for each value", HERE, "test_no_value_is_fetched_between_flushes"),
    25: ("real and fake calls look alike", "monitor/test_signal.py", "test_calls_on_disguised_samples_are_told_apart"),
}


@pytest.mark.parametrize("number", range(1, 26))
def test_each_trap_has_its_test(number):
    _, file, name = TRAPS[number]
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.fixture
def applied():
    """Norms of what every optimizer step in the process applied, in float64, by optimizer."""
    found: dict[int, list[float]] = {}

    def measure(optimizer, args, kwargs):
        parameters = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        gradients = [p.grad.detach().to_dense().double().flatten() for p in parameters]
        found.setdefault(id(optimizer), []).append(float(torch.cat(gradients).norm()))

    handle = register_optimizer_step_pre_hook(measure)
    yield found
    handle.remove()


def networks():
    torch.manual_seed(5)
    generator = nn.Sequential(nn.Linear(3, 12), nn.LeakyReLU(0.2), nn.Linear(12, 4))
    discriminator = nn.Sequential(nn.Linear(4, 12), nn.LeakyReLU(0.2), nn.Linear(12, 1))
    return generator, discriminator


def adam(*modules):
    return torch.optim.Adam([p for module in modules for p in module.parameters()], 1e-3, betas=(0.5, 0.999))


def play(generator, discriminator, g_optimizer, d_optimizer, steps=10):
    for _ in range(steps):
        fake = generator(torch.randn(8, 3))
        d_optimizer.zero_grad()
        (softplus(-discriminator(torch.randn(8, 4))).mean() + softplus(discriminator(fake.detach())).mean()).backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        softplus(-discriminator(fake)).mean().backward()
        g_optimizer.step()


def norms(monitor, label):
    return monitor.recording.series(f"steps.grad_norm[{label}]").to_numpy()


def test_a_graph_that_gradients_carry_is_not_kept_alive(applied):
    """4. With ``create_graph``, gradients have a history; whoever keeps them keeps all of it."""
    generator, discriminator = networks()
    optimizer = adam(discriminator)
    held = []
    discriminator[0].register_forward_hook(lambda module, args, output: held.append(weakref.ref(output)))
    with gandiag.attach(generator, discriminator, on_alarm="ignore") as monitor:
        for _ in range(4):
            optimizer.zero_grad()
            real = torch.randn(8, 4, requires_grad=True)
            value = softplus(-discriminator(real)).mean()
            gradients = torch.autograd.grad(value, list(discriminator.parameters()), create_graph=True)
            for parameter, gradient in zip(discriminator.parameters(), gradients, strict=True):
                parameter.grad = gradient
            optimizer.step()
            for parameter in discriminator.parameters():
                parameter.grad = None
            del real, value, gradients, gradient
            gc.collect()
            assert held[-1]() is None
    np.testing.assert_allclose(norms(monitor, "D"), applied[id(optimizer)], rtol=1e-5)


def test_networks_frozen_while_attaching_are_read_once_they_are_thawed(applied):
    """6. Hooks on parameters cannot be registered while ``requires_grad`` is off."""
    generator, discriminator = networks()
    optimizers = adam(generator), adam(discriminator)
    generator.requires_grad_(False)
    discriminator.requires_grad_(False)
    with gandiag.attach(generator, discriminator, on_alarm="ignore") as monitor:
        generator.requires_grad_(True)
        discriminator.requires_grad_(True)
        play(generator, discriminator, *optimizers)
    for label, optimizer in zip("GD", optimizers, strict=True):
        np.testing.assert_allclose(norms(monitor, label), applied[id(optimizer)], rtol=1e-5)
    assert monitor.recording.signal["grad_norm"].notna().all()


def test_one_optimizer_with_two_groups_and_several_for_one_network(applied):
    """10. Optimizers are found by identity of what they own, however it is divided."""
    generator, discriminator = networks()
    body, head = adam(generator[0]), adam(generator[2])
    both = torch.optim.SGD([{"params": discriminator[0].parameters()}, {"params": discriminator[2].parameters()}], 0.01)

    class Both:
        def zero_grad(self):
            body.zero_grad()
            head.zero_grad()

        def step(self):
            body.step()
            head.step()

    with gandiag.attach(generator, discriminator, on_alarm="ignore") as monitor:
        play(generator, discriminator, Both(), both)
    np.testing.assert_allclose(norms(monitor, "D"), applied[id(both)], rtol=1e-5)
    assert monitor.iterations == 10
    layers = monitor.recording.layers[monitor.recording.layers["network"] == "G"].groupby("layer")["grad_norm"]
    for layer, optimizer in (("0", body), ("2", head)):
        recorded = layers.get_group(layer).dropna().to_numpy()
        np.testing.assert_allclose(recorded, applied[id(optimizer)], rtol=1e-5)


def test_sharded_parameters_are_abstained_from(tmp_path):
    """13. A shard's norm is not the gradient's; asking the other processes could hang them."""
    from torch import distributed
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'meet'}", rank=0, world_size=1)
    try:
        generator, discriminator = networks()
        mesh = init_device_mesh("cpu", (1,))
        fully_shard(generator, mesh=mesh)
        fully_shard(discriminator, mesh=mesh)
        optimizers = adam(generator), adam(discriminator)
        with gandiag.attach(generator, discriminator, on_alarm="ignore") as monitor:
            play(generator, discriminator, *optimizers, steps=3)
        assert "sharded" in monitor.recording.meta["abstentions"]["steps"]
        assert monitor.recording.steps.empty
        assert monitor.diagnose().verdict == "insufficient_data"
    finally:
        distributed.destroy_process_group()


@pytest.mark.filterwarnings("ignore:`broadcast_buffers` is deprecated:FutureWarning")
def test_batch_norm_under_ddp_needs_buffers_left_alone_as_the_example_says(tmp_path):
    """14. Two forward passes before one backward fail in torch itself, watched or not, unless buffers are not sent."""
    from torch import distributed
    from torch.nn.parallel import DistributedDataParallel

    distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'meet'}", rank=0, world_size=1)
    try:
        generator, discriminator = networks()
        discriminator.insert(1, nn.BatchNorm1d(12))
        generator = DistributedDataParallel(generator)
        discriminator = DistributedDataParallel(discriminator, broadcast_buffers=False)
        optimizers = adam(generator), adam(discriminator)
        with gandiag.attach(generator, discriminator, on_alarm="ignore") as monitor:
            play(generator, discriminator, *optimizers, steps=3)
        assert len(norms(monitor, "D")) == 3
        assert monitor.recording.meta["abstentions"].keys() <= {"attribution", "steps.grad_norm_real"}
    finally:
        distributed.destroy_process_group()
    assert "broadcast_buffers=False" in (TESTS.parent / "examples" / "distributed.py").read_text(encoding="utf-8")


def test_a_notebook_cell_run_again_leaves_one_monitor():
    """17. A cell that attaches is run three times, and then once more with new networks of the same names."""
    hooks = []
    monitors = []
    generator, discriminator = networks()
    for _ in range(3):
        monitors.append(weakref.ref(gandiag.attach(generator, discriminator, on_alarm="ignore")))
        play(generator, discriminator, adam(generator), adam(discriminator), steps=2)
        hooks.append((len(generator._forward_hooks), len(discriminator._forward_hooks)))
    assert hooks == [(1, 1)] * 3
    assert monitors[-1]().iterations == 2
    generator, discriminator = networks()
    gandiag.attach(generator, discriminator, on_alarm="ignore")
    gc.collect()
    assert [monitor() for monitor in monitors] == [None] * 3, "what is gone takes its monitor along"


def test_spectral_norm_is_read_at_its_original_weight_and_not_advanced(applied):
    """18. Only reading ``.weight`` in training mode moves the power iteration."""
    outcomes = []
    for watched in (False, True):
        generator, discriminator = networks()
        spectral_norm(discriminator[0])
        optimizers = adam(generator), adam(discriminator)
        monitor = gandiag.attach(generator, discriminator, every=2, on_alarm="ignore") if watched else None
        torch.manual_seed(9)
        play(generator, discriminator, *optimizers)
        outcomes.append(discriminator.state_dict())
    monitor.close()
    assert all(torch.equal(outcomes[0][name], outcomes[1][name]) for name in outcomes[0])
    np.testing.assert_allclose(norms(monitor, "D"), applied[id(optimizers[1])], rtol=1e-5)
    layers = monitor.recording.layers
    assert set(layers.loc[layers["network"] == "D", "layer"]) == {"0", "2"}


def test_tied_weights_count_once(applied):
    """19. One parameter in two places is one parameter."""
    generator = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))
    generator[4].weight = generator[2].weight
    discriminator = networks()[1]
    optimizers = adam(generator), adam(discriminator)
    with gandiag.attach(generator, discriminator, on_alarm="ignore") as monitor:
        play(generator, discriminator, *optimizers)
    np.testing.assert_allclose(norms(monitor, "G"), applied[id(optimizers[0])], rtol=1e-5)


def test_functional_gradients_pass_by_without_harm(applied):
    """20. ``torch.func`` differentiates copies; the norms hold, and what the hooks cannot see is not invented."""
    from torch.func import functional_call, grad

    plain_state = None
    for watched in (False, True):
        generator, discriminator = networks()
        optimizer = adam(discriminator)
        monitor = gandiag.attach(generator, discriminator, on_alarm="ignore") if watched else None
        torch.manual_seed(4)
        for _ in range(5):
            real, fake = torch.randn(8, 4), generator(torch.randn(8, 3)).detach()

            def loss(parameters, discriminator=discriminator, real=real, fake=fake):
                on_real, on_fake = (functional_call(discriminator, parameters, (x,)) for x in (real, fake))
                return softplus(-on_real).mean() + softplus(on_fake).mean()

            named = dict(discriminator.named_parameters())
            gradients = grad(loss)({name: p.detach() for name, p in named.items()})
            for name, parameter in named.items():
                parameter.grad = gradients[name]
            optimizer.step()
        state = discriminator.state_dict()
        assert plain_state is None or all(torch.equal(plain_state[name], state[name]) for name in state)
        plain_state = copy.deepcopy(state)
    monitor.close()
    np.testing.assert_allclose(norms(monitor, "D"), applied[id(optimizer)], rtol=1e-5)
    parts = monitor.recording.steps.filter(["grad_norm_real", "grad_norm_fake", "grad_norm_penalty"])
    assert parts.isna().all(axis=None)
    assert not {"steps", "layers"} & monitor.recording.meta["abstentions"].keys()


def test_a_missing_gradient_is_nan_and_not_zero():
    """21. ``zero_grad`` sets gradients to None, and some parameters take no part."""
    generator, discriminator = networks()
    optimizer = adam(discriminator)
    with gandiag.attach(generator, discriminator, on_alarm="ignore") as monitor:
        optimizer.zero_grad()
        softplus(discriminator[2](torch.randn(8, 12))).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        optimizer.step()
    assert len(monitor.recording.steps) == 1, "a step with no gradient at all applies nothing"
    norm = monitor.recording.layers.set_index("layer")["grad_norm"]
    assert np.isnan(norm["0"])
    assert norm["2"] > 0


def test_sparse_gradients_are_read(applied):
    generator = nn.Sequential(nn.Embedding(5, 3, sparse=True), nn.Linear(3, 4))
    discriminator = networks()[1]
    optimizer = torch.optim.SGD(generator.parameters(), 0.1)
    with gandiag.attach(generator, discriminator, on_alarm="ignore") as monitor:
        for _ in range(4):
            optimizer.zero_grad()
            softplus(-discriminator(generator(torch.tensor([0, 3, 3, 1])))).mean().backward()
            optimizer.step()
    np.testing.assert_allclose(norms(monitor, "G"), applied[id(optimizer)], rtol=1e-5)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_layers_are_named_without_the_prefixes_of_wrappers():
    """23. ``_orig_mod.`` and ``module.`` say how a layer was wrapped, not which it is."""
    generator, discriminator = networks()
    wrapped = torch.compile(nn.DataParallel(discriminator), backend="eager")
    optimizers = adam(generator), adam(wrapped)
    with gandiag.attach(generator, wrapped, on_alarm="ignore") as monitor:
        play(generator, wrapped, *optimizers, steps=2)
    assert set(monitor.recording.layers["layer"]) == {"0", "2"}


class Fetched(torch.utils._python_dispatch.TorchDispatchMode):
    """Counts what would make a GPU wait for its results."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function in (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default)
        return function(*args, **(kwargs or {}))


def test_no_value_is_fetched_between_flushes():
    """24. Each ``.item()`` is a synchronisation on a GPU; here they are counted, whatever the device."""
    generator, discriminator = networks()
    optimizers = adam(generator), adam(discriminator)
    with gandiag.attach(
        generator, discriminator, sample=lambda n: torch.zeros(n, 4), every=10**6, on_alarm="ignore"
    ) as monitor:
        play(generator, discriminator, *optimizers, steps=5)
        counts = []
        for _ in range(2):
            with Fetched() as fetched:
                play(generator, discriminator, *optimizers, steps=20)
            counts.append(fetched.count)
            monitor.close()
    watched, plain = counts
    assert watched == plain


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_is_never_waited_for_between_flushes():
    generator, discriminator = (network.cuda() for network in networks())
    optimizers = adam(generator), adam(discriminator)

    def play_on_gpu(steps):
        for _ in range(steps):
            fake = generator(torch.randn(8, 3, device="cuda"))
            optimizers[1].zero_grad()
            real = torch.randn(8, 4, device="cuda")
            (softplus(-discriminator(real)).mean() + softplus(discriminator(fake.detach())).mean()).backward()
            optimizers[1].step()
            optimizers[0].zero_grad()
            softplus(-discriminator(fake)).mean().backward()
            optimizers[0].step()

    with gandiag.attach(generator, discriminator, every=10**6, on_alarm="ignore") as monitor:
        play_on_gpu(10)
        torch.cuda.synchronize()
        torch.cuda.set_sync_debug_mode("error")
        try:
            play_on_gpu(300)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    assert len(monitor.recording.steps) == 620
    assert "steps" not in monitor.recording.meta["abstentions"]
