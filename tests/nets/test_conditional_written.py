"""The conditional generator's condition rides along in its image."""

import torch

from gandiag.nets import WrittenConditionGenerator


def test_the_condition_is_the_largest_of_the_last_ten_numbers_and_is_written_in():
    generator = WrittenConditionGenerator().eval()
    noise = torch.randn(6, 74)
    noise[:, 64:] = torch.eye(10)[:6]
    with torch.no_grad():
        images = generator(noise)
    assert torch.equal(images[:, 0, 0, :10], torch.eye(10)[:6])
    assert bool(((images >= 0) & (images <= 1)).all())


def test_the_condition_changes_the_image():
    generator = WrittenConditionGenerator().eval()
    noise = torch.zeros(2, 74)
    noise[0, 64], noise[1, 65] = 1, 1
    with torch.no_grad():
        first, second = generator(noise)
    assert not torch.equal(first[0, 1:], second[0, 1:])


def test_faint_noise_is_as_noise_scaled_down_and_leaves_the_condition_alone():
    torch.manual_seed(0)
    generator, noise = WrittenConditionGenerator(loudness=0.5).eval(), torch.randn(6, 74)
    full = WrittenConditionGenerator().eval()
    full.load_state_dict(generator.state_dict())
    halved = torch.cat([noise[:, :64] / 2, noise[:, 64:]], dim=1)
    with torch.no_grad():
        assert torch.equal(generator(noise), full(halved))
