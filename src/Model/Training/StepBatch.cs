namespace PersonaSelection.Model;

/// <summary>The sequences of one step, dealt out to micro-batches of nearly equal size. Sequences of one group stay together.</summary>
internal sealed class StepBatch
{
    private readonly List<(int Start, int Length, int FirstTarget, float Weight, float Note)> _sequences = [];
    private readonly List<(int First, int Count, int Tokens)> _groups = [];
    private readonly int[] _load;
    private int[] _tokens = new int[4096];
    private int _used, _groupFirst;

    public StepBatch(int microBatches, int expectedRows)
    {
        Parts = new TokenBatch[microBatches];
        for (int i = 0; i < microBatches; i++) Parts[i] = new TokenBatch(expectedRows / microBatches * 5 / 4 + 64, 64);
        _load = new int[microBatches];
    }

    public TokenBatch[] Parts { get; }

    /// <summary>What the sum of the loss and its gradient are divided by.</summary>
    public double Normaliser { get; set; }

    /// <summary>Position of the feed behind this step.</summary>
    public long PositionAfter { get; set; }

    /// <summary>Input tokens of all sequences.</summary>
    public int Rows { get; private set; }

    /// <summary>Targets of all parts.</summary>
    public int Targets
    {
        get
        {
            int sum = 0;
            foreach (TokenBatch part in Parts) sum += part.TargetCount;
            return sum;
        }
    }

    public void Clear()
    {
        _sequences.Clear();
        _groups.Clear();
        _used = _groupFirst = Rows = 0;
    }

    /// <summary>Adds a sequence to the group being made.</summary>
    /// <param name="tokens">At least two ids.</param>
    /// <param name="firstTarget">Index of the first token to predict.</param>
    /// <param name="weight">Weight of every target.</param>
    /// <param name="note">A number that travels with the sequence to the loss.</param>
    public void Add(ReadOnlySpan<int> tokens, int firstTarget, float weight, float note = 0)
    {
        if (_used + tokens.Length > _tokens.Length) Array.Resize(ref _tokens, Math.Max(_used + tokens.Length, 2 * _tokens.Length));
        tokens.CopyTo(_tokens.AsSpan(_used));
        _sequences.Add((_used, tokens.Length, firstTarget, weight, note));
        _used += tokens.Length;
        Rows += tokens.Length - 1;
    }

    public void EndGroup()
    {
        int tokens = 0;
        for (int i = _groupFirst; i < _sequences.Count; i++) tokens += _sequences[i].Length;
        _groups.Add((_groupFirst, _sequences.Count - _groupFirst, tokens));
        _groupFirst = _sequences.Count;
    }

    /// <summary>Largest group first, each to the part with the fewest rows: even loads, and the same for any number of threads.</summary>
    public void Deal()
    {
        _groups.Sort(static (a, b) => a.Tokens != b.Tokens ? b.Tokens.CompareTo(a.Tokens) : a.First.CompareTo(b.First));
        foreach (TokenBatch part in Parts) part.Clear();
        Array.Clear(_load);
        foreach ((int first, int count, int tokens) in _groups)
        {
            int least = 0;
            for (int i = 1; i < _load.Length; i++)
            {
                if (_load[i] < _load[least]) least = i;
            }
            _load[least] += tokens;
            for (int i = first; i < first + count; i++)
            {
                (int start, int length, int firstTarget, float weight, float note) = _sequences[i];
                Parts[least].AddSequence(_tokens.AsSpan(start, length), firstTarget, weight, note);
            }
        }
    }
}
