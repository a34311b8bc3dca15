namespace PersonaSelection.Model;

/// <summary>Where the steps of a run come from.</summary>
internal abstract class StepFeed
{
    /// <summary>Position in what is read; set it to resume.</summary>
    public abstract long Position { get; set; }

    /// <summary>Whether a step can only be made once the step before has been taken; otherwise it is made meanwhile.</summary>
    public virtual bool NeedsCurrentWeights => false;

    /// <summary>Makes the next step.</summary>
    /// <returns>False when there is none.</returns>
    public abstract bool Fill(StepBatch step);
}

/// <summary>
/// Whole documents while they fit into a budget of tokens; documents longer than the context are cut into windows of it. A document that is
/// longer than the budget is dealt out to several steps, window by window.
/// </summary>
internal sealed class DocumentFeed(IDocumentSource source, int tokensPerStep, int contextLength) : StepFeed
{
    // Above the number of the document, where in it the next step begins: a line of JSON is shorter than the 2^24 tokens that are left.
    private const int OffsetShift = 39;
    private int _offset;

    public override long Position
    {
        get => source.Position | ((long)_offset << OffsetShift);
        set => (source.Position, _offset) = (value & ((1L << OffsetShift) - 1), (int)(value >> OffsetShift));
    }

    public override bool Fill(StepBatch step)
    {
        step.Clear();
        while (true)
        {
            ReadOnlySpan<int> document = source.Next();
            if (document.IsEmpty) break;
            if (!Add(step, document))
            {
                source.Position--;
                break;
            }
            if (step.Rows >= tokensPerStep) break;
        }
        step.Deal();
        step.Normaliser = step.Targets;
        step.PositionAfter = Position;
        return step.Rows > 0;
    }

    // False where the document, or the rest of it, is for the next step.
    private bool Add(StepBatch step, ReadOnlySpan<int> document)
    {
        int last = document.Length - 1;
        bool dealt = last > tokensPerStep;
        if (!dealt && step.Rows > 0 && step.Rows + last > tokensPerStep) return false;
        while (_offset < last)
        {
            int length = Math.Min(contextLength, last - _offset), room = tokensPerStep - step.Rows;
            if (dealt && step.Rows > 0 && length > room)
            {
                // Half a window is worth more than an empty place, and less than that has too little before it.
                if (2 * room < contextLength) return false;
                length = room;
            }
            // Windows overlap by one token: the last target of one is the first input of the next.
            step.Add(document[_offset..(_offset + length + 1)], 1, 1);
            step.EndGroup();
            _offset += length;
        }
        _offset = 0;
        return true;
    }
}
