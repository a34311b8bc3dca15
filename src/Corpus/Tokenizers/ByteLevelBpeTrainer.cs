using System.Runtime.InteropServices;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>
/// Learns merges: again and again the most frequent pair of neighbours becomes a token; among equals the pair with the lower ids. Pair
/// counts are kept up to date word by word, so a merge costs what the words that hold it cost.
/// </summary>
internal sealed class ByteLevelBpeTrainer
{
    private const int FirstByte = 3;
    private const int LeastCount = 2;
    // A file of any size must not fill the memory: beyond this many words those met least are forgotten, and no word is longer than this.
    private const int MostWords = 1 << 21;
    private const int LongestWord = 1 << 10;
    private static readonly byte[][] Specials = ["<pad>"u8.ToArray(), "<bos>"u8.ToArray(), "<eos>"u8.ToArray()];
    private readonly List<int[]> _words = [];
    private readonly List<long> _counts = [];
    private readonly Dictionary<(int Left, int Right), long> _pairs = [];
    private readonly Dictionary<(int Left, int Right), HashSet<int>> _wordsWith = [];
    private readonly PriorityQueue<(int Left, int Right), (long NegativeCount, int Left, int Right)> _queue = new();

    private ByteLevelBpeTrainer(IEnumerable<string> texts)
    {
        var words = new Dictionary<string, long>(StringComparer.Ordinal);
        var lookup = words.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (string text in texts)
        {
            var pieces = new BytePieces(text);
            while (pieces.MoveNext())
                if (pieces.Current.Length <= LongestWord) CollectionsMarshal.GetValueRefOrAddDefault(lookup, pieces.Current, out _)++;
            for (long rare = 1; words.Count > MostWords; rare *= 2)
                foreach ((string word, long count) in words)
                    if (count <= rare) words.Remove(word);
        }
        foreach ((string word, long count) in words.OrderBy(w => w.Key, StringComparer.Ordinal))
        {
            _words.Add([.. Encoding.UTF8.GetBytes(word).Select(b => b + FirstByte)]);
            _counts.Add(count);
        }
    }

    public static ByteLevelBpeTokenizer Train(IEnumerable<string> texts, int vocabularySize, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, FirstByte + 256);
        List<byte[]> tokens = [.. Specials, .. Enumerable.Range(0, 256).Select(b => new[] { (byte)b })];
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = FirstByte; id < tokens.Count; id++) ids.Add(ByteLevelBpeTokenizer.Key(tokens[id]), id);
        var merges = new List<(int, int)>();
        var trainer = new ByteLevelBpeTrainer(texts);
        trainer.CountAll();
        while (tokens.Count < vocabularySize && trainer.TryTakeMostFrequent(out (int Left, int Right) pair))
        {
            cancellation.ThrowIfCancellationRequested();
            byte[] joint = [.. tokens[pair.Left], .. tokens[pair.Right]];
            // Two pairs can spell the same bytes; the token is made once.
            if (!ids.TryGetValue(ByteLevelBpeTokenizer.Key(joint), out int id))
            {
                id = tokens.Count;
                tokens.Add(joint);
                ids.Add(ByteLevelBpeTokenizer.Key(joint), id);
            }
            merges.Add(pair);
            trainer.Merge(pair, id);
        }
        return new ByteLevelBpeTokenizer([.. tokens], [0, 1, 2], merges, 1, 2);
    }

    private void CountAll()
    {
        for (int w = 0; w < _words.Count; w++) Count(w, _counts[w], []);
        foreach (((int Left, int Right) pair, long count) in _pairs) _queue.Enqueue(pair, (-count, pair.Left, pair.Right));
    }

    private bool TryTakeMostFrequent(out (int Left, int Right) pair)
    {
        while (_queue.TryDequeue(out pair, out (long NegativeCount, int, int) priority))
        {
            long count = _pairs.GetValueOrDefault(pair);
            if (count < LeastCount) continue;
            if (count == -priority.NegativeCount) return true;
            // Counts that fell since the pair was queued are put right when their turn comes.
            if (count < -priority.NegativeCount) _queue.Enqueue(pair, (-count, pair.Left, pair.Right));
        }
        return false;
    }

    private void Merge((int Left, int Right) pair, int id)
    {
        var grown = new HashSet<(int Left, int Right)>();
        foreach (int w in _wordsWith[pair].Order())
        {
            Count(w, -_counts[w], []);
            int[] word = _words[w];
            int length = 0;
            for (int i = 0; i < word.Length; i++)
            {
                bool joined = i + 1 < word.Length && word[i] == pair.Left && word[i + 1] == pair.Right;
                word[length++] = joined ? id : word[i];
                if (joined) i++;
            }
            _words[w] = word[..length];
            Count(w, _counts[w], grown);
        }
        _pairs.Remove(pair);
        _wordsWith.Remove(pair);
        foreach ((int Left, int Right) p in grown)
            if (p.Left == id || p.Right == id) _queue.Enqueue(p, (-_pairs[p], p.Left, p.Right));
    }

    private void Count(int w, long by, HashSet<(int, int)> seen)
    {
        int[] word = _words[w];
        for (int i = 0; i + 1 < word.Length; i++)
        {
            (int, int) pair = (word[i], word[i + 1]);
            CollectionsMarshal.GetValueRefOrAddDefault(_pairs, pair, out _) += by;
            ref HashSet<int>? words = ref CollectionsMarshal.GetValueRefOrAddDefault(_wordsWith, pair, out _);
            words ??= [];
            if (by > 0)
            {
                words.Add(w);
                seen.Add(pair);
            }
        }
    }
}
