namespace PersonaSelection.Corpus;

/// <summary>
/// The tokens of a piece before any are joined. A character without a token is the unknown token, or is left out where the file names none,
/// as the Hugging Face library does.
/// </summary>
/// <param name="ids">Where the tokens go.</param>
/// <param name="unknown">The unknown token, if there is one.</param>
/// <param name="fuses">Unknown characters side by side are one token.</param>
internal ref struct TokenRow(List<int> ids, int? unknown, bool fuses)
{
    private bool _pending;

    public void Add(int id)
    {
        Finish();
        ids.Add(id);
    }

    /// <summary>Adds the bytes of a character. The library puts them before an unknown token that still waits.</summary>
    public readonly void AddBytes(ReadOnlySpan<int> bytes)
    {
        foreach (int id in bytes) ids.Add(id);
    }

    public void AddUnknown()
    {
        if (!fuses) Finish();
        _pending = true;
    }

    /// <summary>Nothing more comes.</summary>
    public void Finish()
    {
        if (_pending && unknown is { } id) ids.Add(id);
        _pending = false;
    }
}
