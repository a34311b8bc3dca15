"""The evidence of `bench -- likelihood` in PyTorch on the CPU as it is commonly had: one call per (episode, persona) pair, one thread.

    OPENBLAS_CORETYPE=SkylakeX python3 bench/peers/torch_score.py [--skip-psm] [--pairs 20] [--only TEXT]

A model of the same shape, random tokens of the same lengths, logits for the reply alone, no gradients; encoding the texts, which the C#
bench counts, is left out here. The ratio is that of pairs per second, best of three.
"""
import argparse
import os
import sys
import time

import torch_decoder
from torch_decoder import fn, torch

VOCABULARY, WIDTH, LAYERS, HEADS, FEED_FORWARD, CONTEXT = 2048, 128, 4, 8, 352, 1280
TITLE = "1000 x 50, "
SHAPES = {  # name in the bench: tokens of persona, question, reply
    "one question, short replies": (128, 0, 8),
    "described, long replies": (40, 40, 100),
    "described, short replies": (40, 40, 12),
    "described at length, long replies": (160, 40, 100),
    "described at length, short replies": (160, 40, 12),
    "shown 300, long replies": (300, 40, 100),
    "shown 300, short replies": (300, 40, 12),
    "shown 600, long replies": (600, 40, 100),
    "shown 600, short replies": (600, 40, 12),
    "shown 850, long replies": (850, 40, 100),
    "shown 850, short replies": (850, 40, 12),
}


@torch.no_grad()
def pairs_per_second(model, persona, question, reply, pairs):
    best = float("inf")
    tokens = torch.randint(0, VOCABULARY, (pairs, persona + question + reply))
    for _ in range(3):
        start = time.perf_counter()
        for row in tokens:
            log = fn.log_softmax(model(row[None, :-1], reply), -1)
            log[0].gather(1, row[-reply:, None]).sum().item()
        best = min(best, time.perf_counter() - start)
    return pairs / best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--only", default="")
    parser.add_argument("--skip-psm", action="store_true")
    arguments = parser.parse_args()
    ours = {} if arguments.skip_psm else torch_decoder.psm("likelihood", "--only", TITLE + arguments.only)
    torch.manual_seed(1)
    model = torch_decoder.Decoder(VOCABULARY, WIDTH, LAYERS, HEADS, FEED_FORWARD, CONTEXT)
    print(f"PyTorch {torch.__version__}, OPENBLAS_CORETYPE={os.environ['OPENBLAS_CORETYPE']}, one thread, best of three")
    for name, shape in SHAPES.items():
        if not name.startswith(arguments.only):
            continue
        theirs = pairs_per_second(model, *shape, arguments.pairs)
        mine = 1000 * ours.get(TITLE + name, float("nan"))
        print(f"{name:36} PyTorch {theirs:7.1f} pairs/s   psm {mine:8.1f} pairs/s   ratio {mine / theirs:5.1f}")


if __name__ == "__main__":
    sys.exit(main())
