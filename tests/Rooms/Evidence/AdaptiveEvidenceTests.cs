using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

public sealed class AdaptiveEvidenceTests
{
    [Fact]
    public void Few_cells_give_the_table_its_posterior_and_equal_episodes_are_asked_for_once()
    {
        var source = new Formula(60);
        // Every reply occurs twice, under two names.
        Episode[] episodes =
            [.. Enumerable.Range(0, 300).Select(i => new Episode($"e{i}", [new Turn("user", $"{i % 150}")], "yes", i % 2 == 0 ? 1 : 2))];
        double[] prior = [.. Enumerable.Repeat(1.0, 60)];
        AdaptiveTable found = new AdaptiveEvidence(source, prior, new CompletionPlan { MaximumShare = 0.3 })
            .Compute(new EpisodeSet("x", episodes), 0.02);
        Assert.True(found.Met && found.Share <= 0.3);
        Assert.Equal(found.Share, source.Asked / (150.0 * 60), 1e-9);
        double[] Cast(Func<int, int, double> l)
        {
            double[] log = [.. Enumerable.Range(0, 60).Select(h => Enumerable.Range(0, 300).Sum(e => 0.02 * episodes[e].Weight * l(e, h)))];
            LogSpace.NormalizeLog(log);
            return [.. log.Select(Math.Exp)];
        }
        double distance = Cast((e, h) => found.Table.LogLikelihood[e, h])
            .Zip(Cast((e, h) => Formula.At(e % 150, h)), (a, b) => Math.Abs(a - b)).Sum() / 2;
        Assert.True(distance <= 0.02, $"{distance}");
        for (int e = 0; e < 300; e++)
        {
            Assert.Equal(found.Exact[e], found.Exact[(e + 150) % 300]);
            for (int h = 0; h < 60; h++)
                if (found.Exact[e][h]) Assert.Equal(Formula.At(e % 150, h), found.Table.LogLikelihood[e, h]);
        }
        Assert.Equal(EvidenceKind.Judgement, found.Table.Kind);
        Assert.Contains("asked for", found.Table.Provenance["cells"], StringComparison.Ordinal);
    }

    [Fact]
    public void Priors_and_guides_must_fit_and_impossible_personas_do_not_break_it()
    {
        Episode[] episodes = [.. Enumerable.Range(0, 30).Select(i => new Episode($"e{i}", [new Turn("user", $"{i}")], "yes"))];
        var set = new EpisodeSet("x", episodes);
        Assert.Throws<ArgumentException>(() => new AdaptiveEvidence(new Formula(5), [1, 1]));
        Assert.Throws<ArgumentException>(() => new AdaptiveEvidence(new Formula(5), [1, 1, 1, 1, 1], guide: new Formula(4)));
        AdaptiveTable found = new AdaptiveEvidence(new Formula(6, impossible: 3), [1, 1, 0, 1, 1, 1],
            new CompletionPlan { MaximumShare = 1 }).Compute(set, 1);
        Assert.True(found.Met);
        Assert.True(Enumerable.Range(0, 30).Sum(e => found.Table.LogLikelihood[e, 3] - found.Table.LogLikelihood[e, 4]) < -100);
    }

    // Evidence of rank three.
    private sealed class Formula(int personas, int impossible = -1) : IEvidenceSource
    {
        public int Asked { get; private set; }

        public EvidenceKind Kind => EvidenceKind.Judgement;

        public IReadOnlyList<string> Personas => [.. Enumerable.Range(0, personas).Select(h => $"p{h}")];

        public IReadOnlyDictionary<string, string> Provenance => new Dictionary<string, string> { ["model"] = "formula" };

        public static double At(int e, int h) =>
            -7 + Math.Sin(e) + Math.Sin((1.3 * e) + (0.4 * h)) + (0.5 * Math.Cos((0.7 * e) - (1.1 * h))) + (0.2 * Math.Sin(h));

        public EvidenceBlock Compute(IReadOnlyList<Episode> episodes, IReadOnlyList<int>? asked = null,
            IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
        {
            int[] columns = asked is null ? [.. Enumerable.Range(0, personas)] : [.. asked];
            Asked += episodes.Count * columns.Length;
            return new EvidenceBlock([.. episodes.Select(e => columns.Select(h => h == impossible ? double.NegativeInfinity
                : At(int.Parse(e.Context[0].Text, System.Globalization.CultureInfo.InvariantCulture), h)).ToArray())],
                [.. episodes.Select(_ => 1)]);
        }
    }
}
