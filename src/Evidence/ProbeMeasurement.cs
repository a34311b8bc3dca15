using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// What a model does when a probe is put to it: p(low) = sum p(low replies) / (sum p(low replies) + sum p(high replies)), from exact
/// probabilities of whole replies, without sampling.
/// </summary>
public static class ProbeMeasurement
{
    /// <summary>p(low) of every probe for the model as it is: before and after a training.</summary>
    /// <param name="model">The model.</param>
    /// <param name="probes">The probes; at least one.</param>
    /// <param name="before">Turns that come before every probe, such as a header; none when absent.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="ArgumentException">There is no probe.</exception>
    public static double[] Of(ILanguageModel model, IReadOnlyList<Probe> probes, IReadOnlyList<Turn>? before = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        RequireSome(probes);
        Question[] questions = [.. probes.Select(p => QuestionOf(p, before ?? []))];
        double[][] scores = new ReplyScorer(model).Score(questions, progress, cancellation);
        return [.. probes.Select((p, i) => LowShare(p, scores[i]))];
    }

    /// <summary>
    /// p(low) of every probe under every persona and for the model as it is. Replies are averaged over a persona's contexts.
    /// </summary>
    /// <param name="model">The model; an oracle gives a table of kind <see cref="EvidenceKind.Oracle"/>.</param>
    /// <param name="probes">The probes, with different ids; at least one.</param>
    /// <param name="personas">The personas, with different names; at least one.</param>
    /// <param name="kind"><see cref="EvidenceKind.Likelihood"/> or <see cref="EvidenceKind.Oracle"/>.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="ArgumentException">There is no probe, or no persona.</exception>
    public static ProbeTable UnderPersonas(ILanguageModel model, IReadOnlyList<Probe> probes, IReadOnlyList<Persona> personas,
        EvidenceKind kind = EvidenceKind.Likelihood, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default) =>
        UnderPersonas(model, probes, [.. personas.Select(p => PresentedPersona.AsGiven(p, model))], kind, progress, cancellation);

    /// <summary>The same for personas that are put before models in any way.</summary>
    /// <param name="model">The model as it is.</param>
    /// <param name="probes">The probes, with different ids; at least one.</param>
    /// <param name="personas">The personas, with different names; at least one.</param>
    /// <param name="kind"><see cref="EvidenceKind.Likelihood"/> or <see cref="EvidenceKind.Oracle"/>.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="ArgumentException">There is no probe, or no persona.</exception>
    public static ProbeTable UnderPersonas(ILanguageModel model, IReadOnlyList<Probe> probes, IReadOnlyList<PresentedPersona> personas,
        EvidenceKind kind = EvidenceKind.Likelihood, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        RequireSome(probes);
        if (personas.Count == 0) throw new ArgumentException("There is no persona.", nameof(personas));
        PresentedPersona[] all = [PresentedPersona.AsGiven(new Persona("", "", "", new Dictionary<string, double>()), model), .. personas];
        Question[] asked = [.. probes.Select(p => QuestionOf(p, []))];
        var low = new double[all.Length][];
        foreach (var group in all.Index().GroupBy(p => p.Item.Model, ReferenceEqualityComparer.Instance))
        {
            (int Index, PresentedPersona Item)[] members = [.. group];
            var questions = new PersonaQuestions([.. members.Select(m => PersonaQuestions.AsAsked(m.Item))], asked);
            double[][] scores = new ReplyScorer((ILanguageModel)group.Key!)
                .Score(questions.All, progress, cancellation);
            for (int k = 0; k < members.Length; k++)
                low[members[k].Index] = [.. questions.MeanOverAlternatives(scores, k).Select((s, i) => LowShare(probes[i], s))];
        }
        ProbeTableRow[] rows = [.. probes.Select((p, i) => new ProbeTableRow(p.Id, p.Domain, p.Cluster ?? p.Id, low[0][i]))];
        return new ProbeTable(kind, new LabelledMatrix(rows.Select(r => r.Id), personas.Select(p => p.Persona.Name),
            (i, h) => low[h + 1][i]), rows, new Dictionary<string, string>
            {
                ["model"] = model.Id,
                ["personas"] = PersonaQuestions.IdOf(personas).ToString(),
                ["probes"] = IdOf(probes).ToString(),
                ["template"] = model.Template.Name,
            });
    }

    /// <summary>The content id of probes: ids, domains, clusters, contexts and replies.</summary>
    public static ContentId IdOf(IReadOnlyList<Probe> probes) => ContentId.Of("probe-set", [.. probes.SelectMany(p => new object?[]
    {
        p.Id, p.Domain, p.Cluster, p.Context.Count, Turn.KeyOf(p.Context),
        string.Join('\u0001', p.Low), string.Join('\u0001', p.High),
    })]);

    internal static void RequireSome(IReadOnlyList<Probe> probes)
    {
        if (probes.Count == 0) throw new ArgumentException("There is no probe.", nameof(probes));
    }

    internal static Question QuestionOf(Probe probe, IReadOnlyList<Turn> before)
    {
        if (probe.Low.Count == 0 || probe.High.Count == 0)
            throw new ArgumentException($"The probe '{probe.Id}' needs replies at both poles.", nameof(probe));
        return new Question(DialogueJoin.Of(before, probe.Context), [.. probe.Low, .. probe.High]);
    }

    /// <summary>The share of the low replies. A model to which every reply is impossible prefers neither: one half.</summary>
    internal static double LowShare(Probe probe, ReadOnlySpan<double> logProbabilities)
    {
        double low = LogSpace.LogSumExp(logProbabilities[..probe.Low.Count]),
            high = LogSpace.LogSumExp(logProbabilities[probe.Low.Count..]);
        return double.IsNegativeInfinity(low) && double.IsNegativeInfinity(high) ? 0.5 : 1 / (1 + Math.Exp(high - low));
    }
}
