using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

public sealed class ContrastTunerTests : IDisposable
{
    private readonly DecoderWeights _base = Small.Weights(Small.Config());

    public void Dispose() => _base.Dispose();

    [Theory]
    [InlineData(2, 0.5, 0)]
    [InlineData(3, 1.2, 0.3)]
    public void A_push_is_minus_the_gradient_of_the_loss(int owners, double scale, double likelihood)
    {
        RngStream rng = RngStream.Root(2);
        float[][] told =
            [.. Enumerable.Range(0, owners).Select(_ => Enumerable.Range(0, 5).Select(_ => (float)(2 * rng.NextGaussian())).ToArray())];
        int[] own = [.. Enumerable.Range(0, 5).Select(i => i % owners)];
        double[][] pushes = ContrastTuner.Pushes(told, own, scale, likelihood, out double contrast);
        double Loss() =>
            Enumerable.Range(0, 5).Sum(i => -Math.Log(Math.Exp(scale * told[own[i]][i]) / told.Sum(t => Math.Exp(scale * t[i])))
                - (likelihood * told[own[i]][i]));
        Assert.Equal(contrast, (Loss() + (likelihood * Enumerable.Range(0, 5).Sum(i => told[own[i]][i]))) / 5, 1e-6);
        for (int i = 0; i < 5; i++)
        {
            for (int h = 0; h < owners; h++)
            {
                float at = told[h][i];
                told[h][i] = at + 0.01f;
                double above = Loss();
                told[h][i] = at - 0.01f;
                double below = Loss();
                told[h][i] = at;
                Assert.Equal(-(above - below) / 0.02, pushes[i][h], 1e-3);
            }
        }
    }

    [Fact]
    public void For_two_adapters_and_one_prompt_it_is_the_loss_of_DPO()
    {
        // -log sigma(beta * margin), the margin that of one adapter over the other.
        ContrastTuner.Pushes([[-3f], [-5f]], [0], 0.7, 0, out double contrast);
        Assert.Equal(Math.Log(1 + Math.Exp(-0.7 * 2)), contrast, 1e-9);
    }

    // Owner h answers prompt i with the words of its third, mostly.
    private static TuneExample[] Say(int owner, int count, ulong seed)
    {
        RngStream rng = RngStream.Root(seed).Child("say", owner);
        return [.. Enumerable.Range(0, count).Select(_ => new TuneExample([17, rng.NextInt(5), 3],
            [.. Enumerable.Range(0, 4).Select(_ => rng.NextBool(0.6) ? (6 * owner) + rng.NextInt(6) : rng.NextInt(18))]))];
    }

    private (LowRankAdapter[] Adapters, double[] Losses) Run(int threads, double likelihood = 0.05, double scale = 0.5)
    {
        using var pool = new WorkerPool(threads);
        LowRankAdapter[] adapters =
            [.. Enumerable.Range(0, 3).Select(h => new LowRankAdapter(_base.Config, 4, 4, RngStream.Root(1).Child("adapter", h)))];
        var options = new TuneOptions { Method = TuneMethod.LowRank, Steps = 60, BatchSize = 24, LearningRate = 1e-2, EvaluateEvery = 20 };
        var points = new List<int>();
        double[] losses = new ContrastTuner(_base, options, scale, likelihood, RngStream.Root(2), pool) { AtPoint = points.Add }
            .Run(adapters, [.. Enumerable.Range(0, 3).Select(h => Say(h, 40, 1))]);
        Assert.Equal([20, 40, 60], points);
        return (adapters, losses);
    }

    [Fact]
    public void Adapters_tell_their_own_words_apart_on_replies_they_have_not_seen()
    {
        (LowRankAdapter[] adapters, double[] losses) = Run(2);
        Assert.Equal(Math.Log(3), losses[0], 1e-4);
        Assert.True(losses[^10..].Average() < 0.7);
        using var pool = new WorkerPool(2);
        float[][] told = [.. adapters.Select(a =>
        {
            using DecoderWeights merged = a.Merge(_base);
            return ReplyScores.Compute(merged,
                [.. Enumerable.Range(0, 3).SelectMany(h => Say(h, 40, 5)).Select(e => (e.Prefix, e.Reply))], pool);
        })];
        int right = Enumerable.Range(0, 120).Count(i => Enumerable.Range(0, 3).MaxBy(h => told[h][i]) == i / 40);
        Assert.True(right > 80, $"{right} of 120");
        foreach (LowRankAdapter adapter in adapters) adapter.Dispose();
    }

