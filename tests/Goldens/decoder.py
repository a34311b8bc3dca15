"""Makes decoder.json: logits, loss and every gradient of tiny decoders of the Llama, Qwen 2 and Qwen 3 families, by PyTorch's automatic differentiation in double precision.

    python3 tests/Goldens/decoder.py > tests/Goldens/decoder.json

Weights follow a formula that the test repeats: element i of tensor k (in the order below) is 0.4 sin(0.7 i + 1.3 k + 0.2), plus 1 for a gain.
Written against the definition of the architecture (RMSNorm, rotate-half rotary, grouped-query attention, SwiGLU; biases of queries,
keys and values in Qwen 2, norms of query and key heads in Qwen 3), not against our code.
"""
import json
import math
import sys

import torch

torch.set_default_dtype(torch.float64)
V, D, L, H, KV, HD, F, THETA, EPS = 11, 8, 2, 2, 1, 4, 12, 100.0, 1e-5
SEQUENCES = [[1, 5, 3, 3, 9, 2], [4, 0, 10, 7]]
WEIGHTS = [1.0, 0.5]  # of the targets of each sequence


def shapes(family, tied):
    yield "embed.weight", (V, D)
    for i in range(L):
        yield f"blocks.{i}.attn_norm", (D,)
        yield f"blocks.{i}.qkv", (D, (H + 2 * KV) * HD)
        if family == "Qwen2":
            yield f"blocks.{i}.qkv_bias", ((H + 2 * KV) * HD,)
        if family == "Qwen3":
            yield f"blocks.{i}.q_norm", (HD,)
            yield f"blocks.{i}.k_norm", (HD,)
        yield f"blocks.{i}.attn_out", (H * HD, D)
        yield f"blocks.{i}.mlp_norm", (D,)
        yield f"blocks.{i}.gate_up", (D, 2 * F)
        yield f"blocks.{i}.down", (F, D)
    yield "final_norm", (D,)
    if not tied:
        yield "lm_head", (D, V)


def make(family, tied):
    weights = {}
    for k, (name, shape) in enumerate(shapes(family, tied)):
        i = torch.arange(math.prod(shape), dtype=torch.float64)
        w = 0.4 * torch.sin(0.7 * i + 1.3 * k + 0.2) + (1.0 if name.endswith("norm") else 0.0)
        weights[name] = w.reshape(shape).requires_grad_()
    return weights


def norm(x, gain):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPS) * gain


def rotate(x):  # [T, heads, HD]
    t = torch.arange(x.shape[0], dtype=torch.float64)
    angle = t[:, None] * THETA ** (-torch.arange(0, HD, 2, dtype=torch.float64) / HD)[None, :]
    cos, sin = torch.cat([angle.cos()] * 2, -1)[:, None], torch.cat([angle.sin()] * 2, -1)[:, None]
    half = torch.cat([-x[..., HD // 2:], x[..., :HD // 2]], -1)
    return x * cos + half * sin


def forward(w, tokens, family, tied):
    x = w["embed.weight"][tokens]
    t = len(tokens)
    mask = torch.full((t, t), float("-inf")).triu(1)
    for i in range(L):
        qkv = norm(x, w[f"blocks.{i}.attn_norm"]) @ w[f"blocks.{i}.qkv"]
        if family == "Qwen2":
            qkv = qkv + w[f"blocks.{i}.qkv_bias"]
        q, k, v = qkv.split([H * HD, KV * HD, KV * HD], -1)
        q, k, v = q.reshape(t, H, HD), k.reshape(t, KV, HD), v.reshape(t, KV, HD)
        if family == "Qwen3":
            q, k = norm(q, w[f"blocks.{i}.q_norm"]), norm(k, w[f"blocks.{i}.k_norm"])
        q, k = rotate(q), rotate(k)
        k, v = k.repeat_interleave(H // KV, 1), v.repeat_interleave(H // KV, 1)
        scores = torch.einsum("ihd,jhd->hij", q, k) / math.sqrt(HD) + mask
        mixed = torch.einsum("hij,jhd->ihd", scores.softmax(-1), v).reshape(t, H * HD)
        x = x + mixed @ w[f"blocks.{i}.attn_out"]
        gate, up = (norm(x, w[f"blocks.{i}.mlp_norm"]) @ w[f"blocks.{i}.gate_up"]).split(F, -1)
        x = x + (torch.nn.functional.silu(gate) * up) @ w[f"blocks.{i}.down"]
    return norm(x, w["final_norm"]) @ (w["embed.weight"].T if tied else w["lm_head"])


def case(family, tied):
    w = make(family, tied)
    loss, logits = 0.0, []
    for tokens, weight in zip(SEQUENCES, WEIGHTS):
        tokens = torch.tensor(tokens)
        z = forward(w, tokens[:-1], family, tied)
        logits.append(z)
        loss = loss + weight * torch.nn.functional.cross_entropy(z, tokens[1:], reduction="sum")
    loss.backward()
    rounded = lambda t: [float(f"{x:.7g}") for x in t.detach().flatten().tolist()]
    return {"family": family, "tied": tied, "loss": loss.item(), "logits": rounded(torch.cat(logits)), "gradients": {n: rounded(t.grad) for n, t in w.items()}}


CASES = [("Llama", True), ("Llama", False), ("Qwen2", True), ("Qwen3", False)]
json.dump({"cases": [case(*c) for c in CASES]}, sys.stdout, separators=(",", ":"))
print()
