using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

public sealed class TrainerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Counting upwards modulo 16 from a random start: learnable in a few dozen steps.</summary>
    private static GeneratedDocuments Counting(int seed = 1) => new("counting", i =>
    {
        RngStream rng = RngStream.Root((ulong)seed).Child("document", i);
        int start = rng.NextInt(16);
        return [17, .. Enumerable.Range(start, 3 + rng.NextInt(20)).Select(x => x % 16), 18];
    });

    private static TrainOptions Options(int steps) => new()
    {
        Steps = steps,
        TokensPerStep = 200,
        WarmupSteps = 5,
        EvaluateEvery = 4,
        LearningRate = 1e-2,
        CheckpointEvery = 5,
    };

    private static (float[] Weights, TrainingCurve Curve) Train(TrainOptions options, int threads,
        Func<int, DecoderWeights, IReadOnlyDictionary<string, double>>? evaluate = null, Func<TrainingCurve, bool>? stop = null,
        CancellationToken cancellation = default)
    {
        using DecoderWeights weights = DecoderWeights.Initialise(Small.Config(), RngStream.Root(1));
        using var pool = new WorkerPool(threads);
        using var trainer = new Trainer(weights, Counting(), options, pool) { Evaluate = evaluate, StopWhen = stop };
        TrainingCurve curve = trainer.Run(null, cancellation);
        return (weights.Buffer.Span(0, (int)weights.Buffer.Length).ToArray(), curve);
    }

    private static string Text(TrainingCurve curve) => System.Text.Json.JsonSerializer.Serialize(curve);

    [Fact]
    public void Learns_to_count()
    {
        TrainingCurve curve = Train(Options(150), 1).Curve;
        Assert.True(curve.Points[0].Loss > 2.4);
        // The floor is the random start and the random end: below 0.6 nats per token the rule must have been learned.
        Assert.True(curve.Points[^1].Loss < 0.6, $"loss {curve.Points[^1].Loss}");
    }

    [Fact]
    public void One_two_and_three_threads_give_the_same_bits()
    {
        (float[] Weights, TrainingCurve Curve) one = Train(Options(12), 1);
        foreach (int threads in (int[])[2, 3])
        {
            (float[] Weights, TrainingCurve Curve) many = Train(Options(12), threads);
            Assert.Equal(one.Weights, many.Weights);
            Assert.Equal(Text(one.Curve), Text(many.Curve));
        }
    }

    [Fact]
    public void Muon_learns_faster_and_gives_the_same_bits_for_any_number_of_threads()
    {
        TrainOptions options = Options(60) with { HiddenLearningRate = 0.02 };
        (float[] Weights, TrainingCurve Curve) one = Train(options, 1);
        Assert.Equal(one.Weights, Train(options, 3).Weights);
        Assert.True(one.Curve.Points[^1].Loss < Train(Options(60), 1).Curve.Points[^1].Loss);
    }

    [Theory]
    [InlineData(7, 20)]
    [InlineData(20, 7)]
    public unsafe void A_Muon_step_is_nearly_half_orthogonal_and_along_the_gradient(int rows, int columns)
    {
        const int Stride = 24;
        RngStream rng = RngStream.Root(1);
        using var weights = new FloatBuffer(rows * Stride);
        using var gradient = new FloatBuffer(rows * Stride);
        using var momentum = new FloatBuffer(rows * Stride);
        foreach (ref float g in gradient.Span(0, rows * Stride)) g = (float)rng.NextGaussian();
        using var muon = new Muon(rows * columns, Math.Min(rows, columns));
        muon.Step(rows, columns, Stride, weights.Pointer, gradient.Pointer, momentum.Pointer, 1, 0, 1);
        double scale = Math.Sqrt(Math.Max(1.0, (double)columns / rows)), along = 0, squares = 0;
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < Stride; j++)
            {
                double w = weights.Pointer[i * Stride + j] / scale;
                if (j >= columns) Assert.Equal(0, w); // its neighbours in a fused matrix are left alone
                squares += w * w;
                along -= w * gradient.Pointer[i * Stride + j];
            }
        }
        // Singular values between 0.7 and 1.2: the sum of their squares lies near the rank.
        Assert.InRange(squares / Math.Min(rows, columns), 0.6, 1.4);
        Assert.True(along > 0);
    }

    [Fact]
    public unsafe void A_step_allocates_nothing()
    {
        using DecoderWeights weights = DecoderWeights.Initialise(Small.Config(), RngStream.Root(1));
        using var pool = new WorkerPool(1);
        int[][] documents = [.. Enumerable.Range(0, 32).Select(i => Small.Document(12 + i % 3, (ulong)i))];
        var allocated = new long[10_000];
        int asked = 0;
        using var trainer = new Trainer(weights, new GeneratedDocuments("loop", i =>
        {
            // Asked for on the thread that takes the steps.
            allocated[asked++] = GC.GetAllocatedBytesForCurrentThread();
            return documents[i % 32];
        }), Options(120) with { EvaluateEvery = 0 }, pool);
        trainer.Run();
        // The runtime may allocate once, at a moment of its own; what a step allocates would come again in each.
        int longest = allocated.Take(asked).CountBy(bytes => bytes).Max(stretch => stretch.Value);
        Assert.True(longest > asked / 3,
            $"of {asked} documents at most {longest} without an allocation, {allocated[asked - 1] - allocated[0]} bytes in all");
    }

    [Theory]
    [InlineData(4)] // before the first checkpoint
    [InlineData(8)] // between two checkpoints
    [InlineData(12)]
    public void A_crash_and_a_second_start_give_the_same_bits(int crash)
    {
        TrainOptions options = Options(17) with { CheckpointPath = _folder["a.psmtrain"] };
        (float[] Weights, TrainingCurve Curve) whole = Train(Options(17), 2, evaluate: Read);
        Assert.Throws<InvalidDataException>(() =>
            Train(options, 2, evaluate: (step, w) => step == crash ? throw new InvalidDataException() : Read(step, w)));
        Assert.Equal(crash > 5, File.Exists(options.CheckpointPath));
        (float[] Weights, TrainingCurve Curve) resumed = Train(options, 1, evaluate: Read);
        Assert.Equal(whole.Weights, resumed.Weights);
        Assert.Equal(Text(whole.Curve), Text(resumed.Curve));

        static IReadOnlyDictionary<string, double> Read(int step, DecoderWeights w) =>
            new Dictionary<string, double> { ["first"] = w.Buffer.Span(0, 1)[0], ["none"] = double.NaN };
        static string Text(TrainingCurve curve) =>
            string.Join(";", curve.Points.Select(p => (p with { Readings = new Dictionary<string, double>() })
                + string.Join(",", p.Readings)));
    }

    [Fact]
    public void Cancelling_saves_and_a_second_start_goes_on()
    {
        TrainOptions options = Options(17) with { CheckpointPath = _folder["b.psmtrain"], CheckpointEvery = 0 };
        using var cancellation = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Train(options, 1, (step, _) =>
        {
            if (step == 8) cancellation.Cancel();
            return new Dictionary<string, double>();
        }, cancellation: cancellation.Token));
        Assert.True(File.Exists(options.CheckpointPath));
        int first = int.MaxValue;
        (float[] Weights, TrainingCurve Curve) resumed = Train(options, 1, (step, _) =>
        {
            first = Math.Min(first, step);
            return new Dictionary<string, double>();
        });
        Assert.Equal(12, first);
        Assert.Equal(Train(Options(17), 1).Weights, resumed.Weights);
    }

    [Fact]
    public void What_was_measured_before_a_crash_is_not_measured_again()
    {
        TrainOptions options = Options(17) with { CheckpointPath = _folder["d.psmtrain"], CheckpointEvery = 1000 };
        List<int> Measured(int crash)
        {
            var steps = new List<int>();
            IReadOnlyDictionary<string, double> Read(int step, DecoderWeights _)
            {
                steps.Add(step);
                return step == crash ? throw new InvalidDataException() : new Dictionary<string, double>();
            }
            if (crash > 0) Assert.Throws<InvalidDataException>(() => Train(options, 1, Read));
            else Assert.Equal(Train(Options(17), 1).Weights, Train(options, 1, Read).Weights);
            return steps;
        }
        Assert.Equal([4, 8, 12], Measured(crash: 12));
        Assert.Equal([12, 16, 17], Measured(crash: 0));
    }

    [Fact]
    public void Damaged_and_foreign_checkpoints_are_refused()
    {
        string path = _folder["c.psmtrain"];
        TrainOptions options = Options(12) with { CheckpointPath = path };
        Train(options, 1);
        byte[] sound = File.ReadAllBytes(path);
        foreach (int at in (int[])[3, 9, 40, sound.Length / 2, sound.Length - 1])
        {
            byte[] damaged = [.. sound];
            damaged[at] ^= 0x41;
            File.WriteAllBytes(path, damaged);
            Assert.Equal("corrupt-checkpoint", Assert.Throws<UserErrorException>(() => Train(options, 1)).Code);
        }
        File.WriteAllBytes(path, sound[..(sound.Length / 3)]);
        Assert.Equal("corrupt-checkpoint", Assert.Throws<UserErrorException>(() => Train(options, 1)).Code);
        File.WriteAllBytes(path, []);
        Assert.Equal("corrupt-checkpoint", Assert.Throws<UserErrorException>(() => Train(options, 1)).Code);
        File.WriteAllBytes(path, sound);
        Assert.Equal("checkpoint-mismatch", Assert.Throws<UserErrorException>(() => Train(options with { LearningRate = 1e-3 }, 1)).Code);
    }

    [Fact]
    public void Stops_early_when_a_reading_no_longer_improves()
    {
        TrainingCurve curve = Train(Options(60), 1, evaluate: (step, _) => new Dictionary<string, double> { ["r2"] = Math.Min(step, 12) },
            stop: TrainingCurve.NoLongerImproves("r2", 2, higherIsBetter: true)).Curve;
        Assert.Equal(20, curve.Points[^1].Step);
    }

    [Fact]
    public void A_source_that_ends_ends_the_run_and_long_documents_are_cut()
    {
        int[][] documents = [Small.Document(100, 1), Small.Document(40, 2), Small.Document(3, 3)];
        using DecoderWeights weights = DecoderWeights.Initialise(Small.Config(), RngStream.Root(1));
        using var pool = new WorkerPool(1);
        using var trainer = new Trainer(weights, new ListedDocuments(documents, RngStream.Root(2), epochs: 2), Options(1000), pool);
        TrainingCurve curve = trainer.Run();
        Assert.Equal(2 * (99 + 39 + 2), curve.Points[^1].Tokens);
    }

    /// <summary>Documents of many windows fill steps and do not burst them, and a killed run goes on in the middle of one.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(7)]
    public void A_document_longer_than_a_step_is_dealt_out_to_several(int crash)
    {
        int context = Small.Config().ContextLength;
        var documents = new GeneratedDocuments("long", i => Small.Document(i % 3 == 2 ? 60 : 700 + (int)i, (ulong)i));
        TrainOptions options = Options(12) with { TokensPerStep = 5 * context, EvaluateEvery = 1, CheckpointEvery = 1 };
        (float[] Weights, TrainingCurve Curve) whole = Run(options, null);
        // A short document that does not fit in at the end is all that a step may lack.
        long[] tokens = [.. whole.Curve.Points.Select(p => p.Tokens)];
        Assert.All(tokens.Select((t, i) => t - (i == 0 ? 0 : tokens[i - 1])), t => Assert.InRange(t, (5 * context) - 59, 5 * context));

        TrainOptions kept = options with { CheckpointPath = _folder["long.psmtrain"] };
        Assert.Throws<InvalidDataException>(() => Run(kept, crash));
        (float[] Weights, TrainingCurve Curve) resumed = Run(kept, null);
        Assert.Equal(whole.Weights, resumed.Weights);
        Assert.Equal(Text(whole.Curve), Text(resumed.Curve));

        (float[], TrainingCurve) Run(TrainOptions with, int? until)
        {
            using DecoderWeights weights = DecoderWeights.Initialise(Small.Config(), RngStream.Root(1));
            using var pool = new WorkerPool(1);
            documents.Position = 0;
            using var trainer = new Trainer(weights, documents, with, pool)
            {
                Evaluate = (step, _) => step == until ? throw new InvalidDataException() : new Dictionary<string, double>(),
            };
            TrainingCurve curve = trainer.Run();
            return (weights.Buffer.Span(0, (int)weights.Buffer.Length).ToArray(), curve);
        }
    }

    [Fact]
    public void The_schedule_warms_up_and_ends_at_its_fraction()
    {
        TrainOptions options = new() { Steps = 100, WarmupSteps = 10, LearningRate = 2 };
        Assert.Equal(0.2, options.LearningRateAt(1), 12);
        Assert.Equal(2, options.LearningRateAt(10), 12);
        Assert.Equal(1.05, options.LearningRateAt(55), 12);
        Assert.Equal(0.1, options.LearningRateAt(100), 12);
        options = options with { Decay = LearningRateDecay.Linear, FinalLearningRate = 0 };
        Assert.Equal(2, options.LearningRateAt(10), 12);
        Assert.Equal(2 * (1 - 30 / 90.0), options.LearningRateAt(40), 12);
        Assert.Equal(0, options.LearningRateAt(100), 12);
    }

    [Fact]
    public void Listed_documents_come_each_once_an_epoch_and_resume_anywhere()
    {
        int[][] documents = [.. Enumerable.Range(0, 10).Select(i => new[] { i, i })];
        var source = new ListedDocuments(documents, RngStream.Root(5));
        int[] order = [.. Enumerable.Range(0, 30).Select(_ => source.Next()[0])];
        Assert.Equal(Enumerable.Range(0, 10), order[10..20].Order());
        Assert.NotEqual(order[..10], order[10..20]);
        source.Position = 13;
        Assert.Equal(order[13], source.Next()[0]);
        source.Position = 4;
        Assert.Equal(order[4], source.Next()[0]);
    }
}
