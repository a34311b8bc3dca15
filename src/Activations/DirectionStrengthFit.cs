using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Activations;

/// <summary>
/// Measures how much of the directions to add: the amount at which the evidence of the steered model is nearest that of the contexts the
/// directions were read from, on episodes that they were not read from. Rows of evidence are taken less their mean.
/// </summary>
public sealed class DirectionStrengthFit
{
    private const int Controls = 8;
    private static readonly double[] Amounts = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8];

    /// <summary>The largest amount that is tried.</summary>
    public static double Largest => Amounts[^1];

    private readonly Transformer _model;
    private readonly string _site;
    private readonly IReadOnlyList<PresentedPersona> _personas;
    private readonly LikelihoodOptions _options;

    /// <summary>A fit at one site.</summary>
    /// <param name="model">The model; not a steered view.</param>
    /// <param name="site">The site.</param>
    /// <param name="personas">The personas by their contexts; at least two.</param>
    /// <param name="strict">Whether an episode that does not fit the model is an error; otherwise it is cut alike
    /// for every persona.</param>
    /// <exception cref="ArgumentException">Fewer than two personas.</exception>
    public DirectionStrengthFit(Transformer model, string site, IReadOnlyList<PresentedPersona> personas, bool strict = false)
    {
        if (personas.Count < 2) throw new ArgumentException("Two personas are needed.", nameof(personas));
        (_model, _site, _personas) = (model, site, personas);
        _options = new LikelihoodOptions { Strict = strict };
    }

    /// <summary>Measures.</summary>
    /// <param name="directions">What makes each persona.</param>
    /// <param name="episodes">Episodes to compare on.</param>
    /// <param name="random">Where the control's directions come from.</param>
    /// <param name="progress">Told about amounts tried.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>The strength, and which of the episodes did not fit the model whole.</returns>
    /// <exception cref="ArgumentException">Another number of directions, or nothing to compare on.</exception>
    public (DirectionStrength Strength, IReadOnlyList<EpisodeCut> Cuts) Measure(IReadOnlyList<float[]> directions,
        IReadOnlyList<Episode> episodes, RngStream random, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        if (directions.Count != _personas.Count || episodes.Count == 0)
            throw new ArgumentException("Every persona needs a direction, and there must be an episode.", nameof(directions));
        EvidenceBlock before = new LikelihoodSource(_personas, _options).Compute(episodes, null, null, cancellation);
        double[] told = Centred(before.Nats);
        double[] At(double amount, IReadOnlyList<float[]> added) => Centred(new LikelihoodSource([.. _personas.Select((p, h) =>
            PresentedPersona.Directed(p.Persona, _model, new DirectedBy(new SteeringVector(_site, added[h]), amount)))], _options)
            .Compute(episodes, null, null, cancellation).Nats);
        (double Error, double Amount, double[] Evidence) best = (double.PositiveInfinity, 1, told);
        foreach ((int i, double amount) in Amounts.Index())
        {
            double[] directed = At(amount, directions);
            double error = directed.Zip(told, (x, y) => (x - y) * (x - y)).Sum();
            if (error < best.Error) best = (error, amount, directed);
            progress?.Report(new WorkProgress("strength", i + 1, Amounts.Length, "amounts"));
        }
        double square = best.Evidence.Sum(x => x * x);
        double[] control = [.. Enumerable.Range(0, Controls).Select(i => random.Child("control", i)).Select(draw =>
            Known(Statistics.Pearson(At(best.Amount, [.. directions.Select((v, h) => Random(v, draw.Child("direction", h)))]), told)))];
        var strength = new DirectionStrength(best.Amount, Known(Statistics.Pearson(best.Evidence, told)),
            square > 0 ? best.Evidence.Zip(told, (x, y) => x * y).Sum() / square : 0,
            Math.Sqrt(control.Average(r => r * r)), episodes.Count);
        return (strength, before.Cuts);
    }

    /// <summary>A direction of the same length that points anywhere.</summary>
    public static float[] Random(IReadOnlyList<float> like, RngStream random)
    {
        double[] drawn = [.. like.Select(_ => random.NextGaussian())];
        double scale = Length(like) / Math.Sqrt(drawn.Sum(x => x * x));
        return [.. drawn.Select(x => (float)(scale * x))];
    }

    /// <summary>The Euclidean length of a direction.</summary>
    public static double Length(IReadOnlyList<float> direction) => Math.Sqrt(direction.Sum(x => (double)x * x));

    private static double Known(double x) => double.IsFinite(x) ? x : 0;

    private static double[] Centred(double[][] rows) => [.. rows.SelectMany(r => r.Select(x => x - r.Average()))];
}
