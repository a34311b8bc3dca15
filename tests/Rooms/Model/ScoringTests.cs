using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

public sealed unsafe class ScoringTests
{
    [Theory]
    [MemberData(nameof(Tiny.ShapeNames), MemberType = typeof(Tiny))]
    public void Shared_prefixes_give_what_each_text_gives_alone(string shape)
    {
        using Transformer model = Tiny.Model(Tiny.Shapes[shape]);
        ScoreRequest[] requests = Requests(40);
        ScoreTable table = model.Score(requests, cancellation: TestContext.Current.CancellationToken);
        for (int r = 0; r < requests.Length; r++)
        {
            for (int c = 0; c < requests[r].Continuations.Count; c++)
            {
                double[] expected = Alone(model, requests[r].Prefix, requests[r].Continuations[c]);
                AssertClose(expected, table.TokenLogProbabilities[r][c], 1e-5);
            }
        }
    }

    [Fact]
    public void A_batch_gives_what_single_requests_give()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        ScoreRequest[] requests = Requests(12);
        ScoreTable together = model.Score(requests);
        for (int r = 0; r < requests.Length; r++)
        {
            float[][] alone = model.Score([requests[r]]).TokenLogProbabilities[0];
            for (int c = 0; c < alone.Length; c++)
                AssertClose(Array.ConvertAll(alone[c], x => (double)x), together.TokenLogProbabilities[r][c], 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Tiny.ShapeNames), MemberType = typeof(Tiny))]
    public void Requests_that_share_parts_alone_get_the_same_bits_with_any_others(string shape)
    {
        using Transformer model = Tiny.Model(Tiny.Shapes[shape]);
        RngStream rng = RngStream.Root(11);
        int[][] heads = [.. Enumerable.Range(0, 5).Select(i => Tiny.Tokens(rng, 1 + (5 * i)))];
        ScoreRequest[] requests = [.. Enumerable.Range(0, 200).Select(i =>
        {
            int[] head = heads[i % 5], question = [.. Enumerable.Repeat(7, i % 3), .. Tiny.Tokens(rng, i % 7 == 0 ? 0 : rng.NextInt(12))];
            int[] reply = Tiny.Tokens(rng, 1 + rng.NextInt(20));
            return new ScoreRequest([.. head, .. question],
                [reply, .. i % 4 == 0 ? (int[][])[[.. reply, 3], reply, Tiny.Tokens(rng, 2)] : []]) { Shared = head.Length };
        })];
        ScoreTable all = model.Score(requests);
        for (int r = 0; r < requests.Length; r++)
        {
            Assert.Equal(all.TokenLogProbabilities[r], model.Score([requests[r]]).TokenLogProbabilities[0]);
            int[] prefix = requests[r].Prefix;
            for (int c = 0; c < requests[r].Continuations.Count; c++)
                AssertClose(Alone(model, prefix, requests[r].Continuations[c]), all.TokenLogProbabilities[r][c], 1e-5);
        }
        // One reply of a request does not depend on the others, nor on requests that share in the other way.
        Assert.Equal(all.TokenLogProbabilities[0][0],
            model.Score([requests[0] with { Continuations = [requests[0].Continuations[0]] }]).TokenLogProbabilities[0][0]);
        float[][][] mixed = model.Score([.. requests, .. Requests(30)]).TokenLogProbabilities;
        Assert.Equal(all.TokenLogProbabilities, mixed[..200]);
        Assert.Equal(all.TokenLogProbabilities[50..90], model.Score(requests[50..90]).TokenLogProbabilities);
    }

    [Fact]
    public void That_holds_at_the_width_of_a_real_model_too()
    {
        // Wide enough that products are cut into blocks and tiles of every height.
        DecoderConfig config = DecoderConfig.Small(700, 128, 2, 4, 256);
        using DecoderWeights weights = DecoderWeights.Initialise(config, RngStream.Root(3));
        using var model = new Transformer(weights, Tiny.Tokenizer(700), null, 2);
        RngStream rng = RngStream.Root(12);
        int[] head = Tiny.Tokens(rng, 40, 700);
        ScoreRequest[] requests = [.. Enumerable.Range(0, 40).Select(_ => new ScoreRequest([.. head,
            .. Tiny.Tokens(rng, 1 + rng.NextInt(60), 700)], [Tiny.Tokens(rng, 1 + rng.NextInt(90), 700)]) { Shared = head.Length })];
        ScoreTable all = model.Score(requests);
        for (int r = 0; r < requests.Length; r++)
            Assert.Equal(all.TokenLogProbabilities[r], model.Score([requests[r]]).TokenLogProbabilities[0]);
    }

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        using DecoderWeights weights = Tiny.Weights(Tiny.Grouped);
        using var one = new Transformer(weights, Tiny.Tokenizer(), null, threads: 1);
        using var three = new Transformer(weights, Tiny.Tokenizer(), null, threads: 3);
        ScoreRequest[] requests = Requests(300);
        Assert.Equal(one.Score(requests).TokenLogProbabilities, three.Score(requests).TokenLogProbabilities);
    }

    [Fact]
    public void The_order_of_requests_does_not_matter()
    {
        using Transformer model = Tiny.Model(Tiny.Tied);
        ScoreRequest[] requests = Requests(50);
        float[][][] forwards = model.Score(requests).TokenLogProbabilities;
        float[][][] backwards = model.Score([.. requests.Reverse()]).TokenLogProbabilities;
        for (int r = 0; r < requests.Length; r++)
        {
            for (int c = 0; c < forwards[r].Length; c++)
                AssertClose(Array.ConvertAll(forwards[r][c], x => (double)x), backwards[^(r + 1)][c], 1e-5);
        }
    }

    [Fact]
    public void Next_token_probabilities_sum_to_one()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        int[][] every = [.. Enumerable.Range(0, Tiny.Vocabulary).Select(t => new[] { t })];
        ScoreTable table = model.Score([new ScoreRequest([1, 5, 9], every)]);
        Assert.Equal(1, Enumerable.Range(0, every.Length).Sum(c => Math.Exp(table.LogProbability(0, c))), 5);
    }

    [Fact]
    public void Interventions_change_scores_as_in_the_decoder()
    {
        using DecoderWeights weights = Tiny.Weights(Tiny.Grouped);
        using var model = new Transformer(weights, Tiny.Tokenizer(), null, 1);
        RngStream rng = RngStream.Root(4);
        float[] direction = [.. Enumerable.Range(0, weights.Config.Width).Select(_ => (float)rng.NextGaussian())];
        foreach (string site in ActivationSite.All(weights.Config))
        {
            var edits = new Interventions(weights.Config);
            edits.Capture(site);
            edits.Add(site, direction, 0.7f);
            edits.Cap(site, direction, 0.3f);
            edits.ProjectOut("blocks.1.mlp_out", direction);
            Transformer steered = model.With(edits);
            ScoreRequest[] requests = Requests(6);
            ScoreTable table = steered.Score(requests);
            double moved = 0;
            for (int r = 0; r < requests.Length; r++)
            {
                double[] expected = Alone(model, requests[r].Prefix, requests[r].Continuations[0], edits);
                AssertClose(expected, table.TokenLogProbabilities[r][0], 1e-5);
                moved += Math.Abs(table.LogProbability(r, 0) - Alone(model, requests[r].Prefix, requests[r].Continuations[0]).Sum());
            }
            Assert.True(moved > 1e-3, site);
            Assert.NotEqual(model.Id, steered.Id);
        }
    }

    [Fact]
    public void Text_beyond_the_context_is_the_users_to_mend()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        var fits = new ScoreRequest(new int[60], [new int[4]]);
        Assert.Equal(4, model.Score([fits]).TokenLogProbabilities[0][0].Length);
        var error = Assert.Throws<UserErrorException>(() => model.Score([fits with { Continuations = [new int[5]] }]));
        Assert.Equal("prompt-too-long", error.Code);
    }

    [Fact]
    public void Impossible_requests_are_the_callers_fault()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        Assert.Throws<ArgumentException>(() => model.Score([new ScoreRequest([], [[1]])]));
        Assert.Throws<ArgumentException>(() => model.Score([new ScoreRequest([1], [[]])]));
        Assert.Throws<ArgumentException>(() => model.Score([new ScoreRequest([1], [[Tiny.Vocabulary]])]));
        Assert.Throws<ArgumentException>(() => model.Score([new ScoreRequest([-1], [[1]])]));
        Assert.Empty(model.Score([]).TokenLogProbabilities);
        Assert.Empty(model.Score([new ScoreRequest([1], [])]).TokenLogProbabilities[0]);
    }

    [Fact]
    public void Progress_covers_every_computed_token_and_cancelling_stops()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped, threads: 2);
        var seen = new Last();
        ScoreRequest[] requests = Requests(200);
        model.Score(requests, seen);
        Assert.Equal(seen.Value.Total, seen.Value.Done);
        Assert.True(seen.Value.Total > 1000);
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => model.Score(requests, cancellation: source.Token));
    }

    [Fact]
    public void The_tree_holds_each_shared_token_once()
    {
        ScoreRequest[] requests =
        [
            new([1, 2, 3], [[4, 5, 6], [4, 5, 7], [8, 9]]),
            new([1, 2], [[3, 4, 5, 6]]),
            new([9], [[1]]),
        ];
        var sequences = new ScoreSequences(requests, 10, 20);
        ScoreTree tree = ScoreTree.Build(sequences, sequences.Sorted());
        // Inputs 12345, 12345, 1238, 12345, 9: the trie 1-2-3-{4-5, 8} and 9.
        Assert.Equal(7, tree.Tokens);
        Assert.Equal(4, tree.Nodes.Length);
        Assert.Equal(3 + 3 + 2 + 4 + 1, tree.Targets.Length);
    }

    /// <summary>Requests as they occur: personas, contexts below them, continuations below those; some equal, some unrelated.</summary>
    private static ScoreRequest[] Requests(int count)
    {
        RngStream rng = RngStream.Root(7);
        int[][] personas = [.. Enumerable.Range(0, 4).Select(i => Tiny.Tokens(rng, 3 + 6 * i))];
        int[][] contexts = [.. Enumerable.Range(0, 7).Select(i => Tiny.Tokens(rng, 1 + 2 * i))];
        return
        [
            .. Enumerable.Range(0, count).Select(_ => new ScoreRequest(
                [1, .. personas[rng.NextInt(4)], .. contexts[rng.NextInt(7)]],
                [.. Enumerable.Range(0, 1 + rng.NextInt(3)).Select(_ =>
                    Tiny.Tokens(rng, 1 + rng.NextInt(9), rng.NextBool(0.5) ? 3 : Tiny.Vocabulary))])),
            new ScoreRequest([7], [[1, 2, 3]]),
        ];
    }

    private static double[] Alone(Transformer model, int[] prefix, int[] continuation, Interventions? edits = null)
    {
        using var decoder = new Decoder(model.Config);
        using var workspace = new DecoderWorkspace(model.Config, forBackward: false);
        var batch = new TokenBatch();
        int[] tokens = [.. prefix, .. continuation];
        batch.AddSequence(tokens, prefix.Length);
        decoder.Forward(model.Weights, batch, workspace, edits);
        var result = new double[continuation.Length];
        for (int i = 0; i < result.Length; i++)
        {
            var logits = new ReadOnlySpan<float>(workspace.Logits + (long)i * workspace.LogitStride, model.Config.VocabularySize);
            double sum = 0;
            foreach (float x in logits) sum += Math.Exp(x);
            result[i] = logits[continuation[i]] - Math.Log(sum);
        }
        return result;
    }

    private static void AssertClose(double[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], tolerance);
    }

    private sealed class Last : IProgress<WorkProgress>
    {
        public WorkProgress Value { get; private set; }

        public void Report(WorkProgress value) => Value = value;
    }
}
