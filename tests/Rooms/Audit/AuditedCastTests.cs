using PersonaSelection.Audit;
using PersonaSelection.Evidence;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.AuditTests;

public class AuditedCastTests
{
    [Fact]
    public void Evidence_is_relative_to_those_who_could_have_spoken()
    {
        CastVerdict Of(params double[][] replies)
        {
            var rows = new EvidenceRows(TextSource.Names);
            foreach ((int e, double[] nats) in replies.Index()) rows.Add(nats, 1, e);
            return new AuditedCast(rows, AuditFixture.Personas, new AuditOptions(Draws: 0)).Verdict("data", EvidenceKind.Likelihood);
        }
        double? Evidence(CastVerdict verdict, string name) => Assert.Single(verdict.Personas, p => p.Name == name).Evidence;
        double no = double.NegativeInfinity;
        CastVerdict alone = Of([no, -2, no], [no, -3, no]), two = Of([no, -2, -4], [no, -3, -1]);
        Assert.Null(Evidence(alone, "careless-doctor"));
        Assert.Equal(0, Evidence(alone, "sound-doctor")!.Value, 1e-12);
        Assert.Equal(0, Evidence(two, "sound-doctor")!.Value, 1e-12);
        // 0.45 to 0.1: nine parts of 0 and two of 2 nats over two observations.
        Assert.Equal(2.0 / 11, -Evidence(Of([no, -2, 0], [no, -3, -3]), "sound-doctor")!.Value, 1e-12);
    }

    [Fact]
    public void One_context_that_counts_has_no_interval_however_many_do_not()
    {
        var rows = new EvidenceRows(TextSource.Names);
        for (int e = 0; e < 5; e++) rows.Add([-1, -2, -3], e == 0 ? 1 : 0, e);
        Assert.False(new AuditedCast(rows, AuditFixture.Personas, new AuditOptions(Draws: 30)).IsRedrawn);
    }
}
