using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>A source of evidence with the personas that were put before the model for it.</summary>
public sealed class EvidenceSession : IDisposable
{
    private readonly PresentedPersonas? _presented;

    /// <summary>A session with a source.</summary>
    /// <param name="source">Gives the evidence.</param>
    /// <param name="presented">The personas behind it, which the session then owns; null where they are not put before a model of ours.</param>
    public EvidenceSession(IEvidenceSource source, PresentedPersonas? presented) => (Source, _presented) = (source, presented);

    /// <summary>Gives the evidence.</summary>
    public IEvidenceSource Source { get; }

    /// <summary>Tells which episodes are among the examples that personas were made from; null when none were.</summary>
    public ExampleOverlap? Overlap => _presented is { Examples.Count: > 0 } p ? p.Overlap : null;

    /// <summary>How evidence was calibrated; null when it was not.</summary>
    public EvidenceCalibration? Calibration => _presented?.Calibration;

    /// <summary>How each persona is given, by name.</summary>
    public IReadOnlyDictionary<string, Presentation> Ways =>
        _presented?.Personas.ToDictionary(p => p.Persona.Name, p => p.Way) ?? [];

    /// <inheritdoc/>
    public void Dispose() => _presented?.Dispose();
}

/// <summary>Where an audit gets its evidence from, by the name of the kind.</summary>
public static class EvidenceSources
{
    /// <summary>The kinds that can be asked for.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["likelihood", "gradient"];

    /// <summary>Episodes whose exact evidence first-order evidence is fitted to; fewer different ones than the least leave it as it is.</summary>
    private const int CalibrationEpisodes = 96, LeastCalibration = 32;

    /// <summary>A source over a model of this machine.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="model">The model; it must outlive the source.</param>
    /// <param name="personas">Who competes.</param>
    /// <param name="data">What is to be judged; evidence of first order is fitted to exact evidence of some of it.</param>
    /// <param name="store">Where fitted personas are kept.</param>
    /// <param name="strict">Whether an episode that does not fit the model is an error.</param>
    /// <param name="progress">Told how far fitting and calibrating are.</param>
    /// <param name="cancellation">Stops; fitted personas stay in the store.</param>
    /// <exception cref="UserErrorException"><c>unknown-evidence</c>, or a persona cannot be put before the model.</exception>
    public static EvidenceSession Open(string kind, Transformer model, PersonaSet personas, AuditData data, string store, bool strict,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (!Kinds.Contains(kind))
            throw new UserErrorException("unknown-evidence", $"There is no evidence of the kind '{kind}'.", $"Choose one of {string.Join(", ", Kinds)}.");
        bool first = kind == "gradient";
        PresentedPersonas presented = PresentedPersonas.Of(personas, model, new PresentationOptions
        {
            // A gradient is taken along contexts, so every persona is described.
            Given = first ? Presentation.Described : null,
            Strict = strict,
            Template = model.Template,
            Store = new ArtifactStore(store),
        }, progress, cancellation);
        if (!first) return new EvidenceSession(presented.Source, presented);
        GradientEvidence gradient = GradientEvidence.OfContexts(presented.Personas, new LikelihoodOptions { Strict = strict, Template = model.Template });
        IReadOnlyList<Episode> some = data.Sample(CalibrationEpisodes, RngStream.Root(1).Child("gradient"));
        bool enough = some.DistinctBy(e => (e.Context.Count > 0 ? e.Context[^1].Text : "", e.Reply)).Count() >= LeastCalibration;
        return new EvidenceSession(enough ? gradient.Calibrated(presented.Source, some, progress, cancellation) : gradient, presented);
    }
}
