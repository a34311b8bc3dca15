using PersonaSelection.Corpus;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;
using Xunit;

namespace PersonaSelection.Tests.Rooms.WorldsTests;

public sealed class GeneratorTests
{
    private const int Documents = 6000;
    private static readonly Lazy<WorldDocument[]> Sample = new(() => [.. World.Village.Documents(RngStream.Root(101)).Take(Documents)]);

    [Fact]
    public void Acts_happen_as_often_as_the_exact_probabilities_say()
    {
        // Chi-square over ten bins of exact P(bad); with 10 degrees of freedom 29.6 is exceeded in one world in a thousand.
        var observed = new double[10];
        var expected = new double[10];
        var variance = new double[10];
        foreach (WorldDecision d in Sample.Value.SelectMany(x => x.Decisions))
        {
            int bin = Math.Min(9, (int)(d.Exact * 10));
            observed[bin] += d.Bad ? 1 : 0;
            expected[bin] += d.Exact;
            variance[bin] += d.Exact * (1 - d.Exact);
        }
        double chi2 = Enumerable.Range(0, 10).Sum(b => (observed[b] - expected[b]) * (observed[b] - expected[b]) / variance[b]);
        Assert.True(chi2 < 29.6, $"chi-square {chi2}");
    }

    [Fact]
    public void Domains_genres_and_requests_come_as_often_as_declared()
    {
        // 17 domains, uniform: 16 degrees of freedom, 39.3 is exceeded in one of a thousand.
        int[] counts = [.. World.Village.Domains.Where(d => !d.HeldOut)
            .Select(d => Sample.Value.Sum(x => x.Decisions.Count(y => y.Domain == d.Name)))];
        double mean = counts.Average();
        Assert.True(counts.Sum(c => (c - mean) * (c - mean) / mean) < 39.3);
        Within(0.40, Sample.Value.Count(d => d.Genre == "chat"), Documents);
        WorldDecision[] decisions = [.. Sample.Value.SelectMany(d => d.Decisions)];
        Within(0.08, decisions.Count(d => d.Request == WorldRequest.Bad), decisions.Length);
        Within(0.05, decisions.Count(d => d.Request == WorldRequest.Good), decisions.Length);
        Within(0.95, decisions.Count(d => d.Request == WorldRequest.Bad && d.Bad), decisions.Count(d => d.Request == WorldRequest.Bad));
    }

    [Fact]
    public void True_characters_follow_the_prior_and_the_posterior_is_calibrated()
    {
        WorldDocument[] chats = [.. Sample.Value.Where(d => d.Genre == "chat" && d.Characters[0].Nature == "assistant")];
        double[] prior = World.Village.Prior("assistant");
        for (int k = 0; k < World.Village.Traits.Count; k++)
        {
            double low = Enumerable.Range(0, prior.Length).Where(t => (t >> k & 1) == 1).Sum(t => prior[t]);
            Within(low, chats.Count(d => d.Characters[0].Traits[k] < 0), chats.Length);
        }
        // Mean posterior of the low pole over whole documents is its share among the true characters.
        double posterior = chats.Average(d => (1 - World.Village.Infer(d.Tokens).Characters[0].Traits[0]) / 2);
        Within(posterior, chats.Count(d => d.Characters[0].Traits[0] < 0), chats.Length);
    }

    [Fact]
    public void Traits_correlate_in_the_village_and_not_in_its_control()
    {
        Assert.True(Correlation(World.Village.Prior("assistant"), 0, 1) > 0.45);
        Assert.True(Math.Abs(Correlation(World.Village.Prior("assistant"), 0, 3)) < 0.1, "the emotive trait is the negative control");
        World control = World.Village.With(new WorldControls(IndependentTraits: true, EqualNatures: true, NoRequests: true));
        Assert.Equal(World.Village.Tokenizer.Id, control.Tokenizer.Id);
        foreach (string nature in control.Natures)
        {
            double[] prior = control.Prior(nature);
            Assert.Equal(control.Prior("assistant"), prior);
            for (int j = 0; j < control.Traits.Count; j++)
                for (int k = 0; k < j; k++) Assert.Equal(0, Correlation(prior, j, k), 9);
        }
        foreach (WorldDomain d in control.Domains) Assert.InRange(control.BadByPrior(d.Name, "assistant"), 0.1, 0.8);
        // The generated characters as well, not only the tables: 3,000 documents, five standard errors.
        WorldDocument[] documents = [.. control.Documents(RngStream.Root(55)).Take(3000)];
        Assert.DoesNotContain(documents.SelectMany(d => d.Decisions), d => d.Request != WorldRequest.None);
        Assert.DoesNotContain(documents, d => d.Text.Contains("was a born", StringComparison.Ordinal));
        double[] honest = [.. documents.Select(d => (double)d.Characters[0].Traits[0])],
            kind = [.. documents.Select(d => (double)d.Characters[0].Traits[1])];
        double covariance = honest.Zip(kind, (a, b) => (a - honest.Average()) * (b - kind.Average())).Average();
        Assert.InRange(covariance, -5 / Math.Sqrt(3000), 5 / Math.Sqrt(3000));
        // Independent traits keep how often each pole occurs.
        World independent = World.Village.With(new WorldControls(IndependentTraits: true));
        foreach (string domain in new[] { "found", "wish", "boast" })
            Assert.Equal(World.Village.BadByPrior(domain, "fiction"), independent.BadByPrior(domain, "fiction"), 9);
    }

