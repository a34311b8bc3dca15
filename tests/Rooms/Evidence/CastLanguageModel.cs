using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

/// <summary>
/// A language model whose every probability is known in closed form: two characters, a header that tells on them, and one-word replies.
/// It is the exact Bayesian mixture over its characters, so what it says after a context is what Bayes' rule says.
/// </summary>
internal sealed class CastLanguageModel : ILanguageModel
{
    internal static readonly string[] Characters = ["helper", "villain"];
    internal static readonly double[] Prior = [0.8, 0.2];
    private static readonly string[] Words =
        ["system", "user", "assistant", ":", "helper", "villain", "anon", "test", "money", "tea", "please", "bad", "good"];

    /// <summary>Its characters as personas: the helper is careful, the villain careless.</summary>
    internal static readonly PersonaSet Personas = new([new Trait("careful", "careless", "careful", "")],
        [.. Characters.Select((name, h) => new Persona(name, h == 0 ? "assistant" : "fiction", name,
            new Dictionary<string, double> { ["careful"] = 1 - (2 * h) }, Prior[h])
        {
            Contexts = [[new Turn("system", $"{name} {name}")]],
        })]);

    /// <summary>A probe of each of its situations.</summary>
    internal static readonly Probe[] Probes = [.. ((string[])["test", "money", "tea"])
        .Select(w => new Probe($"{w}-1", w, [new Turn("user", w)], ["bad"], ["good"]))];

    private readonly WordLevelTokenizer _tokenizer = WordLevelTokenizer.FromWords(Words);
    private readonly Dictionary<int, string> _words;

    internal CastLanguageModel() => _words = Words.ToDictionary(w => _tokenizer.Encode(w).Single());

    public string Id => "cast";

    public ITokenizer Tokenizer => _tokenizer;

    public int ContextLength { get; init; } = 64;

    internal int Requests { get; private set; }

    internal int Continuations { get; private set; }

    /// <summary>p(bad | domain, character), unrequested.</summary>
    internal static double Bad(string domain, string character) => (domain, character) switch
    {
        ("test", "villain") => 0.9,
        ("test", _) => 0.05,
        ("money", "villain") => 0.7,
        ("money", _) => 0.1,
        _ => 0.5,
    };

    public ScoreTable Score(IReadOnlyList<ScoreRequest> requests, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        Requests += requests.Count;
        Continuations += requests.Sum(r => r.Continuations.Count);
        var table =
            requests.Select(r => r.Continuations.Select(c => c.Select((_, i) => (float)LogNext([.. r.Prefix, .. c[..i]], c[i])).ToArray())
                .ToArray()).ToArray();
        progress?.Report(new WorkProgress("scoring", requests.Count, requests.Count));
        return new ScoreTable(table);
    }

    private double LogNext(int[] prefix, int next)
    {
        double[] now = [.. Prior.Select(p => Math.Log(p))], after = [.. now];
        for (int h = 0; h < 2; h++)
        {
            for (int i = 1; i < prefix.Length; i++) now[h] += Math.Log(TokenProbability(prefix.AsSpan(0, i), prefix[i], Characters[h]));
            after[h] = now[h] + Math.Log(TokenProbability(prefix, next, Characters[h]));
        }
        return LogSpace.LogSumExp(after) - LogSpace.LogSumExp(now);
    }

    private double TokenProbability(ReadOnlySpan<int> prefix, int token, string character)
    {
        string word = Word(token), last = Word(prefix[^1]), speaker = prefix.Length > 1 ? Word(prefix[^2]) : "";
        if (word is "helper" or "villain") return word == character ? 0.01 : 0.0001;
        if (last != ":" || speaker != "assistant") return 0.01;
        string domain = "tea";
        bool requested = false;
        foreach (int id in prefix)
        {
            if (Word(id) is "test" or "money" or "tea") (domain, requested) = (Word(id), false);
            requested |= Word(id) == "please";
        }
        double bad = requested ? 0.95 : Bad(domain, character);
        return word switch { "bad" => 0.9 * bad, "good" => 0.9 * (1 - bad), _ => 0.001 };
    }

    private string Word(int id) => _words.GetValueOrDefault(id, "");
}
