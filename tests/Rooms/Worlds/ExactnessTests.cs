using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;
using Xunit;

namespace PersonaSelection.Tests.Rooms.WorldsTests;

public sealed class ExactnessTests
{
    [Fact]
    public void All_documents_of_a_small_world_have_probabilities_that_sum_to_one()
    {
        var oracle = new WorldOracle(ToyWorld.World);
        double total = 0;
        long documents = 0;
        var open = new Stack<(int[] Prefix, double LogP)>();
        open.Push(([oracle.Tokenizer.BeginId], 0));
        // Every path whose probability is above a bound is followed to its end; what is left out is counted as well.
        double cut = 0;
        while (open.TryPop(out (int[] Prefix, double LogP) at))
        {
            double[] next = oracle.NextTokens(at.Prefix);
            Assert.Equal(1, next.Sum(), 9);
            for (int t = 0; t < next.Length; t++)
            {
                if (next[t] == 0) continue;
                double logp = at.LogP + Math.Log(next[t]);
                if (t == oracle.Tokenizer.EndId)
                {
                    total += Math.Exp(logp);
                    documents++;
                }
                else if (logp > Math.Log(2e-4)) open.Push(([.. at.Prefix, t], logp));
                else cut += Math.Exp(logp);
            }
        }
        Assert.True(documents > 100);
        Assert.True(total > 0.2);
        Assert.Equal(1, total + cut, 9);
    }

    [Fact]
    public void The_probability_of_a_document_is_the_sum_over_everything_hidden()
    {
        // The reference shares nothing with the generator but the numbers of the file: archetypes and poles are summed by hand.
        foreach (WorldDocument document in ToyWorld.World.Documents(RngStream.Root(3)).Where(d => d.Genre == "talk").Take(200))
            Assert.Equal(TalkReference.LogProbability(document.Text), document.LogProbability, 9);
    }

    [Theory]
    [InlineData("village")]
    [InlineData("toy")]
    public void The_oracle_gives_a_document_the_probability_the_generator_gave_it(string name)
    {
        World world = name == "toy" ? ToyWorld.World : World.Village;
        var oracle = new WorldOracle(world);
        WorldDocument[] documents = [.. world.Documents(RngStream.Root(7)).Take(300)];
        ScoreTable table = oracle.Score([.. documents.Select(d => new ScoreRequest([oracle.Tokenizer.BeginId], [d.Tokens[1..]]))]);
        for (int i = 0; i < documents.Length; i++)
            Assert.Equal(documents[i].LogProbability, table.LogProbability(i, 0), 1e-3);
    }

    [Fact]
    public void Next_token_probabilities_sum_to_one_at_random_prefixes()
    {
        var oracle = new WorldOracle(World.Village);
        RngStream rng = RngStream.Root(11);
        foreach (WorldDocument document in World.Village.Documents(rng).Take(150))
        {
            int length = 1 + rng.NextInt(document.Tokens.Length - 1);
            double[] next = oracle.NextTokens(document.Tokens.AsSpan(0, length));
            Assert.Equal(1, next.Sum(), 9);
            Assert.True(next[document.Tokens[length]] > 0);
        }
        Assert.Equal(0, oracle.NextTokens(World.Village.Documents(rng).First().Tokens).Sum());
    }

    [Fact]
    public void Decisions_candidates_and_inference_agree()
    {
        World world = World.Village;
        var oracle = new WorldOracle(world);
        foreach (WorldDocument document in world.Documents(RngStream.Root(13)).Take(100))
        {
            foreach (WorldDecision decision in document.Decisions)
            {
                WorldInference inference = world.Infer(document.Tokens.AsSpan(0, decision.TokenIndex));
                Assert.Equal(decision.Exact, inference.Decision!.Value.Bad, 12);
                Assert.Equal(decision.Domain, inference.Decision.Value.Domain);
            }
            WorldInference end = world.Infer(document.Tokens);
            Assert.Equal(document.LogProbability, end.LogProbability, 9);
            Assert.Equal(document.Characters.Count, end.Characters.Count);
            foreach (CharacterInference c in end.Characters)
            {
                Assert.Equal(1, c.Poles.Sum(), 9);
                Assert.Equal(1, c.Archetypes.Sum(), 9);
            }
        }
        foreach (string genre in new[] { "chat", "story", "interview" })
        {
            IReadOnlyList<InferenceProbe> probes = world.InferenceProbes(genre, 60, RngStream.Root(17));
            InferenceScore score = InferenceScore.Measure(oracle, probes);
            Assert.Equal(1, score.R2, 6);
            Assert.Equal(0, score.Kl, 6);
            Assert.True(score.R2PriorOnly < 0.7, $"{genre}: {score.R2PriorOnly}");
        }
    }

