using System.Globalization;

namespace PersonaSelection.Model;

/// <summary>Where a checkpoint comes from: written into its weights file and its model card.</summary>
/// <param name="Summary">What the model is, in one sentence.</param>
public sealed record ModelProvenance(string Summary)
{
    private const string Prefix = "psm.";
    private const string NotePrefix = "psm.note.";

    /// <summary>The root seed of the run.</summary>
    public ulong? Seed { get; init; }

    /// <summary>The content id of what it was trained on.</summary>
    public string? CorpusId { get; init; }

    /// <summary>The content id of the model it was tuned from.</summary>
    public string? ParentId { get; init; }

    /// <summary>Tokens seen in training.</summary>
    public long? Tokens { get; init; }

    /// <summary>The version of the code.</summary>
    public string? Code { get; init; }

    /// <summary>Anything else worth keeping.</summary>
    public IReadOnlyDictionary<string, string> Notes { get; init; } = new Dictionary<string, string>();

    /// <summary>As strings, for <c>__metadata__</c>.</summary>
    internal IEnumerable<KeyValuePair<string, string>> ToMetadata()
    {
        yield return new(Prefix + "summary", Summary);
        if (Seed is { } seed) yield return new(Prefix + "seed", seed.ToString(CultureInfo.InvariantCulture));
        if (CorpusId is not null) yield return new(Prefix + "corpus", CorpusId);
        if (ParentId is not null) yield return new(Prefix + "parent", ParentId);
        if (Tokens is { } tokens) yield return new(Prefix + "tokens", tokens.ToString(CultureInfo.InvariantCulture));
        if (Code is not null) yield return new(Prefix + "code", Code);
        foreach ((string key, string value) in Notes) yield return new(NotePrefix + key, value);
    }

    /// <summary>The reverse of <see cref="ToMetadata"/>; what is absent stays empty.</summary>
    internal static ModelProvenance FromMetadata(IReadOnlyDictionary<string, string> metadata)
    {
        string? Get(string key) => metadata.TryGetValue(Prefix + key, out string? value) ? value : null;
        return new ModelProvenance(Get("summary") ?? "A checkpoint made elsewhere.")
        {
            Seed = ulong.TryParse(Get("seed"), NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed) ? seed : null,
            CorpusId = Get("corpus"),
            ParentId = Get("parent"),
            Tokens = long.TryParse(Get("tokens"), NumberStyles.None, CultureInfo.InvariantCulture, out long tokens) ? tokens : null,
            Code = Get("code"),
            Notes = metadata.Where(m => m.Key.StartsWith(NotePrefix, StringComparison.Ordinal))
                .ToDictionary(m => m.Key[NotePrefix.Length..], m => m.Value),
        };
    }
}
