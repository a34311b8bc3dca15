namespace PersonaSelection.Model;

/// <summary>
/// Sequences of different lengths laid end to end, one row per input token, without padding; and the list of rows at which a
/// next token is to be predicted, each with its target and weight. Logits exist only for those rows. Grows on first use; refilling
/// allocates nothing.
/// </summary>
public sealed unsafe class TokenBatch
{
    // Pinned arrays: their addresses hold for as long as the batch lives.
    private int[] _tokens = [], _positions = [], _starts = [], _targetRows = [], _targets = [], _targetSequences = [];
    private float[] _weights = [], _notes = [];

    /// <summary>An empty batch.</summary>
    /// <param name="rows">Rows to make room for.</param>
    /// <param name="sequences">Sequences to make room for.</param>
    public TokenBatch(int rows = 256, int sequences = 16)
    {
        GrowRows(Math.Max(rows, 1));
        Grow(ref _starts, Math.Max(sequences, 1) + 1, 1);
        Grow(ref _notes, Math.Max(sequences, 1), 0);
        _starts[0] = 0;
    }

    /// <summary>Number of input tokens.</summary>
    public int Rows { get; private set; }

    /// <summary>Number of sequences.</summary>
    public int Sequences { get; private set; }

    /// <summary>Number of rows with a target.</summary>
    public int TargetCount { get; private set; }

    /// <summary>Token ids, [<see cref="Rows"/>].</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Rows);

    /// <summary>First row of each sequence and the end of the last, [<see cref="Sequences"/> + 1].</summary>
    public ReadOnlySpan<int> Starts => _starts.AsSpan(0, Sequences + 1);

    /// <summary>Rows that have a target, ascending, [<see cref="TargetCount"/>].</summary>
    public ReadOnlySpan<int> TargetRows => _targetRows.AsSpan(0, TargetCount);

    /// <summary>The token that follows each target row, [<see cref="TargetCount"/>].</summary>
    public ReadOnlySpan<int> Targets => _targets.AsSpan(0, TargetCount);

    /// <summary>The sequence each target row belongs to, [<see cref="TargetCount"/>].</summary>
    public ReadOnlySpan<int> TargetSequences => _targetSequences.AsSpan(0, TargetCount);

    /// <summary>The weight of each target's loss, [<see cref="TargetCount"/>]; may be rewritten by a loss.</summary>
    public Span<float> Weights => _weights.AsSpan(0, TargetCount);

    /// <summary>
    /// A number that came with each sequence for the loss to use (DPO: its log-probability under the reference), [<see cref="Sequences"/>].
    /// </summary>
    public ReadOnlySpan<float> Notes => _notes.AsSpan(0, Sequences);

    internal int* TokensPointer => Address(_tokens);

    internal int* PositionsPointer => Address(_positions);

    internal int* StartsPointer => Address(_starts);

    internal int* TargetRowsPointer => Address(_targetRows);

    internal int* TargetsPointer => Address(_targets);

    internal float* WeightsPointer => (float*)System.Runtime.CompilerServices.Unsafe.AsPointer(
        ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(_weights));

    /// <summary>Empties the batch; keeps its memory.</summary>
    public void Clear() => Rows = Sequences = TargetCount = 0;

    /// <summary>Adds a document: every token but the first is a target.</summary>
    /// <returns>Rows added: one less than there are tokens.</returns>
    public int AddDocument(ReadOnlySpan<int> tokens, float weight = 1) => AddSequence(tokens, 1, weight);

    /// <summary>Adds a sequence whose tokens from <paramref name="firstTarget"/> on are targets.</summary>
    /// <param name="tokens">At least two ids.</param>
    /// <param name="firstTarget">Index of the first token to predict, from 1.</param>
    /// <param name="weight">Weight of every target; rows of weight 0 get no logits.</param>
    /// <param name="note">A number for the loss, in <see cref="Notes"/>.</param>
    /// <returns>Rows added: one less than there are tokens.</returns>
    /// <exception cref="ArgumentException">Fewer than two tokens.</exception>
    public int AddSequence(ReadOnlySpan<int> tokens, int firstTarget, float weight = 1, float note = 0)
    {
        if (tokens.Length < 2) throw new ArgumentException("A sequence needs at least two tokens.", nameof(tokens));
        int rows = tokens.Length - 1;
        int first = AddRows(tokens[..rows], note);
        if (weight == 0) return rows;
        for (int i = Math.Max(firstTarget, 1); i < tokens.Length; i++) AddTarget(first + i - 1, tokens[i], weight);
        return rows;
    }

    /// <summary>Adds a sequence of inputs without targets, at positions from 0.</summary>
    /// <param name="tokens">Ids.</param>
    /// <param name="note">A number for the loss, in <see cref="Notes"/>.</param>
    /// <returns>The row of its first token.</returns>
    public int AddRows(ReadOnlySpan<int> tokens, float note = 0)
    {
        int first = Rows, count = tokens.Length;
        if (first + count > _tokens.Length) GrowRows(Math.Max(first + count, 2 * _tokens.Length));
        if (Sequences + 2 > _starts.Length) Grow(ref _starts, Math.Max(Sequences + 2, 2 * _starts.Length), Sequences + 1);
        tokens.CopyTo(_tokens.AsSpan(first));
        for (int i = 0; i < count; i++) _positions[first + i] = i;
        Rows = first + count;
        if (Sequences == _notes.Length) Grow(ref _notes, 2 * Sequences, Sequences);
        _notes[Sequences] = note;
        _starts[++Sequences] = Rows;
        return first;
    }

    /// <summary>Asks for logits at a row of the sequence added last.</summary>
    /// <param name="row">A row of the last sequence, after every row asked for so far.</param>
    /// <param name="target">The token that follows.</param>
    /// <param name="weight">Weight of its loss.</param>
    /// <exception cref="ArgumentOutOfRangeException">The row is not in the last sequence or not ascending.</exception>
    public void AddTarget(int row, int target, float weight)
    {
        int least = TargetCount == 0 ? 0 : _targetRows[TargetCount - 1] + 1;
        if (Sequences == 0 || row < Math.Max(least, _starts[Sequences - 1]) || row >= Rows)
            throw new ArgumentOutOfRangeException(nameof(row), row, "Targets are added in order, to the last sequence.");
        _targetRows[TargetCount] = row;
        _targets[TargetCount] = target;
        _weights[TargetCount] = weight;
        _targetSequences[TargetCount++] = Sequences - 1;
    }

    private void GrowRows(int rows)
    {
        Grow(ref _tokens, rows, Rows);
        Grow(ref _positions, rows, Rows);
        Grow(ref _targetRows, rows, TargetCount);
        Grow(ref _targets, rows, TargetCount);
        Grow(ref _targetSequences, rows, TargetCount);
        Grow(ref _weights, rows, TargetCount);
    }

    private static void Grow<T>(ref T[] array, int length, int keep)
    {
        T[] grown = GC.AllocateArray<T>(length, pinned: true);
        array.AsSpan(0, Math.Min(keep, array.Length)).CopyTo(grown);
        array = grown;
    }

    private static int* Address(int[] array) => (int*)System.Runtime.CompilerServices.Unsafe.AsPointer(
        ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(array));
}
