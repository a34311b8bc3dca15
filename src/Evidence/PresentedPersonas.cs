using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// A set of personas put before a model, each in its way, ready to give evidence. Personas that have examples and no
/// word of how they are given are all fitted as adapters where the examples of each are enough, and all shown where they are not; without
/// examples a persona is directed where it has a direction, and else described.
/// </summary>
public sealed class PresentedPersonas : IDisposable
{
    private readonly string? _temporary;
    private readonly PresentedGroup? _group;
    private readonly PresentedCalibration? _calibration;

    private PresentedPersonas(PersonaSet set, ILanguageModel model, PresentationOptions options, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        try
        {
            Examples = PersonaExamples.Load(set,
                set.Personas.Where(p => PresentationWays.Of(p, options) is not (Presentation.Described or Presentation.Directed)),
                cancellation);
            // Without examples nothing is stored, and a process that is killed leaves no folder behind.
            if (options.Store is null && Examples.Count > 0) _temporary = Directory.CreateTempSubdirectory("psm-fits-").FullName;
            ArtifactStore store = options.Store ?? new ArtifactStore(_temporary ?? Path.GetTempPath());
            Overlap = new ExampleOverlap(Examples.SelectMany(e => e.All));
            Presentation[] ways = PresentationWays.Of(set, Examples, options, canFit: model is Transformer);
            var presenter = new Presenter(set, ways, model, options, store);
            _group = presenter.Present(Examples, "fitting personas", progress, cancellation);
            if (options.Calibrate && Examples.Count(e => e.HeldOut.Count > 0) > 1)
                _calibration = PresentedCalibration.Of(presenter, Personas, Examples, progress, cancellation);
            Source = new LikelihoodSource(Personas, new LikelihoodOptions
            {
                Strict = options.Strict,
                Calibration = Calibration,
                WordCounts = WordCounts,
            });
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The personas, in the order of the set.</summary>
    public IReadOnlyList<PresentedPersona> Personas => _group!.Personas;

    /// <summary>Gives their evidence, calibrated.</summary>
    public LikelihoodSource Source { get; }

    /// <summary>How evidence was calibrated; null when it was not.</summary>
    public EvidenceCalibration? Calibration => _calibration?.InForce;

    /// <summary>What speaks beside the model; null where the model speaks alone.</summary>
    public WordCounts? WordCounts => _calibration?.Speaking;

    /// <summary>The calibration of the model's evidence alone; null when there is none.</summary>
    public EvidenceCalibration? ModelAlone => _calibration?.ModelAlone;

    /// <summary>The calibration of word counts alone, whether they speak or not; null where they may not.</summary>
    public EvidenceCalibration? CountsAlone => _calibration?.CountsAlone;

    /// <summary>Tells which episodes are among the examples.</summary>
    public ExampleOverlap Overlap { get; }

    /// <summary>The examples of those personas that are given by them.</summary>
    public IReadOnlyList<PersonaExamples> Examples { get; }

    /// <summary>By name of a fitted persona: how well its model knew its held-out examples while it was fitted.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<FitPoint>> Curves => _group!.Curves;

    /// <summary>
    /// Puts a set before a model: reads examples, fits what is to be fitted and not in the store yet, calibrates. Only a
    /// <see cref="Transformer"/> can be fitted; another model is shown examples.
    /// </summary>
    /// <param name="set">The personas.</param>
    /// <param name="model">The model; it must outlive the result.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops; personas that were fitted stay in the store.</param>
    /// <exception cref="UserErrorException">Examples cannot be read, or are too few for the way that was asked for; a persona fills the
    /// model; <c>needs-weights</c>: one is to be fitted, and the model's weights are not here.</exception>
    public static PresentedPersonas Of(PersonaSet set, ILanguageModel model, PresentationOptions? options = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        new(set, model, options ?? new PresentationOptions(), progress, cancellation);

    /// <summary>
    /// Evidence of some episodes in three ways from one reading: the model's alone, word counts' alone (null where they may not speak), and
    /// what <see cref="Source"/> gives. So that what each is worth can be told.
    /// </summary>
    /// <param name="episodes">The episodes; each fits the model.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="InvalidOperationException">Nothing was calibrated.</exception>
    public (double[][] Model, double[][]? Counts, double[][] InForce) Compare(IReadOnlyList<Episode> episodes,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (_calibration is null) throw new InvalidOperationException("Nothing was calibrated.");
        double[][] raw = new LikelihoodSource(Personas)
            .Compute(episodes, progress: progress, cancellation: cancellation).Nats;
        return _calibration.Compare(episodes, raw);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _group?.Dispose();
        if (_temporary is not null && Directory.Exists(_temporary)) Directory.Delete(_temporary, recursive: true);
    }
}
