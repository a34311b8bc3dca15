using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>Shifts of probes from sampled answers.</summary>
/// <param name="Table">The shifts, as <see cref="InContextEvidence"/> gives them from exact probabilities.</param>
/// <param name="Intervals">[episode][probe]: the shift with its interval of 95 %.</param>
/// <param name="Samples">Answers asked for each probe in each context.</param>
/// <param name="Unreadable">Answers that chose neither reply, of all.</param>
/// <param name="Questions">Questions asked.</param>
public sealed record SampledShifts(InContextTable Table, IReadOnlyList<IReadOnlyList<Interval>> Intervals, int Samples,
    int Unreadable, int Questions);

/// <summary>P(low) of a probe from answers.</summary>
/// <param name="Share">The estimate.</param>
/// <param name="Variance">Its variance.</param>
internal readonly record struct SampledShare(double Share, double Variance);

/// <summary>
/// In-context evidence from a chat model that gives no probabilities: after the episode it is asked which of two replies to the probe it
/// would give, a low and a high one, as often with the low one first as with the high one first, so that what favours a place cancels.
/// </summary>
public static class SampledProbes
{
    private const double Normal95 = 1.959964;
    private const int FewestForAlarm = 20;

    /// <summary>The shift of every probe after every distinct episode.</summary>
    /// <param name="model">The chat model, before any training.</param>
    /// <param name="episodes">The episodes; equal ones are shown once and their weights added up.</param>
    /// <param name="probes">The probes, with different ids.</param>
    /// <param name="random">Which replies stand for their pole in which sample, and which episodes are shown where
    /// there are too many.</param>
    /// <param name="samples">Answers for each probe in each context: even.</param>
    /// <param name="maximumEpisodes">Show at most this many distinct episodes.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between questions.</param>
    public static SampledShifts Compute(IChatModel model, EpisodeSet episodes, IReadOnlyList<Probe> probes,
        RngStream random, int samples = 8, int maximumEpisodes = int.MaxValue, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        InContextEvidence.Shown[] shown = InContextEvidence.Choose(episodes, maximumEpisodes, random.Child("shown"));
        (SampledShare[][] low, int unreadable) = Ask(model, [[], .. shown.Select(s => After(s.Episode))], probes, random,
            samples, progress, cancellation);
        InContextRow[] rows = [.. shown.Select(s => new InContextRow(s.Episode.Id, s.Weight, s.Cluster))];
        var shifts = new LabelledMatrix(rows.Select(r => r.Id), probes.Select(p => p.Id), (e, i) => low[e + 1][i].Share - low[0][i].Share);
        var table = new InContextTable(shifts, rows, new Dictionary<string, string>
        {
            ["model"] = model.Id,
            ["episodes"] = episodes.Id.ToString(),
            ["probes"] = ProbeMeasurement.IdOf(probes).ToString(),
            ["sampled"] = Described(samples),
        });
        return new SampledShifts(table, [.. shown.Select((_, e) => probes.Select((_, i) =>
        {
            double shift = low[e + 1][i].Share - low[0][i].Share, half = Normal95 * Math.Sqrt(low[e + 1][i].Variance + low[0][i].Variance);
            return new Interval(shift, Math.Max(-1, shift - half), Math.Min(1, shift + half), 0.95);
        }).ToArray())], samples, unreadable, low.Length * probes.Count * samples);
    }

    /// <summary>P(low) of every probe after every one of some openings of a conversation.</summary>
    /// <param name="model">The chat model.</param>
    /// <param name="befores">Turns that stand before the probes.</param>
    /// <param name="probes">The probes, with different ids.</param>
    /// <param name="random">Which replies stand for their pole in which sample.</param>
    /// <param name="samples">Answers for each probe after each opening: even.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between questions.</param>
    /// <returns>[opening][probe], and how many answers chose neither reply.</returns>
    internal static (SampledShare[][] Low, int Unreadable) Ask(IChatModel model, IReadOnlyList<IReadOnlyList<Turn>> befores,
        IReadOnlyList<Probe> probes, RngStream random, int samples, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<IReadOnlyList<ChatReply>> replies = model.Ask([.. Questions(befores, probes, random, samples)], "sampled probes",
            progress, cancellation);
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
            // With half an answer of each kind put in (Jeffreys).
            double share = (lows + 0.5) / (all + 1);
            return new SampledShare(share, share * (1 - share) / (all + 2));
        }
        SampledShare[][] low = [.. befores.Select((_, b) => probes.Select((_, i) => Share(b, i)).ToArray())];
        if (replies.Count >= FewestForAlarm && unreadable * 2 > replies.Count)
            throw new UserErrorException("judge-unreadable",
                $"{unreadable} of {replies.Count} answers of the model choose neither of two replies.",
                "Use a model that follows instructions.");
        return (low, unreadable);
    }

    /// <summary>What <see cref="Ask"/> asks.</summary>
    internal static IEnumerable<ChatQuestion> Questions(IReadOnlyList<IReadOnlyList<Turn>> befores, IReadOnlyList<Probe> probes,
        RngStream random, int samples)
    {
        RequireEven(samples);
        return befores.SelectMany(b => probes.SelectMany(p => Enumerable.Range(0, samples).Select(s => QuestionOf(b, p, s, random))));
    }

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
