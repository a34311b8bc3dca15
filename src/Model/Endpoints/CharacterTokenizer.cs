using PersonaSelection.Corpus;

namespace PersonaSelection.Model;

/// <summary>
/// Text as its UTF-16 code units: what stands for the tokenizer of a server, which nobody here knows. Every text
/// comes back exactly as it was.
/// </summary>
internal sealed class CharacterTokenizer : ITokenizer
{
    private const int First = 2;

    public string Id => "utf-16";

    public int VocabularySize => First + char.MaxValue + 1;

    public int BeginId => 0;

    public int EndId => 1;

    public IReadOnlyDictionary<string, int> Specials { get; } = new Dictionary<string, int>();

    public int[] Encode(string text) => [.. text.Select(c => c + First)];

    public string Decode(ReadOnlySpan<int> ids)
    {
        var text = new System.Text.StringBuilder(ids.Length);
        foreach (int id in ids)
            if (id >= First) text.Append((char)(id - First));
        return text.ToString();
    }
}
