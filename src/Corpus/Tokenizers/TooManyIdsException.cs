namespace PersonaSelection.Corpus;

/// <summary>A tokenizer has more ids than the model that it is for.</summary>
internal sealed class TooManyIdsException(int ids, int size) : Exception($"has {ids} ids, but its model was made for {size}");