    [Fact]
    public void What_is_next_to_impossible_keeps_its_probability()
    {
        World world = World.FromYaml("rare", ToyWorld.Yaml.Replace("bias: -2", "bias: -45", StringComparison.Ordinal)
            .Replace("weights: { honest: 4 }", "weights: { honest: 0 }", StringComparison.Ordinal)
            .Replace("bad: [\"I deleted it.\"]", "bad: [\"I wiped it.\"]", StringComparison.Ordinal));
        var oracle = new WorldOracle(world);
        int[] Encode(string text) => world.Tokenizer.Encode(text);
        ScoreTable table = oracle.Score([new ScoreRequest([world.Tokenizer.BeginId, .. Encode("User: Repair it.\nAssistant:")],
            [Encode("I wiped it."), Encode("I found it.")])]);
        Assert.Equal(-45, table.LogProbability(0, 0), 1e-4);
        Assert.Equal(Math.Log(0.5), table.LogProbability(0, 1), 1e-6);
    }

    [Fact]
    public void In_the_middle_of_an_act_its_first_words_tell_already()
    {
        World world = ToyWorld.World;
        int[] Prefix(string text) => [world.Tokenizer.BeginId, .. world.Tokenizer.Encode(text)];
        CharacterInference At(string text) => world.Infer(Prefix(text)).Characters[0];
        // "I deleted" can only go on as the bad act, "I" as any.
        Assert.Equal(At("User: Repair it.\nAssistant: I deleted it.").Poles, At("User: Repair it.\nAssistant: I deleted").Poles);
        double[] before = At("User: Repair it.\nAssistant:").Poles, open = At("User: Repair it.\nAssistant: I").Poles;
        for (int t = 0; t < before.Length; t++) Assert.Equal(before[t], open[t], 12);
        double[] archetypes = At("A talk. Ann the nurse was a born").Archetypes;
        Assert.Equal(0.5, archetypes[0], 12);
        Assert.Equal(1, At("A talk. Ann the nurse was a born saint").Archetypes[0], 12);
    }

    [Fact]
    public void Texts_and_tokens_say_the_same()
    {
        foreach (WorldDocument document in World.Village.Documents(RngStream.Root(5)).Take(500))
        {
            Assert.Equal(document.Tokens[1..^1], World.Village.Tokenizer.Encode(document.Text));
            Assert.True(document.Tokens.Length <= World.Village.MaxDocumentTokens);
        }
    }

    [Fact]
    public void Fast_generation_gives_the_same_tokens()
    {
        RngStream root = RngStream.Root(19);
        Func<long, int[]> source = World.Village.DocumentSource(root);
        int i = 0;
        foreach (WorldDocument document in World.Village.Documents(root).Take(300)) Assert.Equal(document.Tokens, source(i++));
    }

    [Fact]
    public void What_the_world_cannot_say_is_refused_with_a_reason()
    {
        var oracle = new WorldOracle(World.Village);
        int[] prefix = [oracle.Tokenizer.BeginId, .. oracle.Tokenizer.Encode("User: The parser test rain")];
        UserErrorException error = Assert.Throws<UserErrorException>(() => oracle.NextTokens(prefix));
        Assert.Equal("impossible-text", error.Code);
        Assert.Contains("rain", error.Problem, StringComparison.Ordinal);
        int[] possible = [oracle.Tokenizer.BeginId, .. oracle.Tokenizer.Encode("User: The parser test")];
        ScoreTable table =
            oracle.Score([new ScoreRequest(possible, [oracle.Tokenizer.Encode("fails rain ."), oracle.Tokenizer.Encode("fails.")])]);
        Assert.Equal(double.NegativeInfinity, table.LogProbability(0, 0));
        Assert.Equal(0, table.LogProbability(0, 1), 6);
    }
}
