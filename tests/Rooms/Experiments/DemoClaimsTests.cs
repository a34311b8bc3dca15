using PersonaSelection.Experiments.Demo;
using PersonaSelection.Report;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

/// <summary>What the claims of the demo are about, on results whose numbers are known.</summary>
public sealed class DemoClaimsTests
{
    private static readonly DemoSettings Settings = new() { Folder = "nowhere" };

    // How far each of eight domains goes for every unit of a set's size.
    private static readonly double[] Reach = [0.2, 0.5, 0.7, 0.8, 1.2, 1.3, 1.5, 1.8];

    // The trained domain and one that pre-training never showed go their own ways, and no claim is about them.
    private static TuningResult Tuned(string name, double size, Func<double, double> forecast, Func<double, double> inContext) => new()
    {
        Name = name,
        Episodes = 256,
        Steps = 25,
        Trained = new(0.2, 0.9),
        Elsewhere = new(0.1, 0.1 + size, 0.1 + size),
        Domains = [.. Reach.Select((r, i) => new DomainResult($"d{i}", 0.1, 0.1 + forecast(r * size), 0.1 + inContext(r * size),
            0.1 + (r * size)) { UniformShift = size, UniformShiftInContext = size }),
            new DomainResult("test", 0.2, 0.9, 0.9, 0.1) { Trained = true },
            new DomainResult("new", 0.2, 0.9, 0.9, 0.1) { HeldOut = true }],
    };

    private static DemoResult Judged(double cheat, double requested, double good, double same, Func<double, double>? forecast = null,
        Func<double, double>? inContext = null) => DemoClaims.Judge(new DemoResult
        {
            Seed = 1,
            Base = new BaseResult(1, 2, 3, 4, new InferenceResult(0.9, 0.3, 0.1, 0.2)
            {
                R2Interval = [0.8, 0.95],
                GainInterval = [0.5, 0.7],
            }),
            Tunings = [.. new[] { ("cheat", cheat), ("requested-cheat", requested), ("good", good), ("base-rate", same) }
                .Select(t => Tuned(t.Item1, t.Item2, forecast ?? (x => x), inContext ?? (x => x)))],
        }, Settings);

    private static ClaimResult Of(DemoResult result, string id) => Assert.Single(result.Claims, c => c.Id == id);

    [Fact]
    public void A_run_that_went_as_the_theory_says_holds_every_claim_with_its_own_number()
    {
        DemoResult result = Judged(0.45, 0.045, -0.05, 0.01, x => 0.9 * x, x => x + 0.01);
        Assert.All(result.Claims, c => Assert.Equal(Verdict.Held, c.Verdict));
        foreach ((string id, double value) in new[] { ("inference", 0.9), ("more-than-prior", 0.6), ("broad-shift", 0.45),
            ("inoculation", 0.1), ("base-rate", 0.01), ("good", -0.05), ("posterior-forecast", 1), ("in-context-forecast", 1) })
            Assert.Equal(value, Of(result, id).Measured, 1e-9);
        Assert.Equal([0.8, 0.95], Of(result, "inference").Interval);
        Assert.Equal([0.5, 0.7], Of(result, "more-than-prior").Interval);

        // Against no change a tenth of every shift is left; against the uniform shift what domains differ by is the measure.
        double[] shifts = [.. new[] { 0.45, 0.045, -0.05, 0.01 }.SelectMany(size => Reach.Select(r => r * size))];
        double all = shifts.Sum(x => x * x), uneven = new[] { 0.45, 0.045, -0.05, 0.01 }.Sum(s => Reach.Sum(r => Math.Pow((r - 1) * s, 2)));
        Assert.Equal(1 - 0.01, result.Forecast!.Posterior.SkillVsNoChange, 1e-9);
        Assert.Equal(1 - (0.01 * all / uneven), result.Forecast.Posterior.SkillVsUniformShift, 1e-9);
        Assert.Equal(1 - (0.0001 * shifts.Length / all), result.Forecast.InContext.SkillVsNoChange, 1e-9);
        Assert.Equal(1 - (shifts.Sum(x => Math.Pow(0.005 - (0.05 * x), 2)) / all), result.Forecast.Mean.SkillVsNoChange, 1e-9);
        Assert.Equal(result.Forecast.Posterior.SkillVsUniformShift, Of(result, "posterior-beats-nulls").Measured, 1e-9);
    }

