"""Needs the modules that lie next to it."""

import beside_nets
import torch
from beside_data import endless

torch.manual_seed(60)


def main():
    G, D = beside_nets.build(latent=4, size=6)
    opts = beside_nets.optimizers(G, D)
    batches = endless(batch=16, size=6)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    # --- attach: G | D
    for step, real in enumerate(batches):
        if step == 20:  # --- rounds
            break
        fake = G(torch.randn(len(real), 4))
        logits_real, logits_fake = D(real), D(fake.detach())
        # --- logits: logits_real | logits_fake
        d_loss = bce(logits_real, torch.ones_like(logits_real)) + bce(logits_fake, torch.zeros_like(logits_fake))
        opts.d.zero_grad()
        d_loss.backward()
        opts.d.step()

        logits = D(fake)
        g_loss = bce(logits, torch.ones_like(logits))
        # --- signal: g_loss | fake
        opts.g.zero_grad()
        g_loss.backward()
        opts.g.step()
        if step % 5 == 4:
            print(f"{step + 1} {d_loss:.4f} {g_loss:.4f}")


if __name__ == "__main__":
    main()
