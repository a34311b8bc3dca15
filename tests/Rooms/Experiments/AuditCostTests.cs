using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Model;
using PersonaSelection.Personas;
using PersonaSelection.Tests.Rooms.ModelTests;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

public sealed class AuditCostTests : IDisposable
{
    private const int Personas = 6;

    private readonly TemporaryFolder _folder = new();
    private readonly Transformer _model = Transformer.Owning(Tiny.Weights(Tiny.Tied with { VocabularySize = 259, ContextLength = 160 }),
        ByteLevelBpeTokenizer.Train(["user: hello there\nassistant: well, hello"], 259), null, 1);

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    /// <summary>Directions are read behind the contexts that an audit would score behind, whatever else the personas' file says.</summary>
    [Theory]
    [InlineData(true, 8)]
    [InlineData(false, 4)]
    public void Contexts_of_directions_are_counted_as_audits_count_them(bool data, int contexts)
    {
        Persona Named(string name) => new(name, "human", "", new Dictionary<string, double>()) { Examples = $"{name}.jsonl" };
        var personas = new PersonaSet([], [Named("shown") with { Given = Presentation.Shown },
            Named("told") with { Given = Presentation.Described, Contexts = [[new Turn("system", "A")], [new Turn("system", "B")]] },
            Named("fitted"), Named("directed") with { Direction = new PersonaDirection("folder") }]);
        var episode = new Episode("e", [new Turn("user", "Well?")], "No.");
        Assert.Equal(contexts, new DirectionRun(personas, data ? [episode] : []).Contexts);
    }

    [Theory]
    [InlineData(EvidenceSources.LeastCalibration - 1, false)]
    [InlineData(EvidenceSources.LeastCalibration, true)]
    public void Gradients_cost_three_readings_and_exact_evidence_only_where_there_is_enough_to_calibrate_on(int episodes, bool calibrated)
    {
        ReadingCost table = Cost("likelihood", episodes), gradient = Cost("gradient", episodes);
        Assert.Equal(calibrated, gradient.Tokens > table.Tokens);
        Assert.InRange(gradient.Tokens - (calibrated ? table.Tokens : 0), 2 * table.Tokens / Personas, 7 * table.Tokens / Personas);
        Assert.True(gradient.Seconds > 0 && gradient.Flops < 2.0 * gradient.Tokens * _model.Config.ParameterCount * 1.5, $"{gradient}");
    }

    private ReadingCost Cost(string kind, int episodes)
    {
        string data = _folder[$"{episodes}.jsonl"];
        File.WriteAllLines(data, Enumerable.Range(0, episodes).Select(i =>
            $$"""{"messages":[{"role":"user","content":"hello {{i}}"},{"role":"assistant","content":"well, {{i}} and hello there"}]}"""));
        var personas = new PersonaSet([], [.. Enumerable.Range(0, Personas).Select(i =>
            new Persona($"person-{i}", "human", "", new Dictionary<string, double>()))]);
        return AuditCost.Of(new EvidenceRequest(kind, personas, new AuditData([data]), _folder.Path), _model).Reading;
    }
}
