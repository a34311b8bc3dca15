namespace PersonaSelection.Corpus;

/// <summary>
/// Pairs of neighbours that become one token, each with its rank: the part of byte-pair encoding that all such tokenizers share.
/// </summary>
internal sealed class PairMerges(int capacity)
{
    private readonly Dictionary<ulong, (int Rank, int Joint)> _pairs = new(capacity);

    /// <summary>Says what a pair becomes; said again, the later word counts, as it does for the Hugging Face library.</summary>
    public void Set(int left, int right, int rank, int joint) => _pairs[Pair(left, right)] = (rank, joint);

    /// <summary>Joins the neighbours of the lowest rank, the first of equals first, until none are left.</summary>
    // A queue of neighbours by rank, then place: n log n, so a long run without spaces costs no more per byte than a word.
    public int[] Join(ReadOnlySpan<int> tokens)
    {
        int n = tokens.Length;
        if (n < 2) return [.. tokens];
        int[] ids = [.. tokens], previous = new int[n], next = new int[n];
        var queue = new PriorityQueue<(int At, int Left, int Right, int Joint), ulong>();
        void Offer(int at)
        {
            if (at >= 0 && next[at] < n && _pairs.TryGetValue(Pair(ids[at], ids[next[at]]), out (int Rank, int Joint) merge))
                queue.Enqueue((at, ids[at], ids[next[at]], merge.Joint), Pair(merge.Rank, at));
        }
        for (int i = 0; i < n; i++) (previous[i], next[i]) = (i - 1, i + 1);
        for (int i = 0; i < n; i++) Offer(i);
        int left = n;
        while (queue.TryDequeue(out (int At, int Left, int Right, int Joint) pair, out _))
        {
            int at = pair.At;
            // An offer is stale once either side has been joined to something else.
            if (ids[at] != pair.Left || next[at] >= n || ids[next[at]] != pair.Right) continue;
            int gone = next[at];
            ids[at] = pair.Joint;
            ids[gone] = -1;
            left--;
            next[at] = next[gone];
            if (next[at] < n) previous[next[at]] = at;
            Offer(at);
            Offer(previous[at]);
        }
        var joined = new int[left];
        for (int i = 0, j = 0; j < left; i = next[i]) joined[j++] = ids[i];
        return joined;
    }

    private static ulong Pair(int high, int low) => (ulong)(uint)high << 32 | (uint)low;
}
