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

    private PresentedPersonas(PersonaSet set, ILanguageModel model, PresentationOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        _temporary = options.Store is null ? Directory.CreateTempSubdirectory("psm-fits").FullName : null;
        try
        {
            ArtifactStore store = options.Store ?? new ArtifactStore(_temporary!);
            Examples = [.. set.Personas.Where(p => WayOf(p, options) is not (Presentation.Described or Presentation.Directed)).Select(p => PersonaExamples.Load(set, p))];
            Dictionary<string, PersonaExamples> examples = Examples.ToDictionary(e => e.Persona.Name);
            Overlap = new ExampleOverlap(Examples.Select(e => (e.Persona.Name, e.Learnt.Concat(e.HeldOut))));
            // One way for all that are free to choose: a persona that is fitted and one that is shown do not compete on equal terms.
            bool fits = model is Transformer && Examples.Where(e => WayOf(e.Persona, options) is null).All(IsEnough);
            Presentation free = fits ? Presentation.Adapter : Presentation.Shown;
            Presentation[] ways = [.. set.Personas.Select(p => WayOf(p, options) ?? free)];
            var presented = new PresentedPersona[ways.Length];
            foreach (Presentation way in (Presentation[])[Presentation.Vector, Presentation.Adapter])
                Fit([.. Enumerable.Range(0, ways.Length).Where(h => ways[h] == way)], way, store);
            RngStream shown = RngStream.Root(options.Fit.Seed).Child("shown");
            for (int h = 0; h < ways.Length; h++)
            {
                Persona persona = set.Personas[h];
                presented[h] ??= ways[h] switch
                {
                    Presentation.Described => PresentedPersona.Described(persona, model),
                    Presentation.Directed => Directed(persona, model, options),
                    _ => new PresentedPersona(persona, Presentation.Shown, model,
                        ShownExamples.Contexts(examples[persona.Name], model, options.Template, options.Draws, shown)),
                };
            }
            Personas = presented;
            Calibration = options.Calibrate && Examples.Count(e => e.HeldOut.Count > 0) > 1 ? Calibrate(set, options, progress, cancellation) : null;
            Source = new LikelihoodSource(presented, new LikelihoodOptions
            {
                Template = options.Template,
                Strict = options.Strict,
                Calibration = Calibration,
            });

            void Fit(int[] some, Presentation way, ArtifactStore into)
            {
                if (some.Length == 0) return;
                if (model is not Transformer weights)
                    throw new UserErrorException("needs-weights",
                        $"The persona '{set.Personas[some[0]].Name}' is to be given as {(way == Presentation.Vector ? "a vector" : "an adapter")}, which is fitted to the weights of a model; a server keeps them to itself.",
                        "Use --model with a folder, or write 'given: shown' or 'given: described' in the personas' file.");
                using var pool = new WorkerPool(weights.Threads);
                ExemplifiedFit.Result fit = new ExemplifiedFit(weights, options.Fit, into, pool)
                    .Run([.. some.Select(h => examples[set.Personas[h].Name])], way, progress, cancellation);
                _fitted.AddRange(fit.Models);
                for (int i = 0; i < some.Length; i++)
                {
                    presented[some[i]] = new PresentedPersona(set.Personas[some[i]], way, fit.Models[i], PresentedPersona.Bare);
                    Curves[set.Personas[some[i]].Name] = fit.Curves[i];
                }
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
    public EvidenceCalibration? Calibration { get; }

    /// <summary>Tells which episodes are among the examples.</summary>
    public ExampleOverlap Overlap { get; }

    /// <summary>The examples of those personas that are given by them.</summary>
    public IReadOnlyList<PersonaExamples> Examples { get; }

    /// <summary>By name of a fitted persona: how well its model knew its held-out examples while it was fitted.</summary>
    public IDictionary<string, IReadOnlyList<FitPoint>> Curves { get; } = new Dictionary<string, IReadOnlyList<FitPoint>>(StringComparer.Ordinal);

    /// <summary>
    /// Puts a set before a model: reads examples, fits what is to be fitted and not in the store yet, calibrates. Only a <see cref="Transformer"/>
    /// can be fitted; another model is shown examples.
    /// </summary>
    /// <param name="set">The personas.</param>
    /// <param name="model">The model; it must outlive the result.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops; personas that were fitted stay in the store.</param>
    /// <exception cref="UserErrorException">Examples cannot be read, or are too few for the way that was asked for; a persona fills the model;
    /// <c>needs-weights</c>: one is to be fitted, and the model's weights are not here.</exception>
    public static PresentedPersonas Of(PersonaSet set, ILanguageModel model, PresentationOptions? options = null, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default) => new(set, model, options ?? new PresentationOptions(), progress, cancellation);

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
        model is Transformer weights && options.Directions.TryGetValue(persona.Name, out DirectedBy? by) ? PresentedPersona.Directed(persona, weights, by)
            : throw new ArgumentException($"The direction of the persona '{persona.Name}' is not given, or the model has no activations.", nameof(options));

    private static bool IsEnough(PersonaExamples examples)
    {
        if (examples.Learnt.Count < ExemplifiedFit.EnoughExamples) return false;
        long characters = 0;
        // Four characters to a token, about: a word that the tokenizer does not know is no reason to fail here.
        foreach (Episode episode in examples.Learnt)
            if ((characters += episode.Reply.Length) >= 4 * ExemplifiedFit.EnoughTokens) return true;
        return false;
    }

    private EvidenceCalibration? Calibrate(PersonaSet set, PresentationOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var raw = new LikelihoodSource(Personas, new LikelihoodOptions { Template = options.Template });
        (Episode Episode, int Persona)[] known = [.. Examples.SelectMany(e =>
            e.HeldOut.Take(options.CalibrationExamples).Select(x => (x, set.IndexOf(e.Persona.Name))))];
        var stage = progress is null ? null : new Renamed(progress, "calibrating");
        EvidenceBlock block = raw.Compute([.. known.Select(k => k.Episode)], progress: stage, cancellation: cancellation);
        int[] read = [.. Enumerable.Range(0, known.Length).Where(i => block.Tokens[i] > 0)];
        return read.Length == 0 ? null
            : EvidenceCalibration.Fit(raw.Personas, [.. read.Select(i => block.Nats[i])], [.. read.Select(i => known[i].Persona)]);
    }

    private sealed class Renamed(IProgress<WorkProgress> to, string stage) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => to.Report(value with { Stage = stage });
    }
}
