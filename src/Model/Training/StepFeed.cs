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

/// <summary>Whole documents while they fit into a budget of tokens; documents longer than the context are cut into windows of it.</summary>
internal sealed class DocumentFeed(IDocumentSource source, int tokensPerStep, int contextLength) : StepFeed
{
    public override long Position
    {
        get => source.Position;
        set => source.Position = value;
    }

    public override bool Fill(StepBatch step)
    {
        step.Clear();
        while (true)
        {
            ReadOnlySpan<int> document = source.Next();
            if (document.IsEmpty) break;
            if (step.Rows > 0 && step.Rows + document.Length - 1 > tokensPerStep)
            {
                source.Position--;
                break;
            }
            for (int at = 0; at + 1 < document.Length; at += contextLength)
            {
                // Windows overlap by one token: the last target of one is the first input of the next.
                step.Add(document[at..Math.Min(document.Length, at + contextLength + 1)], 1, 1);
                step.EndGroup();
            }
            if (step.Rows >= tokensPerStep) break;
        }
        step.Deal();
        step.Normaliser = step.Targets;
        step.PositionAfter = source.Position;
        return step.Rows > 0;
    }
}
