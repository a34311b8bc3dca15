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

    [Theory]
    [InlineData(1, 1, "kto.jsonl:7 (2)")]
    [InlineData(-0.5, 3, "kto.jsonl:7 (2) and 2 equal, rejected")]
    public void WhereAnEpisodeIs_SaysWhetherItIsRejected(double weight, int copies, string said)
    {
        var episode = new Episode("e", [new Turn("user", "Well?")], "No.", weight) { Source = new EpisodeSource("data/kto.jsonl", 7, 1) };

        Assert.Equal(said, TellingText.Where(new TellingEpisode(0, episode, weight, [], new RowInfluence([], [], 0, 0, 0), copies)));
    }

    private static CastVerdict Verdict(double[] posterior) => new()
    {
        Data = "data",
        Episodes = 40,
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
