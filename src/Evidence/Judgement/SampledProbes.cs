using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>Choices between two replies to a probe: what a chat model that gives no probabilities is asked.</summary>
/// <param name="Lows">Choices of the low reply.</param>
/// <param name="Answers">Answers that chose one of the two.</param>
internal readonly record struct SampledShare(int Lows, int Answers)
{
    /// <summary>All together.</summary>
    public static SampledShare Of(IEnumerable<SampledShare> shares) =>
        shares.Aggregate((a, b) => new SampledShare(a.Lows + b.Lows, a.Answers + b.Answers));

    /// <summary>P(low), with half an answer of each kind put in (Jeffreys).</summary>
    public double Share => (Lows + 0.5) / (Answers + 1);

    /// <summary>The share as it was counted; one half without answers.</summary>
    public double Counted => Answers == 0 ? 0.5 : (double)Lows / Answers;

    /// <summary>
    /// The share less one that is known, 0 without answers. Errors of shares average out over episodes; pulled towards one half, as an
    /// estimate of one probe is, they would not.
    /// </summary>
    public double Less(double before) => Answers == 0 ? 0 : Counted - before;
}

/// <summary>Turns that stand before probes, and which samples are asked after them.</summary>
/// <param name="Turns">The turns.</param>
/// <param name="First">The first sample: even.</param>
/// <param name="Samples">How many: even.</param>
internal readonly record struct SampledOpening(IReadOnlyList<Turn> Turns, int First, int Samples);

/// <summary>
/// Probes put to a chat model that gives no probabilities: it is asked which of two replies it would give, a low and a high one, as often
/// with the low one first as with the high one first, so that what favours a place cancels.
/// </summary>
internal static class SampledProbes
{
    private const int FewestForAlarm = 20;

    /// <summary>P(low) of every probe after every one of some openings of a conversation.</summary>
    /// <param name="model">The chat model.</param>
    /// <param name="openings">What stands before the probes.</param>
    /// <param name="probes">The probes, with different ids.</param>
    /// <param name="random">Which replies stand for their pole in which sample.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between questions.</param>
    /// <returns>[opening][probe], and how many answers chose neither reply.</returns>
    internal static (SampledShare[][] Low, int Unreadable) Ask(IChatModel model, IReadOnlyList<SampledOpening> openings,
        IReadOnlyList<Probe> probes, RngStream random, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<IReadOnlyList<ChatReply>> replies = model.Ask([.. Questions(openings, probes, random)], "sampled probes",
            progress, cancellation);
        int unreadable = 0, next = 0;
        SampledShare Share(SampledOpening opening)
        {
            int lows = 0, all = 0;
            for (int s = 0; s < opening.Samples; s++)
            {
                int place = JudgementQuestion.Read(replies[next++][0].Text, 2);
                if (place < 0)
                {
                    unreadable++;
                    continue;
                }
                all++;
                if (place == s % 2) lows++;
            }
            return new SampledShare(lows, all);
        }
        SampledShare[][] low = [.. openings.Select(o => probes.Select(_ => Share(o)).ToArray())];
        if (replies.Count >= FewestForAlarm && unreadable * 2 > replies.Count)
            throw new UserErrorException("judge-unreadable",
                $"{unreadable} of {replies.Count} answers of the model choose neither of two replies.",
                "Use a model that follows instructions.");
        return (low, unreadable);
    }

    /// <summary>What <see cref="Ask"/> asks.</summary>
    internal static IEnumerable<ChatQuestion> Questions(IReadOnlyList<SampledOpening> openings,
        IReadOnlyList<Probe> probes, RngStream random) =>
        openings.SelectMany(o =>
            probes.SelectMany(p => Enumerable.Range(o.First, o.Samples).Select(s => QuestionOf(o.Turns, p, s, random))));

    /// <summary>As many in one order of the replies as in the other.</summary>
    internal static void RequireEven(int samples)
    {
        if (samples < 2 || samples % 2 != 0)
            throw new ArgumentOutOfRangeException(nameof(samples), samples, "Needs an even number from 2.");
    }

    /// <summary>The conversation that an episode is.</summary>
    internal static IReadOnlyList<Turn> After(Episode episode) => [.. episode.Context, new Turn("assistant", episode.Reply)];

    /// <summary>How it is sampled, for a provenance.</summary>
    internal static string Described(int samples) =>
        FormattableString.Invariant($"{samples} choices between two replies, half of them swapped");

    /// <summary>Even samples show the low reply first, odd ones the high reply; a pair of samples has the same two replies.</summary>
    private static ChatQuestion QuestionOf(IReadOnlyList<Turn> before, Probe probe, int sample, RngStream random)
    {
        if (probe.Low.Count == 0 || probe.High.Count == 0)
            throw new ArgumentException($"The probe '{probe.Id}' needs replies at both poles.", nameof(probe));
        RngStream draw = random.Child("pair").Child(probe.Id).Child("sample", sample / 2);
        string low = probe.Low[draw.NextInt(probe.Low.Count)], high = probe.High[draw.NextInt(probe.High.Count)];
        (string a, string b) = sample % 2 == 0 ? (low, high) : (high, low);
        IReadOnlyList<Turn> turns = DialogueJoin.Of(before, probe.Context);
        string ask = $"Which of these would you reply?\nA. {a}\nB. {b}\nAnswer with the letter alone.";
        // Chat models want the speakers to take turns.
        turns = turns.Count > 0 && turns[^1].Role == "user"
            ? [.. turns.SkipLast(1), turns[^1] with { Text = $"{turns[^1].Text}\n\n{ask}" }] : [.. turns, new Turn("user", ask)];
        return new ChatQuestion(turns, (ulong)sample) { Temperature = 1, MaxTokens = 8 };
    }
}
