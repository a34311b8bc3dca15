using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// A set of personas put before a model, each in its way, ready to give evidence. Personas that have examples and no
/// word of how they are given are all fitted as adapters where the examples of each are enough, and all shown where they are not; without
/// examples a persona is directed where it has a direction, and else described.
/// </summary>
public sealed class PresentedPersonas : IDisposable
{
    private readonly List<Transformer> _fitted = [];
    private readonly string? _temporary;
    private WordCounts? _counts;

    private PresentedPersonas(PersonaSet set, ILanguageModel model, PresentationOptions options, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        _temporary = options.Store is null ? Directory.CreateTempSubdirectory("psm-fits").FullName : null;
        try
        {
            ArtifactStore store = options.Store ?? new ArtifactStore(_temporary!);
            Examples = [.. set.Personas.Where(p => WayOf(p, options) is not (Presentation.Described or Presentation.Directed))
                .Select(p => PersonaExamples.Load(set, p))];
            Overlap = new ExampleOverlap(Examples.Select(e => (e.Persona.Name, e.Learnt.Concat(e.HeldOut))));
            // One way for all that are free to choose: a persona that is fitted and one that is shown do not compete on equal terms.
            bool fits = model is Transformer && Examples.Where(e => WayOf(e.Persona, options) is null).All(IsEnough);
            Presentation free = fits ? Presentation.Adapter : Presentation.Shown;
            Presentation[] ways = [.. set.Personas.Select(p => WayOf(p, options) ?? free)];
            Personas = Put(Examples, ways, _fitted, Curves, "fitting personas");
            if (options.Calibrate && Examples.Count(e => e.HeldOut.Count > 0) > 1) Calibrate(ways);
            Source = new LikelihoodSource(Personas, new LikelihoodOptions
            {
                Strict = options.Strict,
                Calibration = Calibration,
                WordCounts = WordCounts,
            });

            PresentedPersona[] Put(IReadOnlyList<PersonaExamples> given, Presentation[] ways, List<Transformer> fitted,
                IDictionary<string, IReadOnlyList<FitPoint>>? curves, string stage)
            {
                Dictionary<string, PersonaExamples> byName = given.ToDictionary(e => e.Persona.Name);
                var presented = new PresentedPersona[ways.Length];
                foreach (Presentation way in (Presentation[])[Presentation.Vector, Presentation.Adapter])
                {
                    int[] some = [.. Enumerable.Range(0, ways.Length).Where(h => ways[h] == way)];
                    if (some.Length == 0) continue;
                    if (model is not Transformer weights)
                        throw new UserErrorException("needs-weights",
                            $"The persona '{set.Personas[some[0]].Name}' is to be given as "
                            + $"{(way == Presentation.Vector ? "a vector" : "an adapter")}, which is fitted to the weights of a model; "
                            + "a server keeps them to itself.",
                            "Use --model with a folder, or write 'given: shown' or 'given: described' in the personas' file.");
                    using var pool = new WorkerPool(weights.Threads);
                    ExemplifiedFit.Result fit = new ExemplifiedFit(weights, options.Fit, store, pool) { Stage = stage }
                        .Run([.. some.Select(h => byName[set.Personas[h].Name])], way, progress, cancellation);
                    fitted.AddRange(fit.Models);
                    for (int i = 0; i < some.Length; i++)
                    {
                        presented[some[i]] = new PresentedPersona(set.Personas[some[i]], way, fit.Models[i], PresentedPersona.Bare);
                        if (curves is not null) curves[set.Personas[some[i]].Name] = fit.Curves[i];
                    }
                }
                RngStream shown = RngStream.Root(options.Fit.Seed).Child("shown");
                for (int h = 0; h < ways.Length; h++)
                {
                    Persona persona = set.Personas[h];
                    presented[h] ??= ways[h] switch
                    {
                        Presentation.Described => PresentedPersona.Described(persona, model),
                        Presentation.Directed => Directed(persona, model, options),
                        _ => new PresentedPersona(persona, Presentation.Shown, model,
                            ShownExamples.Contexts(byName[persona.Name], model, options.Draws, shown)),
                    };
                }
                return presented;
            }

            void Calibrate(Presentation[] ways)
            {
                bool counted = options.WordCounts && set.WordCounts && Examples.Count == set.Personas.Count;
                var known = new HeldOutEvidence(set, options, counted, store, progress, cancellation);
                known.Add(Personas, Examples);
                // Where few examples are held out, others are in turns, by personas that are made for that alone.
                for (int turn = 1; turn < PersonaExamples.Parts && model is Transformer && known.Count < HeldOutEvidence.Enough; turn++)
                {
                    PersonaExamples[] turned = [.. Examples.Select(e => e.Turned(turn))];
                    if (turned.Any(e => e.Learnt.Count < ExemplifiedFit.Least)) break;
                    var lent = new List<Transformer>();
                    try
                    {
                        known.Add(Put(turned, ways, lent, null, $"fitting for calibration, part {turn}"), turned);
                    }
                    finally
                    {
                        foreach (Transformer fitted in lent) fitted.Dispose();
                    }
                }
                if (known.Count == 0) return;
                Calibration = ModelAlone = known.Calibrate();
                if (!counted) return;
                CountsAlone = known.CalibrateCounts();
                // The scales are fitted to what neither was made from; in what follows all words may speak.
                _counts = WordCounts.Of([.. Examples.Select(e => e.All)]);
                EvidenceCalibration both = known.CalibrateBoth();
                if (both.LossAfter < ModelAlone.LossAfter) (Calibration, WordCounts) = (both, _counts);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The personas, in the order of the set.</summary>
    public IReadOnlyList<PresentedPersona> Personas { get; }

    /// <summary>Gives their evidence, calibrated.</summary>
    public LikelihoodSource Source { get; }

    /// <summary>How evidence was calibrated; null when it was not.</summary>
    public EvidenceCalibration? Calibration { get; private set; }

    /// <summary>What speaks beside the model; null where the model speaks alone.</summary>
    public WordCounts? WordCounts { get; private set; }

    /// <summary>The calibration of the model's evidence alone; null when there is none.</summary>
    public EvidenceCalibration? ModelAlone { get; private set; }

    /// <summary>The calibration of word counts alone, whether they speak or not; null where they may not.</summary>
    public EvidenceCalibration? CountsAlone { get; private set; }

    /// <summary>Tells which episodes are among the examples.</summary>
    public ExampleOverlap Overlap { get; }

    /// <summary>The examples of those personas that are given by them.</summary>
    public IReadOnlyList<PersonaExamples> Examples { get; }

    /// <summary>By name of a fitted persona: how well its model knew its held-out examples while it was fitted.</summary>
    public IDictionary<string, IReadOnlyList<FitPoint>> Curves { get; } =
        new Dictionary<string, IReadOnlyList<FitPoint>>(StringComparer.Ordinal);

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

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Transformer model in _fitted) model.Dispose();
        _fitted.Clear();
        if (_temporary is not null && Directory.Exists(_temporary)) Directory.Delete(_temporary, recursive: true);
    }

    // Null where examples leave a choice.
    private static Presentation? WayOf(Persona persona, PresentationOptions options)
    {
        Presentation? way = options.Given ?? (persona.IsDirected ? Presentation.Directed : persona.Given);
        bool possible = way == Presentation.Directed ? persona.Direction is not null : persona.Examples is not null;
        return possible ? way : Presentation.Described;
    }

    private static PresentedPersona Directed(Persona persona, ILanguageModel model, PresentationOptions options) =>
        model is Transformer weights && options.Directions.TryGetValue(persona.Name, out DirectedBy? by)
            ? PresentedPersona.Directed(persona, weights, by)
            : throw new ArgumentException($"The direction of the persona '{persona.Name}' is not given, or the model has no activations.",
                nameof(options));

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
        if (ModelAlone is not { } alone || Calibration is not { } calibration)
            throw new InvalidOperationException("Nothing was calibrated.");
        double[][] raw = new LikelihoodSource(Personas)
            .Compute(episodes, progress: progress, cancellation: cancellation).Nats;
        double[][]? counts = CountsAlone is null ? null : [.. episodes.Select(e => _counts!.Evidence(e.Reply))];
        double[][] model = [.. raw.Select(r => (double[])[.. r.Select((x, h) => alone.Of(h, x))])];
        return (model, counts is null ? null : [.. counts.Select(r => (double[])[.. r.Select((x, h) => CountsAlone!.Of(h, x))])],
            WordCounts is null ? model : [.. raw.Zip(counts!, (r, c) => (double[])[.. r.Select((x, h) => calibration.Of(h, x, c[h]))])]);
    }

    private static bool IsEnough(PersonaExamples examples)
    {
        if (examples.Learnt.Count < ExemplifiedFit.EnoughExamples) return false;
        long characters = 0;
        // Four characters to a token, about: a word that the tokenizer does not know is no reason to fail here.
        foreach (Episode episode in examples.Learnt)
            if ((characters += episode.Reply.Length) >= 4 * ExemplifiedFit.EnoughTokens) return true;
        return false;
    }
}
