using PersonaSelection.Activations;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>Reads directions of personas or traits off a model, and measures how much of them to add.</summary>
/// <param name="Personas">The personas: described, or shown where their file says so. What it says of directions is not looked at.</param>
/// <param name="Episodes">What comes after their contexts; none to read each persona off its own examples.</param>
public sealed record DirectionRun(PersonaSet Personas, IReadOnlyList<Episode> Episodes)
{
    /// <summary>Fewer different episodes than this are all read from, and no strength is measured.</summary>
    internal const int LeastMeasured = 8;

    private const int MostMeasured = 64;

    /// <summary>The site; after the middle block when null.</summary>
    public string? Site { get; init; }

    /// <summary>Which positions count.</summary>
    public ReadPositions Positions { get; init; } = ReadPositions.Opening;

    /// <summary>What is subtracted; of examples, always the mean.</summary>
    public DirectionBaseline Baseline { get; init; } = DirectionBaseline.Bare;

    /// <summary>Whether directions of traits are wanted in place of those of personas.</summary>
    public bool Traits { get; init; }

    /// <summary>Most episodes that directions are read from.</summary>
    public int MostEpisodes { get; init; } = 256;

    /// <summary>Draws episodes where there are too many, and the random directions of the control.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Whether an episode that does not fit the model is an error; otherwise it is cut, as audits do.</summary>
    public bool Strict { get; init; }

    /// <summary>Contexts of all personas that are read behind, as audits count them; of examples, the personas.</summary>
    public int Contexts => Episodes.Count == 0 ? Personas.Personas.Count : AuditCost.Contexts(Told);

    // Only words put these personas before the model: nothing is fitted, and nothing directed yet.
    private PersonaSet Told => new(Personas.Traits, [.. Personas.Personas.Select(p =>
        p with { Direction = null, Given = p.Given is Presentation.Shown ? p.Given : Presentation.Described })])
    {
        Folder = Personas.Folder,
    };

    /// <summary>The site that is read: the one asked for, or after the middle block.</summary>
    /// <exception cref="UserErrorException"><c>unknown-site</c>.</exception>
    public string SiteOf(DecoderConfig config)
    {
        string site = Site ?? $"blocks.{config.Layers / 2}.resid_post";
        return site != "final" && ActivationSite.All(config).Contains(site) ? site : throw new UserErrorException("unknown-site",
            $"Nothing can be read and added at the site '{site}' of this model.",
            $"Choose one of embed, blocks.I.resid_pre, .attn_out, .resid_mid, .mlp_out, .resid_post for I from 0 to {config.Layers - 1}.");
    }

    /// <summary>The episodes that directions are read from, and those that strength is measured on.</summary>
    public (IReadOnlyList<Episode> Read, IReadOnlyList<Episode> Measured) Split()
    {
        Episode[] different = [.. Episodes.Where(e => e.Reply.Length > 0).DistinctBy(e => e.Key)];
        RngStream.Root(Seed).Child("vectors").Shuffle<Episode>(different);
        int measured = different.Length < LeastMeasured ? 0 : Math.Min(MostMeasured, different.Length / 4);
        return ([.. different.Skip(measured).Take(MostEpisodes)], different[..measured]);
    }

    /// <summary>Extracts and measures.</summary>
    /// <param name="source">The model.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between contexts.</param>
    /// <exception cref="UserErrorException">
    /// <c>steered-model</c>, <c>unknown-site</c>, <c>no-difference</c>, <c>few-personas</c>, <c>few-examples</c>, <c>no-episodes</c>,
    /// <c>persona-too-long</c>; when strict, an episode does not fit the model.
    /// </exception>
    public ExtractedDirections Run(ModelFolder source, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (source.Vector is not null)
            throw new UserErrorException("steered-model", "The model carries a steering vector, and directions would be read with it.",
                "Use the model it was made from.");
        Transformer model = source.Model;
        string site = SiteOf(model.Config);
        if (Personas.Personas.Count < 2 && (Traits || Episodes.Count == 0 || Baseline == DirectionBaseline.Mean))
            throw new UserErrorException("few-personas", "One persona alone differs from no other.",
                "Give at least two, or take --baseline bare with data.");
        if (Episodes.Count == 0) return OfTraits(OfExamples(model, site, progress, cancellation));
        (IReadOnlyList<Episode> read, IReadOnlyList<Episode> measured) = Split();
        if (read.Count == 0)
            throw new UserErrorException("no-episodes", "No episode has a reply.", "Give dialogues that the Assistant answers.");
        PersonaSet told = Told;
        using PresentedPersonas presented = PresentedPersonas.Of(told, model,
            new PresentationOptions { Calibrate = false }, progress, cancellation);
        ExtractedDirections personas = new DirectionExtraction(model, site, Positions)
            .OfContexts(presented.Personas, read, Baseline, Strict, progress, cancellation), found = OfTraits(personas);
        if (personas.Set.Values.All(v => v.All(x => x == 0)))
            throw new UserErrorException("no-difference", $"At the site '{site}' and the positions "
                + $"'{Positions.ToString().ToLowerInvariant()}' the contexts of the personas change nothing: every direction is 0.",
                "Read behind a block (--site blocks.I.resid_post), or from other --positions.");
        if (measured.Count == 0 || told.Personas.Count < 2) return found;
        float[][] directions = !Traits ? personas.Set.Values
            : [.. told.Personas.Select(p => p.Traits.Count == 0
                ? new float[found.Set.Width] : DirectionSet.Sum(p.Traits.Select(t => (found.Set[t.Key].Values.ToArray(), t.Value))))];
        (DirectionStrength strength, IReadOnlyList<EpisodeCut> cuts) =
            new DirectionStrengthFit(model, site, presented.Personas, Strict)
                .Measure(directions, measured, RngStream.Root(Seed).Child("strength"), progress, cancellation);
        return new ExtractedDirections(found.Set.With(strength), [.. found.Cut, .. cuts.Select(c => (measured[c.Episode], c))]);
    }

    private ExtractedDirections OfExamples(Transformer model, string site, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        Persona? without = Personas.Personas.FirstOrDefault(p => p.Examples is null);
        if (without is not null)
            throw new UserErrorException("few-examples",
                $"Without data, personas are read off their own examples, and '{without.Name}' has none.",
                "Give it examples, or give data to put after the personas' contexts.");
        return new DirectionExtraction(model, site, Positions)
            .OfExamples(PersonaExamples.Load(Personas, Personas.Personas, cancellation), progress, cancellation);
    }

    private ExtractedDirections OfTraits(ExtractedDirections personas) => !Traits ? personas
        : Personas.Traits.Count > 0 ? personas with { Set = personas.Set.OfTraits(Personas) }
        : throw new UserErrorException("few-personas", "The personas have values on no trait.",
            "Give them 'traits', or leave out --traits.");
}
