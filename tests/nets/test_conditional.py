"""Networks that are told a label: their shapes, that they heed it, and the projection as the paper writes it."""

import pytest
import torch
from torch import Tensor, nn

from gandiag.nets import (
    ACGANDiscriminator,
    ConditionalGenerator,
    DCGANDiscriminator,
    PlanesDiscriminator,
    ProjectionDiscriminator,
    UnconditionalDiscriminator,
)

NETWORKS = ("mlp", "dcgan")
LABELS = torch.tensor([0, 3, 9, 3])


def images() -> Tensor:
    return torch.rand(4, 1, 28, 28)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("embedded", [False, True])
def test_a_generator_makes_images_in_the_unit_range_that_change_with_the_label(network, embedded):
    generator = ConditionalGenerator(network, embedded=embedded).eval()
    noise = torch.randn(1, 100).expand(4, -1)
    made = generator(noise, LABELS)
    assert made.shape == (4, 1, 28, 28)
    assert bool(((made >= 0) & (made <= 1)).all())
    assert torch.allclose(made[1], made[3])
    assert not torch.allclose(made[0], made[1])


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("embedded", [False, True])
def test_planes_and_inputs_beside_the_image_tell_the_label(network, embedded):
    discriminator = PlanesDiscriminator(network, embedded=embedded).eval()
    same = images()[:1].expand(4, -1, -1, -1)
    logits = discriminator(same, LABELS)
    assert logits.shape == (4, 1)
    assert torch.allclose(logits[1], logits[3])
    assert not torch.allclose(logits[0], logits[1])


def test_one_hot_planes_are_full_of_ones_at_the_label_alone():
    discriminator = PlanesDiscriminator("dcgan")
    seen = []
    discriminator.layers.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    shown = images()
    discriminator(shown, LABELS)
    (beside,) = seen
    assert torch.equal(beside[:, :1], shown)
    for row, label in zip(beside[:, 1:], LABELS, strict=True):
        assert torch.equal(row, torch.eye(10)[label][:, None, None].expand(10, 28, 28))


@pytest.mark.parametrize("network", NETWORKS)
def test_the_projection_is_the_papers_formula(network):
    discriminator = ProjectionDiscriminator(network).eval()
    nn.init.normal_(discriminator.label_vectors.weight)  # so that the label weighs
    shown = images()
    expected = []
    for image, label in zip(shown, LABELS.tolist(), strict=True):
        phi = image[None]
        for layer in discriminator.features:
            phi = layer(phi)
        phi = phi[0].double()
        v = discriminator.label_vectors.weight[label].double()
        psi = sum(w * f for w, f in zip(discriminator.head.weight[0].double(), phi, strict=True))
        expected.append(sum(v * phi) + psi + discriminator.head.bias[0].double())
    assert torch.allclose(discriminator(shown, LABELS)[:, 0].double(), torch.stack(expected), atol=1e-4)


@pytest.mark.parametrize("network", NETWORKS)
def test_an_ac_gan_judges_and_names_without_looking_at_the_label(network):
    discriminator = ACGANDiscriminator(network).eval()
    shown = images()
    logits, classes = discriminator(shown, LABELS)
    assert logits.shape == (4, 1)
    assert classes.shape == (4, 10)
    assert torch.equal(discriminator(shown, 9 - LABELS)[1], classes)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_unconditional_one_does_not_look_at_the_label(network):
    discriminator = UnconditionalDiscriminator(network).eval()
    shown = images()
    assert torch.equal(discriminator(shown, LABELS), discriminator(shown, 9 - LABELS))


def test_without_its_label_the_projection_is_the_unconditional_dcgan():
    torch.manual_seed(1)
    plain = DCGANDiscriminator().eval()
    torch.manual_seed(1)
    projection = ProjectionDiscriminator("dcgan").eval()
    nn.init.zeros_(projection.label_vectors.weight)
    shown = images()
    assert torch.allclose(projection(shown, LABELS), plain(shown))
