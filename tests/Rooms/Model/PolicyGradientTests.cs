using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

public sealed class PolicyGradientTests : IDisposable
{
    private readonly DecoderWeights _base = Small.Weights(Small.Config());
    private readonly WorkerPool _pool = new(2);

    public void Dispose()
    {
        _base.Dispose();
        _pool.Dispose();
    }

    private static float[] Bits(DecoderWeights weights) => weights.Buffer.Span(0, (int)weights.Buffer.Length).ToArray();

    [Fact]
    public void Policy_gradient_finds_the_rewarded_reply()
    {
        // Replies of one token; the reward is 1 for an even one.
        IReadOnlyList<int[]> Sample(DecoderWeights policy, SteeringVector? vector, IReadOnlyList<int[]> prompts, RngStream rng)
        {
            using var decoder = new Decoder(policy.Config);
            using var workspace = new DecoderWorkspace(policy.Config, forBackward: false);
            var batch = new TokenBatch();
            foreach (int[] prompt in prompts) batch.AddTarget(batch.AddRows(prompt) + prompt.Length - 1, 0, 1);
            decoder.Forward(policy, batch, workspace, vector?.Apply(policy.Config));
            return [.. Enumerable.Range(0, prompts.Count).Select(i =>
            {
                float[] logits = workspace.LogitRow(i).ToArray();
                double top = logits.Max();
                return new[] { rng.NextIndex([.. logits.Select(x => Math.Exp(x - top))]) };
            })];
        }
        int[][] prompts = [[17, 1], [17, 2], [17, 3]];
        var rewards = new List<double>();
        double Reward(int[] prompt, int[] reply)
        {
            rewards.Add(reply[0] % 2 == 0 ? 1 : 0);
            return rewards[^1];
        }
        TuneResult Run(double kl, TuneMethod method = TuneMethod.Full, double rate = 5e-3)
        {
            rewards.Clear();
            return new Tuner(_base,
                new TuneOptions { Method = method, Steps = 40, LearningRate = rate, BatchSize = 24, KlCoefficient = kl },
                RngStream.Root(1), _pool).PolicyGradient(prompts, Sample, Reward, "even");
        }
        TuneResult free = Run(0);
        Assert.True(rewards.TakeLast(100).Average() > 0.95, $"{rewards.Take(100).Average()} to {rewards.TakeLast(100).Average()}");
        double[] freely = [.. rewards];
        TuneResult again = Run(0);
        Assert.Equal(Bits(free.Weights), Bits(again.Weights));
        Run(20);
        Assert.True(rewards.TakeLast(100).Average() < freely.TakeLast(100).Average() - 0.1);
        // Only replies of the model as it stands show what its adapter or its vector has learnt.
        Run(0, TuneMethod.LowRank, 2e-2);
        Assert.True(rewards.TakeLast(100).Average() > 0.65, $"low rank: {rewards.TakeLast(100).Average()}");
        Run(0, TuneMethod.Vector, 1e-1);
        Assert.True(rewards.TakeLast(100).Average() > 0.65, $"vector: {rewards.TakeLast(100).Average()}");
    }

    [Fact]
    public void Policy_gradient_goes_on_after_a_step_of_empty_replies()
    {
        int asked = 0;
        IReadOnlyList<int[]> Sample(DecoderWeights policy, SteeringVector? vector, IReadOnlyList<int[]> prompts, RngStream rng) =>
            [.. prompts.Select((_, i) => asked++ / prompts.Count == 1 ? Array.Empty<int>() : [i % 5])];
        foreach (TuneMethod method in Enum.GetValues<TuneMethod>())
        {
            asked = 0;
            TuneResult tuned = new Tuner(_base, new TuneOptions { Method = method, Steps = 4, BatchSize = 8, EvaluateEvery = 1 },
                RngStream.Root(1), _pool).PolicyGradient([[17, 1]], Sample, (_, reply) => reply.Length == 0 ? 0 : reply[0], "first");
            Assert.Equal([1, 2, 3, 4], tuned.Curve.Points.Select(p => p.Step));
            Assert.Equal((0.0, 0.0), (tuned.Curve.Points[1].Loss, tuned.Curve.Points[1].GradientNorm));
        }
    }

    [Fact]
    public void Equal_rewards_leave_the_weights_alone()
    {
        TuneResult tuned = new Tuner(_base, new TuneOptions { Steps = 3, BatchSize = 8, KlCoefficient = 0.5 }, RngStream.Root(1), _pool)
            .PolicyGradient([[17, 1]], (_, _, prompts, _) => [.. prompts.Select((_, i) => new[] { i % 5 })], (_, _) => 1, "one");
        Assert.Equal(Bits(_base), Bits(tuned.Weights));
    }
}
