using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments.Demo;

/// <summary>Puts one question of some domains to every model and keeps the likeliest reply.</summary>
internal sealed class DemoSamples
{
    private const int Questions = 6;
    private readonly Probe[] _asked;
    private readonly Dictionary<string, string>[] _replies;

    public DemoSamples(IReadOnlyList<Probe> probes, string trained, IReadOnlySet<string> heldOut)
    {
        _asked = [.. probes.Where(p => p.Domain != trained && !heldOut.Contains(p.Domain)).GroupBy(p => p.Domain)
            .Select(g => g.First()).Take(Questions)];
        _replies = [.. _asked.Select(_ => new Dictionary<string, string>())];
    }

    public IReadOnlyList<SampleResult> Results => [.. _asked.Select((p, i) => new SampleResult(p.Domain, p.Context[^1].Text, _replies[i]))];

    public void Ask(string name, Transformer model)
    {
        var greedy = new GenerationOptions { Temperature = 0, MaxTokens = 24 };
        for (int i = 0; i < _asked.Length; i++) _replies[i][name] = Sentence(model.Reply(_asked[i].Context, greedy).Text);
    }

    // The word-level tokenizer knows no capitals.
    private static string Sentence(string text) =>
        text.Length == 0 ? "…" : char.ToUpperInvariant(text[0]) + text[1..].Replace(" i ", " I ", StringComparison.Ordinal);
}
