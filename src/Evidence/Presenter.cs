using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// Puts the personas of a set before a model, each in its way: from their examples as they are split, or again with other parts held out.
/// </summary>
/// <param name="Set">The personas.</param>
/// <param name="Ways">The way of each.</param>
/// <param name="Model">The model.</param>
/// <param name="Options">How.</param>
/// <param name="Store">Where fits are kept, and the evidence of held-out examples.</param>
internal sealed record Presenter(PersonaSet Set, IReadOnlyList<Presentation> Ways, ILanguageModel Model, PresentationOptions Options,
    ArtifactStore Store)
{
    /// <summary>Whether personas can be fitted: the weights of the model are here.</summary>
    public bool CanFit => Model is Transformer;

    /// <summary>Puts all of them; what is to be fitted comes first.</summary>
    /// <param name="examples">The examples of the personas that are given by them.</param>
    /// <param name="stage">Name of the fitting in progress reports.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops; personas that were fitted stay in the store.</param>
    /// <returns>The personas, to be disposed of.</returns>
    public PresentedGroup Present(IReadOnlyList<PersonaExamples> examples, string stage, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        Dictionary<string, PersonaExamples> byName = examples.ToDictionary(e => e.Persona.Name);
        var group = new PresentedGroup(Ways.Count);
        try
        {
            foreach (Presentation way in (Presentation[])[Presentation.Vector, Presentation.Adapter])
            {
                int[] places = [.. Enumerable.Range(0, Ways.Count).Where(h => Ways[h] == way)];
                if (places.Length == 0) continue;
                Persona[] some = [.. places.Select(h => Set.Personas[h])];
                group.Put(places, some, way, Fit([.. some.Select(p => byName[p.Name])], way, stage, progress, cancellation));
            }
            RngStream shown = RngStream.Root(Options.Fit.Seed).Child("shown");
            for (int h = 0; h < Ways.Count; h++)
            {
                if (group.Has(h)) continue;
                Persona persona = Set.Personas[h];
                group.Put(h, Ways[h] switch
                {
                    Presentation.Described => PresentedPersona.Described(persona, Model),
                    Presentation.Directed => Directed(persona, Model, Options),
                    _ => new PresentedPersona(persona, Presentation.Shown, Model,
                        ShownExamples.Contexts(byName[persona.Name], Model, Options.Draws, shown)),
                });
            }
            return group;
        }
        catch
        {
            group.Dispose();
            throw;
        }
    }

    private ExemplifiedFit.Result Fit(IReadOnlyList<PersonaExamples> examples, Presentation way, string stage,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        if (Model is not Transformer weights)
            throw new UserErrorException("needs-weights",
                $"The persona '{examples[0].Persona.Name}' is to be given as "
                + $"{(way == Presentation.Vector ? "a vector" : "an adapter")}, which is fitted to the weights of a model; "
                + "a server keeps them to itself.",
                "Use --model with a folder, or write 'given: shown' or 'given: described' in the personas' file.");
        using var pool = new WorkerPool(weights.Threads);
        return new ExemplifiedFit(weights, Options.Fit, Store, pool) { Stage = stage }.Run(examples, way, progress, cancellation);
    }

    private static PresentedPersona Directed(Persona persona, ILanguageModel model, PresentationOptions options) =>
        model is Transformer weights && options.Directions.TryGetValue(persona.Name, out DirectedBy? by)
            ? PresentedPersona.Directed(persona, weights, by)
            : throw new ArgumentException($"The direction of the persona '{persona.Name}' is not given, or the model has no activations.",
                nameof(options));
}
