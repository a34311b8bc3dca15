using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// The personas of a set as a <see cref="Presenter"/> put them before a model, with the models fitted for them, which it owns.
/// </summary>
internal sealed class PresentedGroup(int personas) : IDisposable
{
    private readonly List<Transformer> _fitted = [];
    private readonly PresentedPersona[] _personas = new PresentedPersona[personas];

    /// <summary>The personas, in the order of the set.</summary>
    public IReadOnlyList<PresentedPersona> Personas => _personas;

    /// <summary>By name of a fitted persona: how well its model knew its held-out examples while it was fitted.</summary>
    public Dictionary<string, IReadOnlyList<FitPoint>> Curves { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether the persona at a place is there already.</summary>
    public bool Has(int place) => _personas[place] is not null;

    /// <summary>Takes a persona.</summary>
    public void Put(int place, PresentedPersona persona) => _personas[place] = persona;

    /// <summary>Takes personas that were fitted together, and their models.</summary>
    /// <param name="places">Their places in the set.</param>
    /// <param name="personas">The personas, in the same order.</param>
    /// <param name="way">The way they were fitted in.</param>
    /// <param name="fit">What came of it.</param>
    public void Put(IReadOnlyList<int> places, IReadOnlyList<Persona> personas, Presentation way, ExemplifiedFit.Result fit)
    {
        _fitted.AddRange(fit.Models);
        for (int i = 0; i < places.Count; i++)
        {
            Put(places[i], new PresentedPersona(personas[i], way, fit.Models[i], PresentedPersona.Bare));
            Curves[personas[i].Name] = fit.Curves[i];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Transformer model in _fitted) model.Dispose();
        _fitted.Clear();
    }
}
