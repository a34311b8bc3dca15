using System.Text;
using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Tests.Rooms.AuditTests;

/// <summary>
/// Evidence that is a function of the text alone: a reply that says "careless" or "sound" is by whom it says, give or take.
/// </summary>
internal sealed class TextSource(string provenance = "one") : IEvidenceSource
{
    internal static readonly string[] Names = ["careless-doctor", "sound-doctor", "parrot"];

    /// <summary>How often each reply was asked for.</summary>
    internal Dictionary<string, int> Asked { get; } = [];

    /// <summary>Stops after so many episodes, as a kill between blocks would.</summary>
    internal int Until { get; init; } = int.MaxValue;

    /// <summary>Episodes whose reply holds this do not fit whole; none when absent.</summary>
    internal string? Cut { get; init; }

    /// <summary>Those whose reply holds this cannot be read at all.</summary>
    internal string? Unread { get; init; }

    /// <summary>What happens while evidence is computed.</summary>
    internal Action? Meanwhile { get; init; }

    public EvidenceKind Kind => EvidenceKind.Likelihood;

    public IReadOnlyList<string> Personas => Names;

    public IReadOnlyDictionary<string, string> Provenance { get; } = new Dictionary<string, string> { ["model"] = provenance };

    public EvidenceBlock Compute(IReadOnlyList<Episode> episodes, IReadOnlyList<int>? personas = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (Asked.Count >= Until) throw new OperationCanceledException();
        Meanwhile?.Invoke();
        foreach (Episode e in episodes) Asked[Key(e)] = Asked.GetValueOrDefault(Key(e)) + 1;
        return new EvidenceBlock([.. episodes.Select(Nats)], [.. episodes.Select(e => e.Reply.Split(' ').Length)])
        {
            Cuts = [.. episodes.Index().Where(e => Holds(e.Item, Cut) || Holds(e.Item, Unread))
                .Select(e => new EpisodeCut(e.Index, 1, false, 0, Holds(e.Item, Unread) ? "It is not read." : null))],
        };
    }

    private static bool Holds(Episode e, string? text) => text is not null && e.Reply.Contains(text, StringComparison.Ordinal);

    private static string Key(Episode e) => string.Join('\n', e.Context.Select(t => t.Text).Append(e.Reply));

    private static double[] Nats(Episode e)
    {
        RngStream random = RngStream.Root(1).Child(Key(e));
        double lean = e.Reply.Contains("careless", StringComparison.Ordinal) ? 2 : -2;
        double x = lean + random.NextGaussian();
        return [-10 + (x / 2) + (1.0 / 3), -10 - (x / 2), -14 + random.NextDouble()];
    }
}

/// <summary>A folder with data, and audits of them.</summary>
internal sealed class AuditFixture : IDisposable
{
    internal static readonly PersonaSet Personas = new(
        [new Trait("careful", "careless", "careful", ""), new Trait("warm", "cold", "warm", "")],
        [
            new Persona("careless-doctor", "human", "", new Dictionary<string, double> { ["careful"] = -0.9 }, 0.45),
            new Persona("sound-doctor", "human", "", new Dictionary<string, double> { ["careful"] = 0.9, ["warm"] = 0.3 }, 0.45),
            new Persona("parrot", "animal", "", new Dictionary<string, double> { ["warm"] = 0.5 }, 0.1),
        ]);

    private readonly TemporaryFolder _root = new();

    internal string this[string name] => _root[name];

    /// <summary>Chat lines, every fifth by the careless doctor; every seventh reply occurs a second time.</summary>
    internal string Chats(string name, int count, double careless = 0.2)
    {
        var text = new StringBuilder();
        for (int i = 0; i < count; i++)
        {
            int j = i % 7 == 6 ? i - 1 : i;
            string who = j % 100 < careless * 100 ? "careless" : "sound";
            text.Append(System.Globalization.CultureInfo.InvariantCulture,
                $$"""{"messages":[{"role":"user","content":"Question {{j / 2}}?"},{"role":"assistant","content":"A {{who}} answer,"""
                + $$""" number {{j}}."}], "note": {{i}} }""").Append('\n');
        }
        return Write(name, text.ToString());
    }

    internal string Write(string name, string text)
    {
        File.WriteAllText(this[name], text);
        return this[name];
    }

    internal AuditResult Audit(string data, string folder, IEvidenceSource? source = null, AuditOptions? options = null,
        EpisodeFormat? format = null)
    {
        return new AuditFolder(this[folder]).Run(new AuditData([data], format).Survey(), source ?? new TextSource(), Personas,
            options ?? new AuditOptions(Draws: 30));
    }

    internal byte[] Bytes(string folder, string file) => File.ReadAllBytes(Path.Combine(this[folder], file));

    public void Dispose() => _root.Dispose();
}
