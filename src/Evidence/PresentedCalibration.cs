using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// How the evidence of presented personas is calibrated on examples that were held out of them: the model's alone, word counts' alone where
/// they may speak, and the two added where that tells the examples apart better.
/// </summary>
internal sealed class PresentedCalibration
{
    private readonly WordCounts? _counts;
    private readonly bool _countsSpeak;

    private PresentedCalibration(HeldOutEvidence known, WordCounts? counts)
    {
        _counts = counts;
        InForce = ModelAlone = known.Calibrate();
        if (counts is null) return;
        CountsAlone = known.CalibrateCounts();
        EvidenceCalibration both = known.CalibrateBoth();
        _countsSpeak = both.LossAfter < ModelAlone.LossAfter;
        if (_countsSpeak) InForce = both;
    }

    /// <summary>The calibration in force.</summary>
    public EvidenceCalibration InForce { get; }

    /// <summary>The calibration of the model's evidence alone.</summary>
    public EvidenceCalibration ModelAlone { get; }

    /// <summary>The calibration of word counts alone, whether they speak or not; null where they may not.</summary>
    public EvidenceCalibration? CountsAlone { get; }

    /// <summary>What speaks beside the model; null where the model speaks alone.</summary>
    public WordCounts? Speaking => _countsSpeak ? _counts : null;

    /// <summary>
    /// Calibrates personas that were presented; null where no held-out example could be read. Where few examples are held out, others are
    /// in turns, from personas that are made for that alone.
    /// </summary>
    /// <param name="presenter">Presented them, and presents them again without other examples.</param>
    /// <param name="personas">The personas.</param>
    /// <param name="examples">The examples of those that are given by them.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static PresentedCalibration? Of(Presenter presenter, IReadOnlyList<PresentedPersona> personas,
        IReadOnlyList<PersonaExamples> examples, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        (PersonaSet set, PresentationOptions options) = (presenter.Set, presenter.Options);
        bool counted = options.WordCounts && set.WordCounts && examples.Count == set.Personas.Count;
        var known = new HeldOutEvidence(set, options, counted, presenter.Store, progress, cancellation);
        known.Add(personas, examples);
        for (int turn = 1; turn < PersonaExamples.Parts && presenter.CanFit && known.Count < HeldOutEvidence.Enough; turn++)
        {
            PersonaExamples[] turned = [.. examples.Select(e => e.Turned(turn))];
            if (turned.Any(e => e.Learnt.Count < ExemplifiedFit.Least)) break;
            using PresentedGroup lent =
                presenter.Present(turned, $"fitting for calibration, part {turn}", progress, cancellation);
            known.Add(lent.Personas, turned);
        }
        if (known.Count == 0) return null;
        // The scales are fitted to what neither was made from; in what follows all words may speak.
        return new PresentedCalibration(known, counted ? WordCounts.Of([.. examples.Select(e => e.All)]) : null);
    }

    /// <summary>
    /// Evidence of some episodes in three ways from one reading: the model's alone, word counts' alone (null where they may not speak),
    /// and what is in force.
    /// </summary>
    /// <param name="episodes">The episodes.</param>
    /// <param name="raw">[episode][persona]: the model's evidence as it is, nats.</param>
    public (double[][] Model, double[][]? Counts, double[][] InForce) Compare(IReadOnlyList<Episode> episodes, double[][] raw)
    {
        double[][]? counts = CountsAlone is null ? null : [.. episodes.Select(e => _counts!.Evidence(e.Reply))];
        double[][] model = [.. raw.Select(r => (double[])[.. r.Select((x, h) => ModelAlone.Of(h, x))])];
        return (model, counts is null ? null : [.. counts.Select(r => (double[])[.. r.Select((x, h) => CountsAlone!.Of(h, x))])],
            _countsSpeak ? [.. raw.Zip(counts!, (r, c) => (double[])[.. r.Select((x, h) => InForce.Of(h, x, c[h]))])] : model);
    }
}
