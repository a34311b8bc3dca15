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
    /// <summary>P(low), with half an answer of each kind put in (Jeffreys).</summary>
    public double Share => (Lows + 0.5) / (Answers + 1);

    /// <summary>P(low), with one answer of a known share put in, so that no change reads as none however few the answers are.</summary>
    public double From(double share) => (Lows + share) / (Answers + 1);
}

/// <summary>
/// Probes put to a chat model that gives no probabilities: it is asked which of two replies it would give, a low and a high one, as often
/// with the low one first as with the high one first, so that what favours a place cancels.
/// </summary>
internal static class SampledProbes
{
    private const int FewestForAlarm = 20;

    /// <summary>P(low) of every probe after every one of some openings of a conversation.</summary>
    /// <param name="model">The chat model.</param>
    /// <param name="befores">Turns that stand before the probes.</param>
    /// <param name="probes">The probes, with different ids.</param>
    /// <param name="random">Which replies stand for their pole in which sample.</param>
    /// <param name="samples">Answers for each probe after each opening: even.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between questions.</param>
    /// <returns>[opening][probe], and how many answers chose neither reply.</returns>
    internal static (SampledShare[][] Low, int Unreadable) Ask(IChatModel model, IReadOnlyList<IReadOnlyList<Turn>> befores, IReadOnlyList<Probe> probes,
        RngStream random, int samples, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<IReadOnlyList<ChatReply>> replies = model.Ask([.. Questions(befores, probes, random, samples)], "sampled probes", progress, cancellation);
        int unreadable = 0;
        SampledShare Share(int context, int probe)
        {
            int lows = 0, all = 0;
            for (int s = 0; s < samples; s++)
            {
                int place = JudgementQuestion.Read(replies[(((context * probes.Count) + probe) * samples) + s][0].Text, 2);
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
        SampledShare[][] low = [.. befores.Select((_, b) => probes.Select((_, i) => Share(b, i)).ToArray())];
        if (replies.Count >= FewestForAlarm && unreadable * 2 > replies.Count)
            throw new UserErrorException("judge-unreadable", $"{unreadable} of {replies.Count} answers of the model choose neither of two replies.",
                "Use a model that follows instructions.");
        return (low, unreadable);
    }

    /// <summary>What <see cref="Ask"/> asks.</summary>
    internal static IEnumerable<ChatQuestion> Questions(IReadOnlyList<IReadOnlyList<Turn>> befores, IReadOnlyList<Probe> probes, RngStream random, int samples)
    {
        RequireEven(samples);
        return befores.SelectMany(b => probes.SelectMany(p => Enumerable.Range(0, samples).Select(s => QuestionOf(b, p, s, random))));
    }

    /// <summary>As many in one order of the replies as in the other.</summary>
    internal static void RequireEven(int samples)
    {
        if (samples < 2 || samples % 2 != 0) throw new ArgumentOutOfRangeException(nameof(samples), samples, "Needs an even number from 2.");
    }

    /// <summary>The conversation that an episode is.</summary>
    internal static IReadOnlyList<Turn> After(Episode episode) => [.. episode.Context, new Turn("assistant", episode.Reply)];

    /// <summary>How it is sampled, for a provenance.</summary>
    internal static string Described(int samples) =>
        FormattableString.Invariant($"{samples} choices between two replies, half of them swapped; of a shift one more that is as before");

    /// <summary>Even samples show the low reply first, odd ones the high reply; a pair of samples has the same two replies.</summary>
    private static ChatQuestion QuestionOf(IReadOnlyList<Turn> before, Probe probe, int sample, RngStream random)
    {
        if (probe.Low.Count == 0 || probe.High.Count == 0) throw new ArgumentException($"The probe '{probe.Id}' needs replies at both poles.", nameof(probe));
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
