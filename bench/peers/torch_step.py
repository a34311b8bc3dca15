"""The training step of `bench -- train` in PyTorch on the CPU, one thread, and the ratio of the two.

    OPENBLAS_CORETYPE=SkylakeX python3 bench/peers/torch_step.py [--skip-psm] [--steps 12]

Same architecture and sizes (RMSNorm, rotary, SwiGLU, tied embeddings, AdamW, clipping), equal lengths, random tokens. Without
OPENBLAS_CORETYPE an old OpenBLAS takes recent AMD processors for Haswell and runs at half speed; the script sets it when it is not set.
Needs PyTorch (Debian: python3-torch). Runs the C# bench before and after and takes the best of each.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
os.environ.setdefault("OMP_NUM_THREADS", "1")
import torch  # noqa: E402
import torch.nn.functional as fn  # noqa: E402

torch.set_num_threads(1)
SHAPES = {  # name in the bench: vocabulary, width, layers, heads, feed-forward, sequences, length
    "1M L4 d128 T128": (1024, 128, 4, 4, 352, 8, 128),
    "5M L6 d256 T256": (1024, 256, 6, 8, 704, 4, 256),
}


class Decoder(torch.nn.Module):
    def __init__(self, v, d, layers, heads, f, t):
        super().__init__()
        self.heads, self.hd, self.f = heads, d // heads, f
        p = lambda *s: torch.nn.Parameter(torch.randn(*s) / math.sqrt(s[0]))
        self.embed = torch.nn.Parameter(torch.randn(v, d) * 0.05)
        self.blocks = torch.nn.ModuleList()
        for _ in range(layers):
            b = torch.nn.Module()
            b.n1, b.n2 = torch.nn.Parameter(torch.ones(d)), torch.nn.Parameter(torch.ones(d))
            b.qkv, b.out, b.gu, b.down = p(d, 3 * d), p(d, d), p(d, 2 * f), p(f, d)
            self.blocks.append(b)
        self.norm = torch.nn.Parameter(torch.ones(d))
        angle = torch.arange(t)[:, None] * 10000.0 ** (-torch.arange(0, self.hd, 2) / self.hd)[None]
        self.cos, self.sin = torch.cat([angle.cos()] * 2, -1), torch.cat([angle.sin()] * 2, -1)
        self.mask = torch.full((t, t), float("-inf")).triu(1)

    def rms(self, x, g):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * g

    def rotate(self, x):
        a, b = x.chunk(2, -1)
        return x * self.cos + torch.cat([-b, a], -1) * self.sin

    def forward(self, tokens):
        x = self.embed[tokens]
        n, t, d = x.shape
        for b in self.blocks:
            q, k, v = (self.rms(x, b.n1) @ b.qkv).view(n, t, 3, self.heads, self.hd).permute(2, 0, 3, 1, 4)
            s = self.rotate(q) @ self.rotate(k).transpose(-1, -2) / math.sqrt(self.hd) + self.mask
            x = x + (s.softmax(-1) @ v).transpose(1, 2).reshape(n, t, d) @ b.out
            gate, up = (self.rms(x, b.n2) @ b.gu).split(self.f, -1)
            x = x + (fn.silu(gate) * up) @ b.down
        return self.rms(x, self.norm) @ self.embed.T


def torch_step(shape, steps):
    v, d, layers, heads, f, sequences, length = shape
    torch.manual_seed(1)
    model = Decoder(v, d, layers, heads, f, length)
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


def psm_steps():
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = ["dotnet", "run", "-c", "Release", "--project", os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "--",
                   "train", "--json", file.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return {r["name"]: r["value"] for r in json.load(open(file.name))["results"] if r["group"] == "train"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--skip-psm", action="store_true")
    arguments = parser.parse_args()
    rounds = [{}] if arguments.skip_psm else [psm_steps()]
    theirs = {name: torch_step(shape, arguments.steps) for name, shape in SHAPES.items()}
    if not arguments.skip_psm:
        rounds.append(psm_steps())
    print(f"PyTorch {torch.__version__}, OPENBLAS_CORETYPE={os.environ['OPENBLAS_CORETYPE']}, one thread, best of {arguments.steps}")
    for name, milliseconds in theirs.items():
        ours = min((r[name] for r in rounds if name in r), default=float("nan"))
        print(f"{name:24} PyTorch {milliseconds:8.1f} ms   psm {ours:8.1f} ms   ratio {milliseconds / ours:5.2f}")


if __name__ == "__main__":
    sys.exit(main())
