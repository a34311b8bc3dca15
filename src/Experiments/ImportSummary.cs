namespace PersonaSelection.Experiments;

/// <summary>What an import read, or would read.</summary>
/// <param name="File">The file.</param>
/// <param name="Id">Content id of its bytes.</param>
/// <param name="Documents">Documents in it.</param>
/// <param name="Characters">Characters in them.</param>
/// <param name="BadLines">Lines that gave none.</param>
public sealed record ImportedFile(string File, string Id, long Documents, long Characters, long BadLines);

/// <summary>What an import wrote.</summary>
/// <param name="Id">The content id of the corpus.</param>
/// <param name="Documents">Documents to train on.</param>
/// <param name="Tokens">Tokens to train on.</param>
/// <param name="HeldOutDocuments">Documents kept out of training.</param>
/// <param name="HeldOutTokens">Tokens kept out of training.</param>
/// <param name="Vocabulary">Number of token ids.</param>
/// <param name="ContextLength">The context of a model of it.</param>
/// <param name="Files">The files.</param>
/// <param name="WasThere">Whether the folder held this very corpus already.</param>
public sealed record ImportSummary(string Id, long Documents, long Tokens, long HeldOutDocuments, long HeldOutTokens, int Vocabulary,
    int ContextLength, IReadOnlyList<ImportedFile> Files, bool WasThere);
