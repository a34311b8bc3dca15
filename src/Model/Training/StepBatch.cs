namespace PersonaSelection.Model;

/// <summary>The documents of one step, dealt out to micro-batches of nearly equal size.</summary>
internal sealed class StepBatch
{
    private readonly List<(int Start, int Length)> _sequences = [];
    private readonly int[] _load;
    private int[] _tokens = new int[4096];
    private int _used;

    public StepBatch(int microBatches, int tokensPerStep)
    {
        Parts = new TokenBatch[microBatches];
        for (int i = 0; i < microBatches; i++) Parts[i] = new TokenBatch(tokensPerStep / microBatches * 5 / 4 + 64, 64);
        _load = new int[microBatches];
    }

    public TokenBatch[] Parts { get; }

    /// <summary>Position of the source behind the documents taken.</summary>
    public long PositionAfter { get; private set; }

    public int Targets => Parts.Sum(p => p.TargetCount);

    /// <summary>
    /// Takes whole documents while they fit into <paramref name="tokens"/>; documents longer than the context are cut into windows of it.
    /// </summary>
    /// <returns>False when the source has no more.</returns>
    public bool Fill(IDocumentSource source, int tokens, int contextLength)
    {
        _sequences.Clear();
        _used = 0;
        int rows = 0;
        while (true)
        {
            ReadOnlySpan<int> document = source.Next();
            if (document.IsEmpty) break;
            if (rows > 0 && rows + document.Length - 1 > tokens)
            {
                source.Position--;
                break;
            }
            for (int at = 0; at + 1 < document.Length; at += contextLength)
            {
                // Windows overlap by one token: the last target of one is the first input of the next.
                ReadOnlySpan<int> window = document[at..Math.Min(document.Length, at + contextLength + 1)];
                if (_used + window.Length > _tokens.Length) Array.Resize(ref _tokens, Math.Max(_used + window.Length, 2 * _tokens.Length));
                window.CopyTo(_tokens.AsSpan(_used));
                _sequences.Add((_used, window.Length));
                _used += window.Length;
                rows += window.Length - 1;
            }
            if (rows >= tokens) break;
        }
        PositionAfter = source.Position;
        Deal();
        return rows > 0;
    }

    /// <summary>Longest first, each to the part with the fewest rows: even loads, and the same for any number of threads.</summary>
    private void Deal()
    {
        _sequences.Sort(static (a, b) => a.Length != b.Length ? b.Length.CompareTo(a.Length) : a.Start.CompareTo(b.Start));
        foreach (TokenBatch part in Parts) part.Clear();
        Array.Clear(_load);
        foreach ((int start, int length) in _sequences)
        {
            int least = 0;
            for (int i = 1; i < _load.Length; i++)
            {
                if (_load[i] < _load[least]) least = i;
            }
            _load[least] += Parts[least].AddDocument(_tokens.AsSpan(start, length));
        }
    }
}
