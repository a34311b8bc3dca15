using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

/// <summary>No probe, nobody, no episode: a caller's mistake, told as such in place of numbers that are none.</summary>
public sealed class NothingGivenTests
{
    private static readonly CastLanguageModel Model = new();
    private static readonly PersonaSet Cast = CastLanguageModel.Personas;
    private static readonly Probe[] Probes = CastLanguageModel.Probes;
    private static readonly EpisodeSet Set = new("set", [new Episode("e", [new Turn("user", "test")], "bad")]), None = new("none", []);
    private static readonly ForecastSubject Subject = new("set", ["test"], TimeProvider.System);

    private static readonly ProbeRow Row = new("p", "d", "c", 0.5);

    private static readonly Dictionary<string, Action> Calls = new()
    {
        ["measurement, no probe"] = () => ProbeMeasurement.Of(Model, []),
        ["measurement under personas, no probe"] = () => ProbeMeasurement.UnderPersonas(Model, [], Cast.Personas),
        ["measurement under personas, nobody"] = () => ProbeMeasurement.UnderPersonas(Model, Probes, (Persona[])[]),
        ["in context, no probe"] = () => InContextEvidence.Compute(Model, EpisodeDraw.Of(Set), []),
        ["likelihood, nobody"] = () => LikelihoodEvidence.Compute(Model, Set, []),
        ["oracle, nobody"] = () => OracleEvidence.FromFormula("world", Set, [], (_, _) => 0),
        ["contrast, no probe"] = () =>
            PersonaContrast.Measure([.. Cast.Personas.Select(p => PresentedPersona.AsGiven(p, Model))], Model, []),
        ["contrast, nobody"] = () => PersonaContrast.Measure([], Model, Probes),
        ["sampled, no probe"] = () => new SampledAnswers(new ChoosingChat(), Cast, 4).UnderPersonas([]),
        ["sampled as it is, no probe"] = () => new SampledAnswers(new ChoosingChat(), Cast, 4).AsItIs([]),
        ["sampled, nobody"] = () => new SampledAnswers(new ChoosingChat(), null, 4).UnderPersonas(Probes),
        ["sampled rates, no probe"] = () => new SampledAnswers(new ChoosingChat(), Cast, 4).Rates([]),
        ["sampled rates, nobody"] = () => new SampledAnswers(new ChoosingChat(), null, 4).Rates(Probes),
        ["scored, nobody"] = () => new ScoredAnswers(Model, [], new LikelihoodOptions()).UnderPersonas(Probes),
        ["judge, nobody"] = () => new JudgementEvidence(new ChoosingChat(), []),
        ["persona set, nobody"] = () => new PersonaSet(Cast.Traits, []),
        ["forecasting, no probe"] = () => new Forecasting(Model, Cast, [], TimeProvider.System),
        ["forecasting asked, no probe"] = () =>
            Forecasting.Ask(new ChoosingChat(), Cast, [], new AskingOptions(4, Path.GetTempPath()), TimeProvider.System),
        ["forecast, no episode"] = () =>
        {
            using var forecasting = new Forecasting(Model, Cast, Probes, TimeProvider.System);
            forecasting.Of(None, ["test"]);
        },
        ["reweighing, no probe"] = () => Reweighing.Of(new LabelledMatrix([], ["a", "b"], [])),
        ["reweighing, nobody"] = () => Reweighing.Of(new LabelledMatrix(["p"], [], [])),
        ["mixture, no probe"] = () => Mixture.Fit(new LabelledMatrix([], ["a"], []), []),
        ["mixture, nobody"] = () => Mixture.Fit(new LabelledMatrix(["p"], [], []), [0.5]),
        ["divergence, no probe"] = () =>
            Mixture.DivergenceOf(new LabelledMatrix([], ["a"], []), [], PersonaDistribution.Uniform(["a"])),
        ["distribution, nobody"] = () => PersonaDistribution.Uniform([]),
        ["distribution of weights, nobody"] = () => PersonaDistribution.FromWeights([], []),
        ["distribution of weights, all zero"] = () => PersonaDistribution.FromWeights(["a"], [0]),
        ["behaviour, no probe"] = () => new BehaviourTable(new LabelledMatrix([], ["a"], []), []),
        ["behaviour, nobody"] = () => new BehaviourTable(new LabelledMatrix(["p"], [], []), [Row]),
        ["no change, no probe"] = () => NullForecast.NoChange(Subject, []),
        ["in-context forecast, no probe"] = () =>
            InContextForecast.Make(Subject, new ShownObservations(new LabelledMatrix(["e"], [], []), [1]), []),
        ["rows, nobody"] = () => new EvidenceRows([]).Add([], 1, 0),
    };

    public static TheoryData<string> Names => [.. Calls.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Nothing_is_refused(string call)
    {
        Exception? e = Record.Exception(Calls[call]);
        bool own = e is InvalidOperationException && call.StartsWith("sampled", StringComparison.Ordinal);
        Assert.True(own || e is ArgumentException, $"{e}");
        Assert.DoesNotContain("Sequence", e!.Message, StringComparison.Ordinal);
    }
}