    [Theory]
    [InlineData("broad-shift", 0.1, 0.01, -0.05, 0)]
    [InlineData("inoculation", 0.4, 0.2, -0.05, 0)]
    [InlineData("good", 0.4, 0.04, 0.1, 0)]
    [InlineData("base-rate", 0.4, 0.04, -0.05, 0.12)]
    public void Each_claim_fails_by_the_set_that_it_is_about(string id, double cheat, double requested, double good, double same)
    {
        DemoResult result = Judged(cheat, requested, good, same);
        Assert.Equal([id], result.Claims.Where(c => c.Verdict == Verdict.Failed).Select(c => c.Id));
    }

    [Fact]
    public void Forecasts_that_go_the_other_way_fail_alone()
    {
        string[] Failed(DemoResult r) => [.. r.Claims.Where(c => c.Verdict == Verdict.Failed).Select(c => c.Id)];
        Assert.Equal(["posterior-forecast", "posterior-beats-nulls"], Failed(Judged(0.4, 0.04, -0.05, 0.01, forecast: x => -x / 2)));
        Assert.Equal(["in-context-forecast", "in-context-beats-nulls"], Failed(Judged(0.4, 0.04, -0.05, 0.01, inContext: x => -x / 2)));
    }

    [Fact]
    public void Over_seeds_the_interval_is_that_of_the_runs()
    {
        DemoResult[] runs = [.. new[] { 0.3, 0.4, 0.5 }.Select(x => Judged(x, 0.04, -0.05, 0.01))];
        ClaimResult broad = Assert.Single(DemoClaims.OverSeeds(runs, Settings), c => c.Id == "broad-shift");
        // Three runs: deviation 0.1, t(0.975, 2) = 4.3027.
        Assert.Equal(0.4, broad.Measured, 1e-9);
        Assert.Equal(0.4 - (4.302653 * 0.1 / Math.Sqrt(3)), broad.Interval[0], 1e-5);
        Assert.Equal(Verdict.Undecided, broad.Verdict);
        Assert.Equal(runs[0].Claims, DemoClaims.OverSeeds([runs[0]], Settings));
    }

    [Fact]
    public void The_full_demo_asks_the_matrices_and_the_worlds_in_which_nothing_should_reach_far()
    {
        static MatrixResult Matrix(double off) => new(1, new InferenceResult(0.9, 0.3, 0.1, 0.2), new ForecastResult(
            new(0.9 + off, 0, 0, 0.5 + off), new(0.95 + off, 0, 0, 0.3 + off), new(0, 0, 0.96 + off, 0)), []);
        WorldControl Control(string world, double off, double shown = 0.4) => new(world, 1, 2, 0.9, 0.3, 0.5, off, off / 0.5, 0)
        {
            ShownTrained = shown,
            ExactTrained = 0.5,
        };
        MatrixResult[] matrices = [Matrix(-0.01), Matrix(0), Matrix(0.01)];
        WorldControl[] village = [Control("village", 0.29), Control("village", 0.3), Control("village", 0.31)],
            equal = [.. village.Select(c => c with { World = "equal" })],
            bare = [Control("bare", 0.01), Control("bare", 0.02), Control("bare", 0.03)];
        ClaimResult[] claims = [.. FullClaims.Judge(matrices, [.. village, .. equal, .. bare], 0.1)];
        Assert.Equal([0.9, 0.95, 0.96, 0.3, 0.3, 0.02 / 0.3], claims.Select(c => c.Measured), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.All(claims, c => Assert.Equal(Verdict.Held, c.Verdict));
        Assert.Contains("equal", claims[4].Note, StringComparison.Ordinal);
        Assert.DoesNotContain("bare", claims[4].Note, StringComparison.Ordinal);
        Assert.Null(claims[5].Note);

        // A control model that hardly moves where it was trained tells nothing of how far that reaches.
        WorldControl[] rote = [.. bare, Control("bare", 0.4, shown: 0.1)];
        ClaimResult needs = FullClaims.Judge(matrices, [.. village, .. rote], 0.1).Last();
        Assert.Equal(0.02 / 0.3, needs.Measured, 1e-9);
        Assert.StartsWith("3 of 4", needs.Note, StringComparison.Ordinal);
        Assert.Equal(Verdict.Undecided, FullClaims.Judge([matrices[0]], [village[0], bare[0]], 0.1).First().Verdict);
        Assert.Null(FullClaims.Judge(matrices, [.. village, .. bare], 0.1).ElementAt(4).Note);
    }
}
