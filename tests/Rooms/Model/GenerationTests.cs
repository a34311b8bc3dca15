using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

public sealed unsafe class GenerationTests
{
    private static readonly GenerationOptions Greedy = new() { Temperature = 0, MaxTokens = 40, StopAtEnd = false };

    [Theory]
    [MemberData(nameof(Tiny.ShapeNames), MemberType = typeof(Tiny))]
    public void Cached_decoding_is_the_full_forward_pass(string shape)
    {
        using Transformer model = Tiny.Model(Tiny.Shapes[shape]);
        RngStream rng = RngStream.Root(2);
        for (int trial = 0; trial < 3; trial++)
        {
            int[] prompt = Tiny.Tokens(rng, 1 + 9 * trial);
            int[] drawn = model.Generate([new(prompt)], Greedy)[0].Tokens;
            Assert.Equal(40, drawn.Length);
            List<int> tokens = [.. prompt];
            foreach (int token in drawn)
            {
                Assert.Equal(Best(model, [.. tokens]), token);
                tokens.Add(token);
            }
        }
    }

    [Fact]
    public void A_batch_draws_what_each_request_draws_alone_with_any_number_of_threads()
    {
        using DecoderWeights weights = Tiny.Weights(Tiny.Grouped);
        using var one = new Transformer(weights, Tiny.Tokenizer(), null, 1);
        using var three = new Transformer(weights, Tiny.Tokenizer(), null, 3);
        RngStream rng = RngStream.Root(3);
        int[] shared = Tiny.Tokens(rng, 11);
        GenerationRequest[] requests =
            [.. Enumerable.Range(0, 50).Select(i => new GenerationRequest(i % 3 == 0 ? shared : Tiny.Tokens(rng, 1 + i), (ulong)i))];
        var options = new GenerationOptions { Temperature = 0.8, TopK = 20, TopP = 0.95, MaxTokens = 30 };
        GeneratedText[] together = three.Generate(requests, options);
        for (int i = 0; i < requests.Length; i++)
            Assert.Equal(one.Generate([requests[i]], options)[0].Tokens, together[i].Tokens);
        Assert.True(together.Select(t => string.Join(' ', t.Tokens)).Distinct().Count() > 40);
        Assert.Contains(together, t => t.Finish == FinishReason.End);
        Assert.All(together.Zip(requests), p => Assert.True(p.First.Tokens.Length + p.Second.Prompt.Length <= Tiny.Grouped.ContextLength));
    }

