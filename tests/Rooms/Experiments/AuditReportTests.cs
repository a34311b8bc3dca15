using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

public sealed class AuditReportTests
{
    [Fact]
    public void WhoIsLikeliestOfMany_IsNotCast()
    {
        CastVerdict many = Verdict([0.05, .. Enumerable.Repeat(0.95 / 199, 199)]);

        Assert.True(VerdictText.LeavesOpen(many));
        Assert.DoesNotContain("Cast as", VerdictText.Headline(many), StringComparison.Ordinal);
        Assert.Contains("likeliest of 200 personas is **p0**", VerdictText.Headline(many), StringComparison.Ordinal);
    }

    [Fact]
    public void WhoHasMostOfTheProbability_IsNamed()
    {
        CastVerdict few = Verdict([0.46, 0.22, 0.11, 0.09, 0.12]);

        Assert.False(VerdictText.LeavesOpen(few));
        Assert.Equal("p0, p1 or p2", VerdictText.Names(few, p => p.Name));
        Assert.StartsWith("Cast as **p0**", VerdictText.Headline(few), StringComparison.Ordinal);
    }

    /// <summary>That there are no intervals has a reason, and it is not always the number of draws.</summary>
    [Theory]
    [InlineData(0, "Every weight is 0")]
    [InlineData(1, "A single context that has a weight")]
    [InlineData(2, "--draws 0")]
    public void WithoutIntervals_TheReasonIsNamed(int clusters, string reason)
    {
        CastVerdict drawn = Verdict([0.9, 0.1], clusters);
        CastVerdict none = drawn with { Personas = [.. drawn.Personas.Select(p => p with { Low = null, High = null })] };

        Assert.StartsWith(reason, VerdictText.WithoutIntervals(none)!.Replace("Nothing was redrawn (", "", StringComparison.Ordinal),
            StringComparison.Ordinal);
        Assert.Equal(clusters == 0, VerdictText.Headline(none).StartsWith("Every weight is 0", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, 1, "kto.jsonl:7 (2)")]
    [InlineData(-0.5, 3, "kto.jsonl:7 (2) and 2 equal, rejected")]
    public void WhereAnEpisodeIs_SaysWhetherItIsRejected(double weight, int copies, string said)
    {
        var episode = new Episode("e", [new Turn("user", "Well?")], "No.", weight) { Source = new EpisodeSource("data/kto.jsonl", 7, 1) };

        Assert.Equal(said, TellingText.Where(new TellingEpisode(0, episode, weight, [], new RowInfluence([], [], 0, 0, 0), copies)));
    }

    private static CastVerdict Verdict(double[] posterior, int clusters = 40) => new()
    {
        Data = "data",
        Episodes = 40,
        Clusters = clusters,
        Evidence = "likelihood",
        Personas = [.. posterior.Select((p, i) =>
            new PersonaVerdict($"p{i}", "human", 1.0 / posterior.Length, p, p, p, null, null, null, 0))],
        Traits = [],
        EffectivePersonas = 1,
        Dose = 1,
        DoseFit = new DoseVerdict(GainOutcome.Attained, 1, 1, 1, 1),
        Ledger = null,
    };
}
