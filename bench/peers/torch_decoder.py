"""The decoder of the two peers in PyTorch on the CPU: RMSNorm, rotary, SwiGLU, tied embeddings, one thread.

Without OPENBLAS_CORETYPE an old OpenBLAS takes recent AMD processors for Haswell and runs at half speed where there is AVX-512; it is set
here when it is not set. Needs PyTorch (Debian: python3-torch).
"""
import json
import math
import os
import subprocess
import tempfile

os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
os.environ.setdefault("OMP_NUM_THREADS", "1")
import torch  # noqa: E402
import torch.nn.functional as fn  # noqa: E402

torch.set_num_threads(1)


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
        return x * self.cos[: x.shape[-2]] + torch.cat([-b, a], -1) * self.sin[: x.shape[-2]]

    def forward(self, tokens, last=None):
        """Logits of the last positions of each row, or of all."""
        x = self.embed[tokens]
        n, t, d = x.shape
        for b in self.blocks:
            q, k, v = (self.rms(x, b.n1) @ b.qkv).view(n, t, 3, self.heads, self.hd).permute(2, 0, 3, 1, 4)
            s = self.rotate(q) @ self.rotate(k).transpose(-1, -2) / math.sqrt(self.hd) + self.mask[:t, :t]
            x = x + (s.softmax(-1) @ v).transpose(1, 2).reshape(n, t, d) @ b.out
            gate, up = (self.rms(x, b.n2) @ b.gu).split(self.f, -1)
            x = x + (fn.silu(gate) * up) @ b.down
        return self.rms(x if last is None else x[:, -last:], self.norm) @ self.embed.T


def psm(group, *options):
    """What `bench -- GROUP` measures now: name to value."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        project = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        command = ["dotnet", "run", "-c", "Release", "--project", project, "--", group, *options, "--json", file.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return {r["name"]: r["value"] for r in json.load(open(file.name))["results"] if r["group"] == group}