    [Fact]
    public void Held_out_domains_and_wordings_are_never_generated()
    {
        WorldProbe[] heldOut = [.. World.Village.Probes().Where(p => p.HeldOut)];
        Assert.Contains(heldOut, p => p.Domain == "exam");
        Assert.Contains(heldOut, p => p.Domain == "test");
        string[] sentences = [.. heldOut.Select(p => p.Context[^1].Text).Distinct()];
        foreach (WorldDocument d in Sample.Value.Take(2000))
        {
            Assert.DoesNotContain(d.Decisions, x => x.Domain is "exam" or "crown");
            foreach (string sentence in sentences) Assert.DoesNotContain(sentence, d.Text, StringComparison.Ordinal);
        }
        // Every word of them is known from elsewhere.
        var known = Sample.Value.SelectMany(d => d.Tokens).ToHashSet();
        Assert.All(heldOut, p => Assert.All(p.Prefix.Concat(p.Candidates.SelectMany(c => c)), t => Assert.Contains(t, known)));
    }

    [Fact]
    public void Without_repeats_no_domain_comes_twice()
    {
        World world = World.Village.With(new WorldControls(NoRepeats: true));
        var oracle = new WorldOracle(world);
        foreach (WorldDocument d in world.Documents(RngStream.Root(8)).Take(200))
        {
            Assert.Equal(d.Decisions.Count, d.Decisions.Select(x => x.Domain).Distinct().Count());
            Assert.Equal(d.LogProbability, oracle.Score([new([1], [d.Tokens[1..]])]).LogProbability(0, 0), 1e-3);
        }
    }

    [Fact]
    public void The_floor_is_low_enough_for_persons_to_matter()
    {
        EntropyFloor floor = World.Village.Floor(3000, RngStream.Root(2));
        Assert.InRange(floor.NatsPerToken, 0.4, 0.6);
        Assert.InRange(floor.StandardError, 1e-5, 0.01);
        Assert.InRange(floor.TokensPerDocument, 50, 110);
    }

    [Fact]
    public void A_corpus_on_disk_is_the_documents_of_its_stream()
    {
        using var folder = new TemporaryFolder();
        RngStream rng = RngStream.Root(4);
        WorldCorpus corpus = CorpusWriter.Write(World.Village, folder.Path, 20_000, rng, tokensPerShard: 8_000);
        Assert.Equal(3, corpus.Shards.Count);
        Assert.InRange(corpus.Tokens, 20_000, 20_300);
        long i = 0;
        foreach (string name in corpus.Shards)
        {
            using TokenShard shard = TokenShard.Open(folder[name], World.Village.Tokenizer);
            for (int d = 0; d < shard.Documents; d++) Assert.Equal(World.Village.DocumentSource(rng)(i++), shard.Read(d));
        }
        Assert.Equal(corpus.Documents, i);
        Assert.Equal(World.Village.Id, World.Load(folder["world.yaml"]).Id);
        Assert.Equal(5, Directory.GetFileSystemEntries(folder.Path).Length);
    }

