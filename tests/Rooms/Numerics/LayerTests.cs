using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public unsafe class LayerTests
{
    public static TheoryData<SimdLevel> Levels => Blocks.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void RmsNorm_equals_its_twin(SimdLevel level)
    {
        RngStream rng = RngStream.Root(10);
        foreach (int d in (int[])[1, 7, 64, 96, 131])
        {
            const int N = 9;
            int ldx = d + 2, ldy = d + 1;
            using FloatBuffer x = Blocks.Random(rng, N * ldx, 2), gain = Blocks.Random(rng, d), y = new(N * ldy), y2 = new(N * ldy),
                r = new(N), r2 = new(N);
            KernelSet.For(level).RmsNormForward(N, d, x.Pointer, ldx, gain.Pointer, 1e-5f, y.Pointer, ldy, r.Pointer);
            ScalarLayers.RmsNormForward(N, d, x.Pointer, ldx, gain.Pointer, 1e-5f, y2.Pointer, ldy, r2.Pointer);
            Blocks.Close(y2, y, 2e-6, $"{level} forward {d}");
            Blocks.Close(r2, r, 2e-6, $"{level} rstd {d}");
            foreach (bool withGain in (bool[])[true, false])
            {
                using FloatBuffer dy = Blocks.Random(rng, N * ldy), dx = Blocks.Random(rng, N * ldx), dx2 = Blocks.Clone(dx),
                    dg = Blocks.Random(rng, d), dg2 = Blocks.Clone(dg);
                KernelSet.For(level).RmsNormBackward(
                    N, d, x.Pointer, ldx, gain.Pointer, r2.Pointer, dy.Pointer, ldy, dx.Pointer, ldx, withGain ? dg.Pointer : null);
                ScalarLayers.RmsNormBackward(
                    N, d, x.Pointer, ldx, gain.Pointer, r2.Pointer, dy.Pointer, ldy, dx2.Pointer, ldx, withGain ? dg2.Pointer : null);
                Blocks.Close(dx2, dx, 5e-6, $"{level} dx {d}");
                Blocks.Close(dg2, dg, 5e-6, $"{level} dgain {d}");
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Rotary_equals_its_twin_and_its_inverse_undoes_it(SimdLevel level)
    {
        RngStream rng = RngStream.Root(11);
        foreach (int hd in (int[])[2, 12, 16, 32, 64, 70])
        {
            const int N = 11, Heads = 3;
            int ld = Heads * hd + 5;
            int[] positions = [.. Enumerable.Range(0, N).Select(_ => rng.NextInt(200))];
            using RotaryTable table = new(hd, 200, 10000);
            using FloatBuffer x = Blocks.Random(rng, N * ld), before = Blocks.Clone(x), y = Blocks.Clone(x);
            fixed (int* p = positions)
            {
                KernelSet.For(level).RotaryApply(N, Heads, hd, x.Pointer, ld, p, table.Pointer, false);
                ScalarLayers.RotaryApply(N, Heads, hd, y.Pointer, ld, p, 10000, false);
                Blocks.Close(y, x, 1e-6, $"{level} {hd}");
                KernelSet.For(level).RotaryApply(N, Heads, hd, x.Pointer, ld, p, table.Pointer, true);
            }
            Blocks.Close(before, x, 1e-6, $"{level} inverse {hd}");
        }
        using RotaryTable other = new(16, 8, 10000);
        Assert.Throws<ArgumentException>(() =>
        {
            int p = 8;
            Rotary.Apply(1, 1, 16, null, 16, &p, other, false);
        });
    }

    [Theory, MemberData(nameof(Levels))]
    public void SwiGlu_equals_its_twin(SimdLevel level)
    {
        RngStream rng = RngStream.Root(12);
        foreach (int f in (int[])[1, 31, 64, 352])
        {
            const int N = 5;
            int ldg = 2 * f + 3, ldy = f + 1;
            using FloatBuffer g = Blocks.Random(rng, N * ldg, 20), y = new(N * ldy), y2 = new(N * ldy), dy = Blocks.Random(rng, N * ldy),
                d = new(N * ldg), d2 = new(N * ldg);
            KernelSet.For(level).SwiGluForward(N, f, g.Pointer, ldg, y.Pointer, ldy);
            ScalarLayers.SwiGluForward(N, f, g.Pointer, ldg, y2.Pointer, ldy);
            Blocks.Close(y2, y, 1e-6, $"{level} forward {f}");
            KernelSet.For(level).SwiGluBackward(N, f, g.Pointer, ldg, dy.Pointer, ldy, d.Pointer, ldg);
            ScalarLayers.SwiGluBackward(N, f, g.Pointer, ldg, dy.Pointer, ldy, d2.Pointer, ldg);
            Blocks.Close(d2, d, 2e-6, $"{level} backward {f}");
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Cross_entropy_equals_its_twin(SimdLevel level)
    {
        KernelSet kernels = KernelSet.For(level);
        RngStream rng = RngStream.Root(13);
        foreach (int v in (int[])[1, 5, 48, 517])
        {
            const int N = 6;
            int ld = v + 3;
            using FloatBuffer logits = Blocks.Random(rng, N * ld, 30), weights = Blocks.Random(rng, N), expected = Blocks.Clone(logits);
            using FloatBuffer logp = new(N), losses = new(N), losses2 = new(N), logs = Blocks.Clone(logits), logs2 = Blocks.Clone(logits);
            int[] targets = [.. Enumerable.Range(0, N).Select(_ => rng.NextInt(v))];
            for (int i = 0; i < N; i++)
            {
                double[] twin = ScalarLayers.LogSoftmax(v, logits.Pointer + i * ld);
                losses2.Pointer[i] = (float)-twin[targets[i]];
                for (int j = 0; j < v; j++)
                {
                    logs2.Pointer[i * ld + j] = (float)twin[j];
                    expected.Pointer[i * ld + j] = (float)(weights.Pointer[i] * (Math.Exp(twin[j]) - (j == targets[i] ? 1 : 0)));
                }
            }
            fixed (int* t = targets)
            {
                kernels.LogProbabilities(N, v, logits.Pointer, ld, t, logp.Pointer);
                kernels.LogSoftmax(N, v, logs.Pointer, ld);
                kernels.CrossEntropy(N, v, logits.Pointer, ld, t, weights.Pointer, losses.Pointer);
            }
            Blocks.Close(losses2, losses, 1e-6, $"{level} losses {v}");
            Blocks.Close(expected, logits, 1e-6, $"{level} gradient {v}");
            Blocks.Close(logs2, logs, 1e-6, $"{level} log-softmax {v}");
            Elementwise.Scale(N, -1, logp.Pointer);
            Blocks.Close(losses2, logp, 1e-6, $"{level} log-probabilities {v}");
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Masked_logits_get_no_probability(SimdLevel level)
    {
        using FloatBuffer logits = new(40), losses = new(1), weights = new(1);
        weights.Pointer[0] = 1;
        logits.Span(0, 40).Fill(float.NegativeInfinity);
        (logits.Pointer[3], logits.Pointer[38]) = (1, 1);
        int target = 38;
        KernelSet.For(level).CrossEntropy(1, 40, logits.Pointer, 40, &target, weights.Pointer, losses.Pointer);
        Assert.Equal(MathF.Log(2), losses.Pointer[0], 1e-6);
        for (int j = 0; j < 40; j++) Assert.Equal(j == 3 ? 0.5f : j == 38 ? -0.5f : 0, logits.Pointer[j]);
    }

    [Theory, MemberData(nameof(Levels))]
    public void Exp_is_exact_to_a_few_bits_and_saturates(SimdLevel level)
    {
        using FloatBuffer x = new(100_003), y = new(100_003);
        for (int i = 0; i < x.Length; i++) x.Pointer[i] = -87.3f + 175.6f * i / x.Length;
        KernelSet.For(level).Exp(x.Length, x.Pointer, y.Pointer);
        for (int i = 0; i < x.Length; i++)
        {
            if (!(Math.Abs(y.Pointer[i] / Math.Exp(x.Pointer[i]) - 1) < 2e-7)) Assert.Fail($"exp({x.Pointer[i]}) = {y.Pointer[i]}");
        }
        (x.Pointer[0], x.Pointer[1], x.Pointer[2], x.Pointer[3]) = (float.NegativeInfinity, -88, 0, 1e9f);
        KernelSet.For(level).Exp(17, x.Pointer, y.Pointer);
        Assert.Equal([0, 0, 1], y.Span(0, 3).ToArray());
        Assert.InRange(y.Pointer[3], 2e38f, float.MaxValue);
    }
}
