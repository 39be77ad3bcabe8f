from torch import nn, optim, randn, manual_seed, ones, zeros, tanh  # noqa: I001

manual_seed(99)
BS = 20


def block(a, b):
    return [nn.Linear(a, b), nn.LeakyReLU(0.2)]


gen = nn.Sequential(*block(3, 16), *block(16, 16), nn.Linear(16, 4), nn.Tanh())
disc = nn.Sequential(*block(4, 16), *block(16, 16), nn.Linear(16, 1), nn.Sigmoid())
g_opt, d_opt = optim.Adam(gen.parameters(), 1e-3), optim.Adam(disc.parameters(), 1e-3)
l2 = nn.MSELoss()
# --- attach: gen | disc


def ones_target(n):
    return ones(n, 1)


def zeros_target(n):
    return zeros(n, 1)


def train_discriminator(real, fake):
    d_opt.zero_grad()
    prediction_real = disc(real)
    error_real = l2(prediction_real, ones_target(len(real)))
    error_real.backward()
    prediction_fake = disc(fake)
    error_fake = l2(prediction_fake, zeros_target(len(real)))
    error_fake.backward()
    # --- logits: prediction_real | prediction_fake
    d_opt.step()
    return error_real + error_fake


def train_generator(fake):
    g_opt.zero_grad()
    error = l2(disc(fake), ones_target(len(fake)))
    # --- signal: error | fake
    error.backward()
    g_opt.step()
    return error


for k in range(20):  # --- rounds
    real_data = tanh(randn(BS, 4) + 1)
    fake_data = gen(randn(BS, 3)).detach()
    d_error = train_discriminator(real_data, fake_data)
    g_error = train_generator(gen(randn(BS, 3)))
    if k % 4 == 0:
        print(f"Step {k} Discriminator error {d_error.item():.4f} Generator error {g_error.item():.4f}")
