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
        var cast = new AuditedCast(rows, AuditFixture.Personas, new AuditOptions(Draws: 30));
        Assert.False(cast.IsRedrawn);
        Assert.Equal(1, cast.Verdict("data", EvidenceKind.Likelihood).Clusters);
    }

    [Fact]
    public void The_verdict_says_what_was_found()
    {
        var rows = new EvidenceRows(TextSource.Names);
        for (int e = 0; e < 12; e++) rows.Add(e % 4 == 0 ? [-3, -1, -4] : [-1, -3, -6], e == 5 || e == 7 ? -1 : 1, e / 2);
        var cast = new AuditedCast(rows, AuditFixture.Personas, new AuditOptions(Draws: 0));
        CastVerdict verdict = cast.Verdict("data", EvidenceKind.Likelihood);
        Assert.Equal((12, 2, 6), (verdict.Episodes, verdict.Rejected, verdict.Clusters));
        GainDose dose = GainDose.Fit(cast.Estimate.Prior, rows);
        Assert.True(dose.Gain > 0.01 && dose.Information > 0.01 && dose.Attainable > dose.Gain, $"{dose}");
        Assert.Equal(new DoseVerdict(dose.Outcome, dose.EffectiveObservations, dose.Gain, dose.Attainable, dose.Information),
            verdict.DoseFit);
        Assert.Equal(verdict.Personas.OrderByDescending(p => p.Posterior).Select(p => p.Name), verdict.Personas.Select(p => p.Name));
        Assert.Equal(verdict.Personas[0].Name, cast.Names[cast.Leading]);
    }

    /// <summary>What one reply says of who spoke it is what is left when the prior's own expectation is taken away.</summary>
    [Fact]
    public void Evidence_of_a_reply_times_the_prior_is_who_spoke_it()
    {
        var rows = new EvidenceRows(TextSource.Names);
        double no = double.NegativeInfinity;
        rows.Add([-1, -3, -6], 1, 0);
        rows.Add([no, -3, -6], 1, 1);
        var cast = new AuditedCast(rows, AuditFixture.Personas, new AuditOptions(Draws: 0));
        double[] prior = cast.Estimate.Prior.Probabilities;
        for (int e = 0; e < 2; e++)
        {
            double[] relative = cast.Relative(e);
            Assert.Equal(1, relative.Zip(prior, (x, p) => p * Math.Exp(x)).Sum(), 1e-12);
            Assert.Equal(3, relative[1] - relative[2], 1e-12);
        }
        Assert.Equal(no, cast.Relative(1)[0]);
    }
}