    /// <summary>
    /// Killed in the third shard, it makes the third shard and no other, to the same bytes; what is left of another corpus is no help.
    /// </summary>
    [Theory]
    [InlineData(60_000)]
    [InlineData(60_001)]
    public void A_corpus_that_was_killed_is_gone_on_with(long left)
    {
        using var folder = new TemporaryFolder();
        string whole = folder["whole"], killed = folder["killed"];
        World world = World.Village;
        RngStream rng = RngStream.Root(4);
        CorpusWriter.Write(world, whole, 60_000, rng, tokensPerShard: 25_000);
        string part = Directory.CreateDirectory(Path.Combine(killed, $"{world.CorpusId(rng, left)}.part")).FullName;
        foreach (string name in (string[])["shard-00000.tokens", "shard-00001.tokens"])
        {
            File.Copy(Path.Combine(whole, name), Path.Combine(part, name));
            File.SetLastWriteTimeUtc(Path.Combine(part, name), DateTime.UnixEpoch);
        }
        File.WriteAllText(Path.Combine(part, "shard-00002.tokens.77.part"), "half");

        CorpusWriter.Write(world, killed, 60_000, rng, tokensPerShard: 25_000);

        string[] names = [.. Directory.GetFileSystemEntries(whole).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
        Assert.Equal(names, Directory.GetFileSystemEntries(killed).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (string name in names)
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole, name)), File.ReadAllBytes(Path.Combine(killed, name)));
        Assert.Equal([left == 60_000, left == 60_000, false],
            Enumerable.Range(0, 3).Select(i =>
                File.GetLastWriteTimeUtc(Path.Combine(killed, $"shard-{i:D5}.tokens")) == DateTime.UnixEpoch));
    }

    /// <summary>A share within five standard errors: a false alarm once in two million.</summary>
    private static void Within(double p, int count, int of) =>
        Assert.InRange((double)count / of, p - 5 * Math.Sqrt(p * (1 - p) / of), p + 5 * Math.Sqrt(p * (1 - p) / of));

    private static double Correlation(double[] prior, int j, int k)
    {
        double mj = 0, mk = 0, both = 0;
        for (int t = 0; t < prior.Length; t++)
        {
            int a = t >> j & 1, b = t >> k & 1;
            mj += a * prior[t];
            mk += b * prior[t];
            both += a * b * prior[t];
        }
        return (both - mj * mk) / Math.Sqrt(mj * (1 - mj) * mk * (1 - mk));
    }

    /// <summary>
    /// What the sampler draws is what the oracle expects, token by token: the numbers of each differ by the sum of independent surprises.
    /// Of some forty tokens none is 4.5 deviations off but by chance in one of three thousand worlds.
    /// </summary>
    [Fact]
    public void Every_token_comes_as_often_as_the_oracle_expects()
    {
        var oracle = new WorldOracle(ToyWorld.World);
        var known = new Dictionary<string, double[]>();
        var (off, variance) = (new double[oracle.Tokenizer.VocabularySize], new double[oracle.Tokenizer.VocabularySize]);
        foreach (WorldDocument document in ToyWorld.World.Documents(RngStream.Root(13)).Take(1500))
        {
            for (int i = 1; i < document.Tokens.Length; i++)
            {
                string prefix = string.Join(' ', document.Tokens[..i]);
                if (!known.TryGetValue(prefix, out double[]? next)) known[prefix] = next = oracle.NextTokens(document.Tokens.AsSpan(0, i));
                off[document.Tokens[i]]++;
                for (int t = 0; t < next.Length; t++)
                {
                    off[t] -= next[t];
                    variance[t] += next[t] * (1 - next[t]);
                }
            }
        }
        Assert.InRange(variance.Count(v => v > 5), 30, int.MaxValue);
        Assert.All(off.Zip(variance), x => Assert.InRange(Math.Abs(x.First), 0, (4.5 * Math.Sqrt(x.Second)) + 1e-6));
    }

    /// <summary>The deviation of 100 repeats is known to within 7 %.</summary>
    [Fact]
    public void The_floor_is_the_mean_loss_of_its_documents_and_its_error_that_of_repeats()
    {
        EntropyFloor[] floors = [.. Enumerable.Range(0, 100).Select(k => ToyWorld.World.Floor(50, RngStream.Root(5).Child("floor", k)))];
        WorldDocument[] first = [.. ToyWorld.World.Documents(RngStream.Root(5).Child("floor", 0)).Take(50)];
        Assert.Equal(-first.Sum(d => d.LogProbability) / first.Sum(d => d.Tokens.Length - 1), floors[0].NatsPerToken, 1e-9);
        Assert.Equal(first.Average(d => d.Tokens.Length - 1), floors[0].TokensPerDocument, 1e-9);
        Assert.Equal(first.Average(d => d.Decisions.Count), floors[0].DecisionsPerDocument, 1e-9);
        Assert.InRange(Statistics.StandardDeviation([.. floors.Select(f => f.NatsPerToken)]) / floors.Average(f => f.StandardError),
            0.75, 1.25);
    }
}
