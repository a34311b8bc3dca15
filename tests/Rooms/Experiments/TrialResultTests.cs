using PersonaSelection.Audit;
using PersonaSelection.Experiments.Inoculation;
using PersonaSelection.Report;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

public sealed class TrialResultTests
{
    private static TrialRow Row(int model, int domain, int rewording, double traits, double gate, double protection) =>
        new($"m{model}", $"d{domain}", $"r{rewording}", "request", RewordingPlace.Suffix, Enum.GetValues<Predictor>()
            .ToDictionary(p => p, p => p == Predictor.Gate ? gate : p == Predictor.TraitCovariance ? traits : traits * traits), 0.4,
            0.4 * (1 - protection), protection,
            [new TrialLeak(LeakKind.NoPrompt, 0.3, 0.35, 0.3, 0.3, 0.36), new TrialLeak(LeakKind.SamePrompt, 0.3, 0.35, 0.3, 0.8, 0.8)]);

    private static TrialRow[] Rows(Func<int, double> traits, Func<int, double> measured) =>
        [.. from m in Enumerable.Range(0, 2) from d in Enumerable.Range(0, 3) from r in Enumerable.Range(0, 12) select Row(m, d, r,
            traits(r), 1, measured(r))];

    [Fact]
    public void A_predictor_that_ranks_as_measured_gets_one_and_a_constant_one_gets_no_rank()
    {
        TrialResult result = TrialResult.Of(Rows(r => r / 12.0, r => 1 - Math.Exp(-r)));
        PredictorScore traits = result.Predictors.Single(p => p.Predictor == Predictor.TraitCovariance),
            gate = result.Predictors.Single(p => p.Predictor == Predictor.Gate);
        Assert.Equal(1, traits.Rank.Estimate, 1e-12);
        Assert.Equal(1, traits.WithinRank.Low, 1e-12);
        Assert.True(double.IsNaN(gate.Rank.Estimate));
        Assert.Equal(Predictor.Gate, result.Predictors[^1].Predictor);
        Assert.Equal(-1,
            TrialResult.Of(Rows(r => -r, r => r)).Predictors.First(p => p.Predictor == Predictor.TraitCovariance).Rank.Estimate, 1e-12);
    }

    [Fact]
    public void The_nearest_account_of_each_column_is_named_by_its_log_score()
    {
        TrialResult result = TrialResult.Of(Rows(r => r, r => r));
        LeakScore bare = result.Leaks[0], same = result.Leaks[1];
        Assert.Equal((LeakKind.NoPrompt, LeakKind.SamePrompt), (bare.Kind, same.Kind));
        Assert.Equal(["gate"], same.Nearest);
        Assert.Equal(["posterior", "gate"], (same with { Posterior = same.Gate }).Nearest);
        Assert.Equal(["in-context"], (bare with { InContext = new LeakError(0, 0, 0), Posterior = bare.Gate }).Nearest);
        Assert.Equal(0, same.Gate.LogScore, 1e-9);
        Assert.Equal(0.45, same.InContext.MeanAbsolute, 1e-9);
        Assert.Equal(-0.45, same.InContext.Bias, 1e-9);
    }

    [Fact]
    public void The_page_says_how_both_accounts_came_out()
    {
        ReportDocument document = TrialReport.Of(TrialResult.Of(Rows(r => r / 12.0, r => r)), "psm inoculate trial");
        Assert.Equal(["psm inoculate trial"], Assert.IsType<ReproduceFigure>(document.Blocks[^1]).Commands);
        string page = document.ToJson();
        Assert.Contains("protection-ranked", page, StringComparison.Ordinal);
        Assert.Contains("gate-ranked", page, StringComparison.Ordinal);
        // Every predictor stands in one of the two tables, and once.
        string[] columns = [.. document.Blocks.OfType<TableFigure>().Where(t => t.Id is "rewordings" or "others")
            .SelectMany(t => t.Columns.Select(c => c.Name))];
        Assert.All(Enum.GetValues<Predictor>(), p => Assert.Single(columns, InoculationReport.Name(p)));
    }
}
