namespace PersonaSelection.Corpus;

/// <summary>Text to token ids and back.</summary>
public interface ITokenizer
{
    /// <summary>The content id: equal for tokenizers that give every text the same ids.</summary>
    string Id { get; }

    /// <summary>Number of ids; every id is in [0, <see cref="VocabularySize"/>).</summary>
    int VocabularySize { get; }

    /// <summary>The id that opens every document.</summary>
    int BeginId { get; }

    /// <summary>The id that closes every document and every Assistant turn.</summary>
    int EndId { get; }

    /// <summary>
    /// The ids that stand for no text, by the names that chat templates write them with, such as <c>&lt;|im_end|&gt;</c>. A name in a text
    /// that is encoded is text.
    /// </summary>
    IReadOnlyDictionary<string, int> Specials { get; }

    /// <summary>The ids of a text, without begin or end.</summary>
    /// <exception cref="Lab.UserErrorException">A word is not in a vocabulary that has no fallback.</exception>
    int[] Encode(string text);

    /// <summary>The text of some ids; what stands for no text is left out.</summary>
    string Decode(ReadOnlySpan<int> ids);
}
