using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// Evidence of first order: one forward and one backward pass per episode give all personas at once, as dot products of one gradient with
/// the direction of each. The gradient is that of the log-odds of the reply's tokens, taken at the mean over personas.
/// </summary>
/// <remarks>
/// With G = dlog p(y|x) · (v_h - mean v) and p_t the token probabilities at the mean, every token's log-odds move by
/// d = G / sum_t (1 - p_t), and L[e,h] = sum_t log sigma(logit p_t + d): equal to log p + G to first order, never above 0, and closer than
/// log p + G where a reply is nearly sure under some personas. What all personas share in a row carries no meaning here.
/// </remarks>
public sealed class GradientEvidence : IEvidenceSource
{
    private readonly Transformer _model;
    private readonly ActivationGradients _gradients;
    private readonly EpisodeFit _fit;
    private readonly float[][] _shifts;
    private readonly GradientCalibration? _calibration;

    private GradientEvidence(Transformer model, ActivationGradients gradients, LikelihoodOptions options,
        IReadOnlyList<PresentedPersona> personas, float[][] shifts, ContentId id, string way)
    {
        (_model, _gradients, _shifts) = (model, gradients, shifts);
        if (personas.DistinctBy(p => p.Persona.Name).Count() < personas.Count)
            throw new ArgumentException("Two personas have the same name.", nameof(personas));
        _fit = new EpisodeFit(model, model.ContextLength, options, personas);
        Personas = [.. personas.Select(p => p.Persona.Name)];
        Provenance = new Dictionary<string, string>
        {
            ["model"] = model.Id,
            ["personas"] = id.ToString(),
            ["template"] = model.Template.Name,
            ["persona-contexts"] = way,
        };
    }

    private GradientEvidence(GradientEvidence of, GradientCalibration calibration, ContentId id)
    {
        (_model, _gradients, _fit, _shifts) = (of._model, of._gradients, of._fit, of._shifts);
        _calibration = calibration;
        Personas = of.Personas;
        Provenance = new Dictionary<string, string>(of.Provenance) { ["calibration"] = id.ToString() };
    }

    /// <inheritdoc/>
    public EvidenceKind Kind => EvidenceKind.Gradient;

