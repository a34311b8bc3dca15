using PersonaSelection.Lab;

namespace PersonaSelection.Evidence;

/// <summary>How a judge is asked who speaks. Everything here is a part of the provenance.</summary>
public sealed record JudgementOptions
{
    /// <summary>The most candidates in one question, from 2 to 20. Judges lose count of long lists.</summary>
    public int BlockSize { get; init; } = 8;

    /// <summary>How often each block is asked in each of its two orders.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>How freely the judge draws its words.</summary>
    public double Temperature { get; init; } = 0.5;

    /// <summary>The longest answer in tokens; a judge that thinks aloud needs more.</summary>
    public int MaxTokens { get; init; } = 16;

    /// <summary>
    /// The standard deviation, in nats, of how far personas are expected to lie apart before anything is asked: what
    /// choices are smoothed towards.
    /// </summary>
    public double Spread { get; init; } = 2;

    /// <summary>The most characters of a situation, and of a reply, that are shown; the middle is left out of longer ones.</summary>
    public int LongestText { get; init; } = 8000;

    /// <summary>Fixes orders and seeds.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The content id of all of it.</summary>
    public ContentId Id => ContentId.Of("judgement-options", BlockSize, Repeats, Temperature, MaxTokens, Spread, LongestText, Seed);

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BlockSize, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BlockSize, 20);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Repeats);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxTokens);
        ArgumentOutOfRangeException.ThrowIfLessThan(LongestText, 100);
        if (!(Spread > 0 && double.IsFinite(Spread))) throw new ArgumentOutOfRangeException(nameof(Spread));
    }
}

/// <summary>What judges did with the questions so far.</summary>
/// <param name="Questions">Questions answered.</param>
/// <param name="Pairs">Blocks asked in both orders, both answers readable.</param>
/// <param name="SwapDisagreements">Pairs whose two answers differ.</param>
/// <param name="CannotTell">Answers "cannot tell".</param>
/// <param name="Unreadable">Answers that were none; they count for nothing.</param>
public sealed record JudgementReliability(long Questions, long Pairs, long SwapDisagreements, long CannotTell, long Unreadable)
{
    /// <summary>Nothing was asked.</summary>
    public static JudgementReliability None { get; } = new(0, 0, 0, 0, 0);

    /// <summary>The share of pairs whose answer changed with the order of the candidates; NaN without pairs.</summary>
    public double SwapDisagreement => (double)SwapDisagreements / Pairs;

    /// <summary>Both together.</summary>
    public JudgementReliability Plus(JudgementReliability other) => new(Questions + other.Questions, Pairs + other.Pairs,
        SwapDisagreements + other.SwapDisagreements, CannotTell + other.CannotTell, Unreadable + other.Unreadable);
}
