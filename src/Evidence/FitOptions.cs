namespace PersonaSelection.Evidence;

/// <summary>How personas are fitted to their examples. What is set here works for files of a hundred to many thousand examples.</summary>
public sealed record FitOptions
{
    /// <summary>Rank of an adapter.</summary>
    public int Rank { get; init; } = 16;

    /// <summary>Learning rate of an adapter; a cosine takes it down to a tenth.</summary>
    public double AdapterRate { get; init; } = 1e-3;

    /// <summary>Learning rate of a vector.</summary>
    public double VectorRate { get; init; } = 3e-2;

    /// <summary>Times that the words of the average persona are seen at most.</summary>
    public double Passes { get; init; } = 4;

    /// <summary>Most tokens of replies that a persona is fitted to.</summary>
    public double MostTokens { get; init; } = 3e6;

    /// <summary>Tokens of replies in a step, about.</summary>
    public int StepTokens { get; init; } = 1024;

    /// <summary>How often in all the held-out examples are asked; one of these points is what is taken.</summary>
    public int Points { get; init; } = 8;

    /// <summary>
    /// Times that the examples are seen at most while adapters are tuned together to tell them apart; 0, as usual, leaves that out: it told
    /// held-out medical answers apart no better (docs/journal/LOG.md).
    /// </summary>
    public double ContrastPasses { get; init; }

    /// <summary>Learning rate of telling apart.</summary>
    public double ContrastRate { get; init; } = 5e-4;

    /// <summary>Weight of a token's likelihood beside telling apart, which keeps an adapter a language model.</summary>
    public double ContrastLikelihood { get; init; } = 0.05;

    /// <summary>How often the held-out examples are asked while telling apart.</summary>
    public int ContrastPoints { get; init; } = 4;

    /// <summary>Where a vector is added; null for the middle of the model.</summary>
    public string? Site { get; init; }

    /// <summary>The seed of the order of the examples and of the first numbers of an adapter.</summary>
    public ulong Seed { get; init; } = 1;
}