    /// <inheritdoc/>
    public IReadOnlyList<string> Personas { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Provenance { get; }

    /// <summary>
    /// After <see cref="Calibrated"/>: the correlation, over its cells and within episodes, of exact evidence with what the calibration
    /// without that episode gives. Null before, and where these were fewer than eight.
    /// </summary>
    public double? Agreement => _calibration?.Agreement;

    /// <summary>
    /// Personas given by contexts. The mean of their contexts, as embeddings, stands before the episode; the direction of a persona is its
    /// own context less that mean, position by position.
    /// </summary>
    /// <param name="personas">At least two, all before one <see cref="Transformer"/>, each with a context.</param>
    /// <param name="options">What becomes of episodes that do not fit.</param>
    /// <param name="positions">Positions of the mean context; the median length of the contexts, at most 24, when 0.</param>
    /// <exception cref="ArgumentException">The personas do not share a transformer, or two have one name.</exception>
    /// <exception cref="UserErrorException"><c>persona-without-context</c>, <c>persona-too-long</c>.</exception>
    public static GradientEvidence OfContexts(IReadOnlyList<PresentedPersona> personas,
        LikelihoodOptions? options = null, int positions = 0)
    {
        options ??= new LikelihoodOptions();
        if (personas.Count == 0 || personas[0].Model is not Transformer model || personas.Any(p => p.Model != model))
            throw new ArgumentException("The personas must stand before one and the same transformer.", nameof(personas));
        float[][] leads = PersonaLead.Of(model, personas, positions);
        float[] mean = PersonaLead.Mean(leads);
        return new GradientEvidence(model, ActivationGradients.AtLead(model, mean), options, personas, Less(leads, mean),
            ContentId.Of("presented", [.. personas.Select(p => p.Id)]),
            $"log-odds to first order around the mean context of {mean.Length / model.Config.Width} positions");
    }

    /// <summary>Personas given by directions, which are added to the activations at a site in every position.</summary>
    /// <param name="model">The model.</param>
    /// <param name="site">The name of the site.</param>
    /// <param name="personas">Names.</param>
    /// <param name="directions">What each adds: as many numbers as the model is wide.</param>
    /// <param name="options">What becomes of episodes that do not fit.</param>
    /// <exception cref="ArgumentException">No such site, directions of another number or width, or two of one name.</exception>
    public static GradientEvidence OfDirections(Transformer model, string site, IReadOnlyList<string> personas,
        IReadOnlyList<float[]> directions, LikelihoodOptions? options = null)
    {
        if (personas.Count == 0 || directions.Count != personas.Count || directions.Any(v => v.Length != model.Config.Width))
            throw new ArgumentException($"{personas.Count} directions of {model.Config.Width} numbers are needed.", nameof(directions));
        float[] mean = PersonaLead.Mean(directions);
        PresentedPersona[] bare =
            [.. personas.Select(name => PresentedPersona.AsGiven(new Persona(name, "", "", new Dictionary<string, double>()), model))];
        return new GradientEvidence(model, ActivationGradients.AtSite(model, site, mean),
            options ?? new LikelihoodOptions(), bare, Less(directions, mean),
            ContentId.Of("persona-directions", [site, .. personas, .. directions.Select(v => Array.ConvertAll(v, x => (double)x))]),
            $"log-odds to first order along directions added at {site}, around their mean");
    }

    /// <summary>
    /// The same, fitted to exact evidence of a few episodes: a scale common to all, and for each persona a ridge regression of what remains
    /// on the gradient.
    /// </summary>
    /// <param name="exact">Where the exact evidence comes from; it has the same personas in the same order.</param>
    /// <param name="episodes">Some episodes like those to be judged, at least three different ones; from about 32 it helps.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="ArgumentException">The personas differ, or the episodes are too few.</exception>
    public GradientEvidence Calibrated(IEvidenceSource exact, IReadOnlyList<Episode> episodes, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        if (!exact.Personas.SequenceEqual(Personas, StringComparer.Ordinal))
            throw new ArgumentException("The exact evidence is of other personas.", nameof(exact));
        Episode[] different = [.. episodes.DistinctBy(e => e.Key)];
        double[][] nats = exact.Compute(different, null, progress, cancellation).Nats;
        GradientReading?[] readings = Read(different, progress, cancellation, out _);
        int[] read = [.. Enumerable.Range(0, different.Length).Where(e => readings[e] is not null)];
        if (read.Length < 3)
            throw new ArgumentException("A calibration needs three different episodes that can be read.", nameof(episodes));
        return new GradientEvidence(this, GradientCalibration.Fit([.. read.Select(e => readings[e]!)], [.. read.Select(e => nats[e])]),
            ContentId.Of("gradient-calibration", [.. ContentId.Parts(exact.Provenance),
                .. different.Select(e => e.Key), .. nats]));
    }

    /// <inheritdoc/>
    public EvidenceBlock Compute(IReadOnlyList<Episode> episodes, IReadOnlyList<int>? personas = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        GradientReading?[] readings = Read(episodes, progress, cancellation, out List<EpisodeCut> cuts);
        var nats = new double[episodes.Count][];
        for (int e = 0; e < nats.Length; e++)
        {
            double[] row = readings[e] is not { } reading ? new double[Personas.Count] : _calibration?.Apply(reading) ?? reading.Linked;
            nats[e] = personas is null ? row : [.. personas.Select(h => row[h])];
        }
        return new EvidenceBlock(nats, [.. readings.Select(r => r?.Tokens ?? 0)]) { Cuts = cuts };
    }

    // Null where nothing of an episode could be read.
    private GradientReading?[] Read(IReadOnlyList<Episode> episodes, IProgress<WorkProgress>? progress, CancellationToken cancellation,
        out List<EpisodeCut> cuts)
    {
        var place = new Dictionary<string, int>(StringComparer.Ordinal);
        var kept = new List<EpisodeFit.Kept>();
        var of = new int[episodes.Count];
        cuts = [];
        for (int e = 0; e < of.Length; e++)
        {
            string key = episodes[e].Key;
            if (!place.TryGetValue(key, out of[e]))
            {
                place[key] = of[e] = kept.Count;
                kept.Add(_fit.Of(episodes[e]));
            }
            if (kept[of[e]].Cut is { } cut) cuts.Add(cut with { Episode = e });
        }
        int[] some = [.. Enumerable.Range(0, kept.Count).Where(i => kept[i].Reply.Length > 0)];
        ReplyGradient[][] gradients = _gradients.Compute([.. some.Select(i =>
            new ScoreRequest(_model.Template.EncodeContext(_model.Tokenizer, kept[i].Context), [kept[i].Reply]))], progress, cancellation);
        var readings = new GradientReading?[kept.Count];
        GradientReading[] found = GradientReading.Of(
            [.. gradients.Select(g => (g[0], Along(g[0].Values)))], _shifts);
        for (int i = 0; i < some.Length; i++) readings[some[i]] = found[i];
        return [.. of.Select(i => readings[i])];
    }

    private static float[][] Less(IReadOnlyList<float[]> directions, float[] mean) =>
        [.. directions.Select(r => r.Zip(mean, (x, m) => x - m).ToArray())];

    /// <summary>
    /// A lead has a place for the gradient of every group; a direction is added in every position, so the gradients of all groups add up.
    /// </summary>
    private float[] Along(float[] values)
    {
        int d = _shifts[0].Length;
        if (values.Length == d) return values;
        var sum = new float[d];
        for (int i = 0; i < values.Length; i++) sum[i % d] += values[i];
        return sum;
    }
}
