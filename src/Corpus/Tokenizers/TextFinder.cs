using System.Buffers;

namespace PersonaSelection.Corpus;

/// <summary>Finds some texts in another: the leftmost, and of those that start together the longest.</summary>
internal sealed class TextFinder
{
    private const int MostCharacters = 1 << 22;
    private readonly Dictionary<(int Node, char Next), int> _trie = [];
    // The number of the text that ends at a node; -1 where none does.
    private readonly List<int> _ends = [-1];
    private readonly SearchValues<char> _firsts;

    /// <summary>A finder of some texts; empty ones are never found, and of equal ones the first is.</summary>
    /// <exception cref="FormatException">They are too many.</exception>
    public TextFinder(IEnumerable<string> texts)
    {
        foreach ((int number, string text) in texts.Index())
        {
            int node = 0;
            foreach (char c in text)
            {
                if (_trie.TryGetValue((node, c), out int next))
                {
                    node = next;
                    continue;
                }
                if (_ends.Count > MostCharacters) throw new FormatException("It adds too many tokens.");
                _trie.Add((node, c), _ends.Count);
                node = _ends.Count;
                _ends.Add(-1);
            }
            if (node > 0 && _ends[node] < 0) _ends[node] = number;
        }
        _firsts = SearchValues.Create([.. _trie.Keys.Where(k => k.Node == 0).Select(k => k.Next)]);
    }

    /// <summary>The next of the texts.</summary>
    /// <param name="text">Where to look.</param>
    /// <param name="from">From where on.</param>
    /// <param name="start">Where it starts.</param>
    /// <param name="end">Where it ends, exclusive.</param>
    /// <param name="number">Which it is.</param>
    public bool TryFind(string text, int from, out int start, out int end, out int number)
    {
        (end, number) = (0, -1);
        for (start = from; ; start++)
        {
            int next = text.AsSpan(start).IndexOfAny(_firsts);
            if (next < 0) return false;
            start += next;
            int node = 0;
            for (int at = start; at < text.Length && _trie.TryGetValue((node, text[at]), out node); at++)
                if (_ends[node] >= 0) (end, number) = (at + 1, _ends[node]);
            if (number >= 0) return true;
        }
    }
}