    [Fact]
    public void Streams_add_up_to_the_text_and_stop_strings_are_held_back()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        string text = model.Generate([new([1, 7])], Greedy)[0].Text;
        string stop = string.Join(' ', text.Split(' ')[12..14]);
        var streamed = new List<string>();
        GeneratedText cut = model.Generate([new([1, 7])], Greedy with { StopStrings = [stop, "never"] }, (_, t) => streamed.Add(t))[0];
        Assert.Equal(FinishReason.Stop, cut.Finish);
        Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], cut.Text);
        Assert.Equal(cut.Text, string.Concat(streamed));
        Assert.True(streamed.Count > 3);
    }

    [Fact]
    public void Draws_follow_the_models_probabilities()
    {
        using Transformer model = Tiny.Model(Tiny.Tied);
        int[] prompt = [1, 4, 9];
        const int draws = 4000;
        GenerationRequest[] requests = [.. Enumerable.Range(0, draws).Select(i => new GenerationRequest(prompt, (ulong)i))];
        int[][] every = [.. Enumerable.Range(0, Tiny.Vocabulary).Select(t => new[] { t })];
        ScoreTable table = model.Score([new(prompt, every)]);
        double[] counts = new double[Tiny.Vocabulary];
        foreach (GeneratedText t in model.Generate(requests,
            new GenerationOptions { MaxTokens = 1, StopAtEnd = false })) counts[t.Tokens[0]]++;
        double chiSquare = 0;
        for (int t = 0; t < counts.Length; t++)
        {
            double expected = draws * Math.Exp(table.LogProbability(0, t));
            chiSquare += (counts[t] - expected) * (counts[t] - expected) / Math.Max(expected, 1);
        }
        // 42 degrees of freedom; a right sampler exceeds 85 once in 10,000 seeds.
        Assert.True(chiSquare < 85, $"chi-square {chiSquare}");
    }

    [Fact]
    public void Top_k_and_top_p_keep_the_most_probable()
    {
        float[] logits = [0, 3, 1, 2.9f, -5];
        RngStream rng = RngStream.Root(1);
        HashSet<int> Seen(GenerationOptions options)
        {
            var sampler = new TokenSampler(options, logits.Length);
            return [.. Enumerable.Range(0, 2000).Select(_ => sampler.Draw(logits, rng))];
        }
        Assert.Equal([1, 3], Seen(new() { TopK = 2 }).Order());
        Assert.Equal([1, 3], Seen(new() { TopP = 0.8 }).Order());
        Assert.Equal([1], Seen(new() { TopP = 0.1 }).Order());
        Assert.Equal([1], Seen(new() { Temperature = 0 }).Order());
        Assert.Equal([0, 1, 2, 3], Seen(new() { TopP = 0.999 }).Order());
        Assert.Equal(5, Seen(new() { Temperature = 5 }).Count);
    }

    [Fact]
    public void Top_k_keeps_the_lowest_ids_among_equals()
    {
        float[] logits = new float[300];
        logits[7] = logits[250] = 1;
        for (int i = 0; i < 300; i += 3) logits[i] = i % 2 == 0 ? -0f : 0;
        RngStream rng = RngStream.Root(1);
        var sampler = new TokenSampler(new() { TopK = 5, Temperature = 10 }, logits.Length);
        Assert.Equal([0, 1, 2, 7, 250], Enumerable.Range(0, 2000).Select(_ => sampler.Draw(logits, rng)).Distinct().Order());
    }

    [Fact]
    public void The_first_of_several_stop_strings_in_a_token_ends_the_text()
    {
        var streamed = new List<string>();
        var sequence = new GenerationSequence(new GivenTexts(["one", " b a c"]), Greedy with { StopStrings = ["c", "a", "b"] }, 9,
            RngStream.Root(1), streamed.Add);
        sequence.Add(0);
        sequence.Add(1);
        Assert.True(sequence.Ended);
        Assert.Equal("one ", sequence.Result().Text);
        Assert.Equal("one ", string.Concat(streamed));
    }

    /// <summary>Tokens that are given texts.</summary>
    private sealed class GivenTexts(string[] texts) : ITokenizer
    {
        public string Id => "texts";

        public int VocabularySize => texts.Length;

        public int BeginId => -1;

        public int EndId => -1;

        public IReadOnlyDictionary<string, int> Specials { get; } = new Dictionary<string, int>();

        public int[] Encode(string text) => throw new NotSupportedException();

        public string Decode(ReadOnlySpan<int> ids) => string.Concat(ids.ToArray().Select(i => texts[i]));
    }

    [Fact]
    public void Steering_reaches_generation()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        var edits = new Interventions(model.Config);
        float[] head = model.Weights["lm_head"].ToArray();
        float[] direction = [.. Enumerable.Range(0, model.Config.Width).Select(i => head[i * Tiny.Vocabulary + 17])];
        edits.Add("final", direction, 100);
        Assert.All(model.With(edits).Generate([new([1, 7])], Greedy)[0].Tokens, t => Assert.Equal(17, t));
    }

    [Fact]
    public void A_reply_reads_the_chat_template()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        Assert.Equal("unknown-word", Assert.Throws<UserErrorException>(() => model.Reply([new Turn("user", "hello")], Greedy)).Code);
        int[] prompt = ChatTemplate.Plain.EncodeContext(model.Tokenizer, [new Turn("system", "w001 w002")]);
        Assert.Equal(model.Generate([new(prompt)], Greedy)[0].Text, model.Reply([new Turn("system", "w001 w002")], Greedy).Text);
    }

    [Fact]
    public void Impossible_requests_are_refused()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        Assert.Equal("prompt-too-long", Assert.Throws<UserErrorException>(() => model.Generate([new(new int[64])], Greedy)).Code);
        Assert.Single(model.Generate([new(new int[63])], Greedy)[0].Tokens);
        Assert.Throws<ArgumentException>(() => model.Generate([new([])], Greedy));
        Assert.Throws<ArgumentException>(() => model.Generate([new([99])], Greedy));
        Assert.ThrowsAny<ArgumentException>(() => model.Generate([new([1])], Greedy with { TopP = 0 }));
        Assert.ThrowsAny<ArgumentException>(() => model.Generate([new([1])], Greedy with { Temperature = double.NaN }));
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => model.Generate([new([1])], Greedy, null, source.Token));
    }

    private static int Best(Transformer model, int[] tokens)
    {
        using var decoder = new Decoder(model.Config);
        using var workspace = new DecoderWorkspace(model.Config, forBackward: false);
        var batch = new TokenBatch();
        batch.AddTarget(batch.AddRows(tokens) + tokens.Length - 1, 0, 1);
        decoder.Forward(model.Weights, batch, workspace);
        var logits = new ReadOnlySpan<float>(workspace.Logits, model.Config.VocabularySize);
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
            if (logits[i] > logits[best]) best = i;
        return best;
    }
}
