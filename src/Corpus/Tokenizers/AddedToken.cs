namespace PersonaSelection.Corpus;

/// <summary>A token of <c>added_tokens</c>: matched in a text as it stands, before byte pairs are joined.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="Special">It stands for no text, and no text is ever encoded as it.</param>
/// <param name="Normalized">It is matched in the normalized text rather than in the raw one.</param>
/// <param name="SingleWord">Only where no letter or digit touches it.</param>
/// <param name="StripsLeft">It takes the white space before it.</param>
/// <param name="StripsRight">It takes the white space behind it.</param>
internal sealed record AddedToken(int Id, string Content, bool Special, bool Normalized, bool SingleWord, bool StripsLeft,
    bool StripsRight);
