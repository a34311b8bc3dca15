namespace PersonaSelection.Model;

/// <summary>A prompt to go on from.</summary>
/// <param name="Prompt">Token ids, the first of them the tokenizer's begin id; shorter than the context.</param>
/// <param name="Seed">Fixes what is drawn: equal requests give equal texts, alone or in any batch.</param>
public sealed record GenerationRequest(int[] Prompt, ulong Seed = 0);

/// <summary>How tokens are drawn and when to stop.</summary>
public sealed record GenerationOptions
{
    /// <summary>The most tokens to draw for one prompt; the end of the context stops earlier.</summary>
    public int MaxTokens { get; init; } = 128;

    /// <summary>Logits are divided by this; 0 takes the most probable token (the lowest id among equals).</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Draw among this many most probable tokens; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Draw among the fewest most probable tokens whose probabilities sum to this; 1 for all (Holtzman et al. 2020).</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Texts that end a reply; they are not part of it.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Ids that end a reply, beside the tokenizer's end id; they are not part of it.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>Whether the tokenizer's end id ends a reply.</summary>
    public bool StopAtEnd { get; init; } = true;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(TopK);
        if (!(Temperature >= 0) || !double.IsFinite(Temperature))
            throw new ArgumentOutOfRangeException(nameof(Temperature), Temperature, "Not below 0.");
        if (!(TopP > 0 && TopP <= 1)) throw new ArgumentOutOfRangeException(nameof(TopP), TopP, "In (0, 1].");
        if (StopStrings.Any(string.IsNullOrEmpty)) throw new ArgumentException("A stop string is empty.");
    }
}

/// <summary>Why a text ended.</summary>
public enum FinishReason
{
    /// <summary>The most tokens were drawn, or the context was full.</summary>
    Length,

    /// <summary>The end id was drawn, or another that ends a reply.</summary>
    End,

    /// <summary>A stop string appeared.</summary>
    Stop,
}

/// <summary>What was drawn after a prompt.</summary>
/// <param name="Tokens">Every token drawn, without the end id.</param>
/// <param name="Text">Their text, cut before a stop string.</param>
/// <param name="Finish">Why it ended.</param>
public sealed record GeneratedText(int[] Tokens, string Text, FinishReason Finish);
