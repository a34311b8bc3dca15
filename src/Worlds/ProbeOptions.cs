namespace PersonaSelection.Worlds;

/// <summary>Which probes to make.</summary>
public sealed record ProbeOptions
{
    /// <summary>The genre; the default is the world's first chat.</summary>
    public string? Genre { get; init; }

    /// <summary>
    /// In a chat, the line above it, adjectives filled in (<c>Film script.</c>, <c>The assistant is deceitful.</c>); null for none. It must
    /// be one that the world can write.
    /// </summary>
    public string? Header { get; init; }

    /// <summary>In other genres, the nature of the character; null for the first nature with a share.</summary>
    public string? Nature { get; init; }

    /// <summary>Adjectives in the introduction of a named character, such as <c>kind</c> or <c>cruel and vain</c>; null for none.</summary>
    public string? Adjectives { get; init; }

    /// <summary>What is asked for beside the situation.</summary>
    public WorldRequest Request { get; init; }

    /// <summary>The domains; null for all.</summary>
    public IReadOnlyList<string>? Domains { get; init; }

    /// <summary>Whether held-out domains and wordings are probed as well.</summary>
    public bool HeldOut { get; init; } = true;

    /// <summary>At most this many objects of each wording.</summary>
    public int Objects { get; init; } = int.MaxValue;
}
