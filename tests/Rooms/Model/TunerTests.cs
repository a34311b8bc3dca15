using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

public sealed class TunerTests : IDisposable
{
    private readonly DecoderWeights _base = Small.Weights(Small.Config());
    private readonly WorkerPool _pool = new(2);
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _base.Dispose();
        _pool.Dispose();
        _folder.Dispose();
    }

    private static IReadOnlyList<TuneExample> Examples(double weight = 1) =>
        [.. Enumerable.Range(0, 20).Select(i => new TuneExample([17, i % 5, 3], [7, (i % 5) + 8], weight))];

    private double MeanScore(DecoderWeights weights, IReadOnlyList<TuneExample> examples) =>
        ReplyScores.Compute(weights, [.. examples.Select(e => (e.Prefix, e.Reply))], _pool).Average();

    private TuneResult Tune(TuneOptions options, IReadOnlyList<TuneExample> examples, int threads = 2)
    {
        using var pool = new WorkerPool(threads);
        return new Tuner(_base, options, RngStream.Root(3), pool).Supervised(examples);
    }

    private static float[] Bits(DecoderWeights weights) => weights.Buffer.Span(0, (int)weights.Buffer.Length).ToArray();

    [Fact]
    public void Full_tuning_makes_the_replies_likely_and_leaves_the_base_alone()
    {
        float[] before = Bits(_base);
        TuneResult tuned = Tune(new TuneOptions { Steps = 40, LearningRate = 1e-2 }, Examples());
        Assert.True(MeanScore(_base, Examples()) < -3);
        Assert.True(MeanScore(tuned.Weights, Examples()) > -0.5);
        Assert.Equal(before, Bits(_base));
    }

    [Fact]
    public void Only_the_reply_carries_loss_unless_asked()
    {
        // The mean over reply tokens, by hand, equals the first point of the curve.
        IReadOnlyList<TuneExample> examples = Examples();
        double byReply = -MeanScore(_base, examples) / 2;
        TuneResult tuned = Tune(new TuneOptions { Steps = 1, BatchSize = 20 }, examples);
        Assert.Equal(byReply, tuned.Curve.Points[0].Loss, 1e-4);
        double byToken = -ReplyScores.Compute(_base, [.. examples.Select(e => (e.Prefix[..1], (int[])[.. e.Prefix[1..], .. e.Reply]))],
            _pool).Average() / 4;
        Assert.Equal(byToken,
            Tune(new TuneOptions { Steps = 1, BatchSize = 20, LossOnContext = true }, examples).Curve.Points[0].Loss, 1e-4);
        Assert.NotEqual(byReply, byToken, 1e-2);
    }

    [Fact]
    public void What_does_not_fit_the_decoder_is_refused()
    {
        int most = _base.Config.ContextLength;
        TuneExample Of(int prefix, int reply) => new(new int[prefix], new int[reply]);
        PreferencePair Pair(int chosen, int rejected) => new([1], new int[chosen], new int[rejected]);
        string Refusal(Action check) => Assert.Throws<UserErrorException>(check).Code;
        TuneExample.Check(_base.Config, [Of(3, 2), Of(most, 1)]);
        PreferencePair.Check(_base.Config, [Pair(1, most)]);
        Assert.Equal("prompt-too-long", Refusal(() => TuneExample.Check(_base.Config, [Of(3, 2), Of(most, 2)])));
        Assert.Equal("empty-reply", Refusal(() => TuneExample.Check(_base.Config, [Of(3, 0)])));
        Assert.Equal("empty-reply", Refusal(() => TuneExample.Check(_base.Config, [Of(0, 2)])));
        Assert.Equal("empty-reply", Refusal(() => PreferencePair.Check(_base.Config, [Pair(0, 1)])));
        Assert.Equal("empty-reply", Refusal(() => PreferencePair.Check(_base.Config, [Pair(1, 0)])));
        Assert.Equal("prompt-too-long", Refusal(() => PreferencePair.Check(_base.Config, [Pair(most + 1, 1)])));
        Assert.ThrowsAny<ArgumentException>(() => PreferencePair.Check(_base.Config, [Pair(1, 1) with { Weight = 0 }]));
    }

    [Fact]
    public void Negative_weights_push_away_but_not_without_end()
    {
        TuneResult tuned = Tune(new TuneOptions { Steps = 60, LearningRate = 1e-2, NegativeFloor = -6 }, Examples(-1));
        double score = MeanScore(tuned.Weights, Examples());
        Assert.True(score < MeanScore(_base, Examples()) - 1);
        Assert.True(score > -30, $"score {score}");
    }

    /// <summary>In batches of one a hundredth of a weight is not a whole one, nor in pairs; and weights have no unit.</summary>
    [Fact]
    public void Weights_count_in_batches_of_one()
    {
        var options = new TuneOptions { Steps = 20, BatchSize = 1, LearningRate = 3e-3 };
        float[] start = Bits(_base);
        double Moved(float[] from, float[] to) => Math.Sqrt(from.Zip(to, (a, b) => Math.Pow(a - b, 2)).Sum());
        float[] Examples(double first, double second) =>
            Bits(Tune(options, [.. TunerTests.Examples().Select((e, i) => e with { Weight = i % 2 == 0 ? first : second })]).Weights);
        float[] Pairs(double first, double second) => Bits(new Tuner(_base, options, RngStream.Root(3), _pool).Preferences(
            [.. TunerTests.Examples().Select((e, i) => new PreferencePair(e.Prefix, e.Reply, [2], i % 2 == 0 ? first : second))]).Weights);
        foreach (Func<double, double, float[]> tuned in (Func<double, double, float[]>[])[Examples, Pairs])
        {
            float[] even = tuned(1, 1);
            Assert.True(Moved(even, tuned(1, 0.01)) > 0.1 * Moved(start, even));
            Assert.Equal(even, tuned(4, 4));
        }
    }

    [Theory]
    [InlineData(TuneMethod.Full)]
    [InlineData(TuneMethod.LowRank)]
    [InlineData(TuneMethod.Vector)]
    public void Same_bits_for_any_number_of_threads_and_other_bits_for_another_seed(TuneMethod method)
    {
        var options = new TuneOptions { Method = method, Steps = 5, LearningRate = 1e-2 };
        TuneResult one = Tune(options, Examples(), 1), three = Tune(options, Examples(), 3);
        Assert.Equal(Bits(one.Weights), Bits(three.Weights));
        Assert.Equal(one.Vector?.Values, three.Vector?.Values);
        TuneResult other = new Tuner(_base, options, RngStream.Root(4), _pool).Supervised(Examples());
        Assert.NotEqual(one.Curve.Points[^1].Loss, other.Curve.Points[^1].Loss);
    }

    [Fact]
    public void An_adapter_for_scaled_positions_and_another_family_is_read_for_those_alone()
    {
        DecoderConfig config = _base.Config with { RopeScaling = new RotaryScaling(8, 1, 4, 16), Family = DecoderFamily.Qwen2 };
        using var adapter = new LowRankAdapter(config, 2, 4, RngStream.Root(5));
        string path = _folder["b.psmlora"];
        adapter.Save(path);
        using LowRankAdapter read = LowRankAdapter.Load(path, config);
        Assert.Equal(adapter.Factors("blocks.1.qkv").A, read.Factors("blocks.1.qkv").A);
        foreach (DecoderConfig other in (DecoderConfig[])[_base.Config, config with { Family = DecoderFamily.Llama },
            config with { RopeScaling = new RotaryScaling(4, 1, 4, 16) }])
            Assert.Equal("corrupt-adapter", Assert.Throws<UserErrorException>(() => LowRankAdapter.Load(path, other)).Code);
    }

    [Fact]
    public void A_low_rank_update_learns_merges_and_survives_its_file()
    {
        TuneResult tuned = Tune(new TuneOptions { Method = TuneMethod.LowRank, Steps = 60, LearningRate = 2e-2 }, Examples());
        Assert.True(MeanScore(tuned.Weights, Examples()) > MeanScore(_base, Examples()) + 2);
        using DecoderWeights merged = tuned.Adapter!.Merge(_base);
        Assert.Equal(Bits(tuned.Weights), Bits(merged));
        Assert.Equal(_base["embed.weight"].ToArray(), merged["embed.weight"].ToArray());
        string path = _folder["a.psmlora"];
        tuned.Adapter.Save(path);
        using LowRankAdapter read = LowRankAdapter.Load(path, _base.Config);
        using DecoderWeights again = read.Merge(_base);
        Assert.Equal(Bits(merged), Bits(again));
        Assert.Equal("corrupt-adapter", Assert.Throws<UserErrorException>(() => LowRankAdapter.Load(path, Small.Config(layers: 3))).Code);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.Equal("corrupt-adapter", Assert.Throws<UserErrorException>(() => LowRankAdapter.Load(path, _base.Config)).Code);
    }

    [Fact]
    public void The_update_has_the_rank_asked_for()
    {
        TuneResult tuned =
            Tune(new TuneOptions { Method = TuneMethod.LowRank, Rank = 1, Alpha = 3, Steps = 5, LearningRate = 1e-2 }, Examples());
        ParameterTensor qkv = _base.Layout["blocks.1.qkv"];
        (float[] a, float[] b) = tuned.Adapter!.Factors("blocks.1.qkv");
        for (int i = 0; i < qkv.Rows; i += 5)
        {
            for (int j = 0; j < qkv.Columns; j += 7)
                Assert.Equal(_base["blocks.1.qkv"][i * qkv.Columns + j] + 3 * a[i] * b[j],
                    tuned.Weights["blocks.1.qkv"][i * qkv.Columns + j], 1e-5f);
        }
    }

    [Fact]
    public void Low_rank_gradients_agree_with_differences()
    {
        using var adapter = new LowRankAdapter(_base.Config, 2, 3, RngStream.Root(1));
        RngStream rng = RngStream.Root(8);
        foreach (ref float x in adapter.Buffer.Span(0, (int)adapter.Length)) x += (float)(0.1 * rng.NextGaussian());
        using DecoderWeights merged = _base.Clone();
        using var trainable = new LowRankWeights(_base, merged, adapter);
        using var decoder = new Decoder(_base.Config);
        using var workspace = new DecoderWorkspace(_base.Config);
        using var full = new FloatBuffer(_base.Layout.Length);
        TokenBatch batch = Small.Batch();
        double Loss()
        {
            trainable.Materialise();
            return Small.Loss(decoder, merged, batch, workspace, new CrossEntropyLoss(-1000));
        }
        Loss();
        decoder.Backward(merged, batch, workspace, full);
        float[] gradient = trainable.PullBack(full, 0, [batch]).Gradient.Span(0, (int)adapter.Length).ToArray();
        GradientCheck.Agrees("adapter", adapter.Buffer.Span(0, (int)adapter.Length), gradient, Loss);
    }

    [Fact]
    public void A_vector_learns_with_frozen_weights()
    {
        TuneResult tuned =
            Tune(new TuneOptions { Method = TuneMethod.Vector, Steps = 80, LearningRate = 5e-2, EvaluateEvery = 1 }, Examples());
        Assert.Equal(Bits(_base), Bits(tuned.Weights));
        Assert.Equal("blocks.1.resid_post", tuned.Vector!.Site);
        Assert.True(tuned.Curve.Points[^1].Loss < tuned.Curve.Points[0].Loss - 0.5);
    }

    [Fact]
    public void Only_the_tensors_asked_for_move()
    {
        TuneResult tuned = Tune(new TuneOptions { Steps = 3, Tensors = ["blocks.1.", "final_norm"] }, Examples());
        foreach (ParameterTensor tensor in _base.Layout.Tensors)
        {
            bool moved = !_base[tensor.Name].SequenceEqual(tuned.Weights[tensor.Name]);
            Assert.Equal(tensor.Name.StartsWith("blocks.1.", StringComparison.Ordinal) || tensor.Name == "final_norm", moved);
        }
    }

    [Fact]
    public void Preference_tuning_opens_the_margin()
    {
        PreferencePair[] pairs = [.. Enumerable.Range(0, 10).Select(i => new PreferencePair([17, i], [5, 6], [8, 9, 10]))];
        TuneResult tuned =
            new Tuner(_base, new TuneOptions { Steps = 30, LearningRate = 3e-3, BatchSize = 8, EvaluateEvery = 1, Beta = 0.3 },
                RngStream.Root(1), _pool).Preferences(pairs);
        Assert.Equal(Math.Log(2), tuned.Curve.Points[0].Loss, 1e-4);
        Assert.True(tuned.Curve.Points[^1].Loss < 0.3);
    }

    [Fact]
    public void Weight_decay_spares_the_tensors_that_are_not_moved()
    {
        TuneResult tuned = Tune(new TuneOptions { Steps = 3, LearningRate = 1e-2, WeightDecay = 0.5, Tensors = TuneOptions.Blocks },
            Examples());
        Assert.Equal(_base["embed.weight"].ToArray(), tuned.Weights["embed.weight"].ToArray());
        Assert.NotEqual(_base["blocks.0.down"].ToArray(), tuned.Weights["blocks.0.down"].ToArray());
    }

    [Fact]
    public void Weights_that_the_last_step_drove_to_infinity_are_refused()
    {
        foreach (TuneMethod method in Enum.GetValues<TuneMethod>())
        {
            var error = Assert.Throws<UserErrorException>(
                () => Tune(new TuneOptions { Method = method, Steps = 1, LearningRate = 1e38 }, Examples()));
            Assert.Equal("training-diverged", error.Code);
        }
    }

    [Fact]
    public void An_adapter_whose_rank_is_a_lie_takes_no_memory()
    {
        using var adapter = new LowRankAdapter(_base.Config, 2, 2, RngStream.Root(1));
        string path = _folder["lie.psm"];
        AdapterFile.Save(path, _base.Config, 65536, 2, adapter.Buffer);
        Assert.Equal("corrupt-adapter", Assert.Throws<UserErrorException>(() => AdapterFile.Load<LowRankAdapter>(path, _base.Config,
            (_, _) => throw new InvalidOperationException("made"), a => a.Buffer)).Code);
    }

    [Fact]
    public void A_crash_resumes_to_the_same_bits()
    {
        foreach (TuneMethod method in Enum.GetValues<TuneMethod>())
        {
            var options = new TuneOptions { Method = method, Steps = 9, LearningRate = 1e-2, EvaluateEvery = 1 };
            TuneOptions kept = options with { CheckpointPath = _folder[$"{method}.psmtrain"], CheckpointEvery = 3 };
            TuneResult whole = Tune(options, Examples());
            var crashing = new Tuner(_base, kept, RngStream.Root(3), _pool)
            {
                Evaluate = (step, _) => step == 5 ? throw new InvalidDataException() : new Dictionary<string, double>(),
            };
            Assert.Throws<InvalidDataException>(() => crashing.Supervised(Examples()));
            TuneResult resumed = Tune(kept, Examples());
            Assert.Equal(Bits(whole.Weights), Bits(resumed.Weights));
            Assert.Equal(whole.Vector?.Values, resumed.Vector?.Values);
        }
    }

    [Fact]
    public void Examples_that_do_not_fit_are_named()
    {
        Assert.Equal("prompt-too-long",
            Assert.Throws<UserErrorException>(() => Tune(new TuneOptions(), [new TuneExample(new int[30], new int[5])])).Code);
        Assert.Equal("empty-reply", Assert.Throws<UserErrorException>(() => Tune(new TuneOptions(), [new TuneExample([1], [])])).Code);
        Assert.StartsWith("Training example 2 has 35 tokens", Assert.Throws<UserErrorException>(() => Tune(new TuneOptions(),
            [new TuneExample(new int[3], new int[5]), new TuneExample(new int[30], new int[5])])).Problem, StringComparison.Ordinal);
        Assert.StartsWith("a.jsonl, line 7: the episode has 35", Assert.Throws<UserErrorException>(() => Tune(new TuneOptions(),
            [new TuneExample(new int[30], new int[5]) { Named = "a.jsonl, line 7: the episode" }])).Problem, StringComparison.Ordinal);
        Assert.Equal("no-examples", Assert.Throws<UserErrorException>(() => Tune(new TuneOptions(), [])).Code);
    }
}
