"""The training step of `bench -- train` in PyTorch on the CPU, one thread, and the ratio of the two.

    OPENBLAS_CORETYPE=SkylakeX python3 bench/peers/torch_step.py [--skip-psm] [--steps 12]

Same architecture and sizes, AdamW, clipping, equal lengths, random tokens. Runs the C# bench before and after and takes the best of each.
"""
import argparse
import os
import sys
import time

import torch_decoder
from torch_decoder import fn, torch

SHAPES = {  # name in the bench: vocabulary, width, layers, heads, feed-forward, sequences, length
    "1M L4 d128 T128": (1024, 128, 4, 4, 352, 8, 128),
    "5M L6 d256 T256": (1024, 256, 6, 8, 704, 4, 256),
}


def torch_step(shape, steps):
    v, d, layers, heads, f, sequences, length = shape
    torch.manual_seed(1)
    model = torch_decoder.Decoder(v, d, layers, heads, f, length)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=0.05)
    best = float("inf")
    for _ in range(steps):
        tokens = torch.randint(0, v, (sequences, length + 1))
        start = time.perf_counter()
        optimiser.zero_grad()
        loss = fn.cross_entropy(model(tokens[:, :-1]).reshape(-1, v), tokens[:, 1:].reshape(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        best = min(best, time.perf_counter() - start)
    return best * 1e3


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--skip-psm", action="store_true")
    arguments = parser.parse_args()
    rounds = [{}] if arguments.skip_psm else [torch_decoder.psm("train")]
    theirs = {name: torch_step(shape, arguments.steps) for name, shape in SHAPES.items()}
    if not arguments.skip_psm:
        rounds.append(torch_decoder.psm("train"))
    print(f"PyTorch {torch.__version__}, OPENBLAS_CORETYPE={os.environ['OPENBLAS_CORETYPE']}, one thread, best of {arguments.steps}")
    for name, milliseconds in theirs.items():
        ours = min((r[name] for r in rounds if name in r), default=float("nan"))
        print(f"{name:24} PyTorch {milliseconds:8.1f} ms   psm {ours:8.1f} ms   ratio {milliseconds / ours:5.2f}")


if __name__ == "__main__":
    sys.exit(main())