    [Fact]
    public void Same_bits_for_any_number_of_threads()
    {
        (LowRankAdapter[] one, double[] losses) = Run(1);
        (LowRankAdapter[] three, double[] same) = Run(3);
        Assert.Equal(losses, same);
        foreach ((LowRankAdapter a, LowRankAdapter b) in one.Zip(three))
        {
            Assert.Equal(a.Factors("blocks.0.attn_out").B, b.Factors("blocks.0.attn_out").B);
            a.Dispose();
            b.Dispose();
        }
    }

    [Fact]
    public void A_run_that_was_stopped_or_crashed_goes_on_to_the_same_bits()
    {
        (LowRankAdapter[] whole, double[] losses) = Run(2);
        using var folder = new TemporaryFolder();
        string path = folder["checkpoint"], copy = folder["copy"];
        using var pool = new WorkerPool(1);
        double[]? Go(string at, int stopAt, ulong seed, List<int> points, LowRankAdapter[] adapters, bool crashes = false)
        {
            using var stop = new CancellationTokenSource();
            var options = new TuneOptions
            {
                Method = TuneMethod.LowRank,
                Steps = 60,
                BatchSize = 24,
                LearningRate = 1e-2,
                EvaluateEvery = 20,
                CheckpointPath = at,
                CheckpointEvery = 7,
            };
            try
            {
                return new ContrastTuner(_base, options, 0.5, 0.05, RngStream.Root(seed), pool) { AtPoint = points.Add }.Run(adapters,
                    [.. Enumerable.Range(0, 3).Select(h => Say(h, 40, 1))], new Told(p =>
                    {
                        if (p.Done != stopAt) return;
                        // What a crash leaves is the file as it is now.
                        if (crashes) File.Copy(at, copy);
                        else stop.Cancel();
                    }), stop.Token);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }
        LowRankAdapter[] Fresh() =>
            [.. Enumerable.Range(0, 3).Select(h => new LowRankAdapter(_base.Config, 4, 4, RngStream.Root(1).Child("adapter", h)))];

        foreach ((string at, int[] stops, int[] measured) in new[] { (path, new[] { 3, 20, 33 }, new[] { 20, 40, 60 }),
            (copy, new[] { 46 }, [60]) })
        {
            var points = new List<int>();
            // A run that ends leaves its last checkpoint; whoever keeps what came of it takes that away.
            if (at == copy) Go(folder["crashed"], 46, 2, [], Fresh(), crashes: true);
            else foreach (int stopAt in stops) Assert.Null(Go(at, stopAt, 2, points, Fresh()));
            Assert.Equal("checkpoint-mismatch", Assert.Throws<UserErrorException>(() => Go(at, -1, 3, [], Fresh())).Code);
            LowRankAdapter[] adapters = Fresh();
            Assert.Equal(losses, Go(at, -1, 2, points, adapters));
            Assert.Equal(measured, points);
            foreach ((LowRankAdapter a, LowRankAdapter b) in whole.Zip(adapters)) Assert.Equal(a.Id, b.Id);
        }
    }

    private sealed class Told(Action<WorkProgress> at) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => at(value);
    }

    [Fact]
    public void What_it_is_given_is_checked()
    {
        using var pool = new WorkerPool(1);
        using var adapter = new LowRankAdapter(_base.Config, 2, 2, RngStream.Root(1));
        var options = new TuneOptions { Steps = 1 };
        Assert.Throws<ArgumentException>(() =>
            new ContrastTuner(_base, options, 1, 0, RngStream.Root(1), pool).Run([adapter], [Say(0, 2, 1)]));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new ContrastTuner(_base, options, 0, 0, RngStream.Root(1), pool).Run([adapter, adapter], [Say(0, 2, 1), Say(1, 2, 1)]));
    }
}
