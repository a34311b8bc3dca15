using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Personas;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

public sealed class PersonaContrastTests
{
    private static readonly Probe[] Probes = [Of("test"), Of("money"), Of("tea")];

    [Fact]
    public void Nats_are_the_symmetrised_expected_difference_over_the_replies()
    {
        var model = new CastLanguageModel();
        PersonaContrast contrast = Measure(model, Told("v", "villain", 0.9), Told("h", "helper", -0.9), Told("a", "anon"));

        ProbeTable low = ProbeMeasurement.UnderPersonas(model, Probes, [.. contrast.Personas]);
        double J(int a, int b) => Probes.Index().Average(p =>
        {
            double x = low.Low[p.Index, a], y = low.Low[p.Index, b];
            return 0.5 * (x - y) * (Math.Log(x / y) - Math.Log((1 - x) / (1 - y)));
        });
        for (int a = 0; a < 3; a++)
        {
            Assert.Equal(0, contrast.Nats[a, a]);
            for (int b = 0; b < 3; b++)
            {
                // Each reply is one token, so nats per token are nats per probe.
                Assert.Equal(J(a, b), contrast.Nats[a, b], 6);
                Assert.Equal(contrast.Nats[a, b], contrast.Nats[b, a]);
            }
        }
        for (int q = 0; q < Probes.Length; q++) Assert.Equal(low.Low[q, 0], contrast.Low[q, 0], 9);
        Assert.Equal(low.Rows.Select(r => r.Bare), contrast.BareLow);
    }

    [Fact]
    public void Effective_number_runs_from_one_to_the_number_of_personas()
    {
        PersonaContrast apart = Measure(new CastLanguageModel(), Told("v", "villain"), Told("h", "helper"));
        PersonaContrast alike = Measure(new CastLanguageModel(), Told("v", "villain"), Told("w", "villain"));

        Assert.Equal(1, apart.EffectiveNumber(0), 9);
        Assert.Equal(2, apart.EffectiveNumber(1e6), 9);
        Assert.InRange(apart.EffectiveNumber(5), 1.0001, 1.9999);
        Assert.Equal(1, alike.EffectiveNumber(1e6), 9);
    }

    [Fact]
    public void Worth_names_duplicates_dead_weight_and_what_agrees()
    {
        PersonaContrast contrast =
            Measure(new CastLanguageModel(), Told("v", "villain", -0.9), Told("w", "villain", -0.5), Told("h", "helper", 0.9),
                new Persona("silent", "human", "", new Dictionary<string, double>()) { Contexts = [[new Turn("user", "tea")]] });
        var worth = new LibraryWorth(contrast, 0.001, 0.02);

        Assert.Equal("v", worth.Personas[1].DuplicateOf);
        Assert.Equal("w", worth.Personas[0].Nearest);
        Assert.Null(worth.Personas[0].DuplicateOf);
        Assert.Equal([false, false, false, true], worth.Personas.Select(p => p.IsDeadWeight));
        Assert.Equal(["tea"], worth.Unmoved);
        TraitWorth good = Assert.Single(worth.Traits, t => t.Name == "good");
        Assert.False(good.IsDeadWeight);
        Assert.InRange(good.Agreement!.Value, 0.9, 1);
        Assert.True(Assert.Single(worth.Traits, t => t.Name == "tea").IsDeadWeight);
        Assert.Equal(("v", "w"), (worth.NearestPairs(1)[0].A, worth.NearestPairs(1)[0].B));
    }

    [Fact]
    public void The_bare_model_is_at_no_distance_from_a_persona_that_says_nothing()
    {
        var model = new CastLanguageModel();
        PersonaContrast contrast = PersonaContrast.Measure(
            [PresentedPersona.AsGiven(new Persona("x", "human", "", new Dictionary<string, double>()), model)], model, Probes);

        Assert.Equal(0, contrast.FromBare[0]);
        Assert.Equal(1, contrast.EffectiveNumber(1000), 9);
        Assert.Null(new LibraryWorth(contrast, 0.001, 0.02).Personas[0].Nearest);
    }

    private static PersonaContrast Measure(CastLanguageModel model, params Persona[] personas) =>
        PersonaContrast.Measure([.. personas.Select(p => PresentedPersona.AsGiven(p, model))], model, Probes);

    private static Persona Told(string name, string word, double? good = null) =>
        new(name, "human", "", good is { } value ? new Dictionary<string, double> { ["good"] = value } : new Dictionary<string, double>())
        {
            Contexts = [[new Turn("system", word)]],
        };

    private static Probe Of(string domain) =>
        new(domain, domain, [new Turn("user", domain)], ["bad"], ["good"], Trait: domain == "tea" ? null : "good");
}
