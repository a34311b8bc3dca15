using System.Globalization;
using PersonaSelection.Evidence;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>Evidence held against examples of which it is known who spoke.</summary>
/// <param name="Examples">How many.</param>
/// <param name="Accuracy">The share in which the likeliest persona is the one who spoke; personas count the same, whatever the number of
/// their examples.</param>
public sealed record EvidenceCheck(int Examples, double Accuracy)
{
    /// <summary>What to make of evidence that was held against no example of known source.</summary>
    public const string Unchecked = "no example of known source shows that this model knows these personas, and one that does not know "
        + "them casts somebody all the same. Personas with examples are checked on them (docs/formats.md, \"Personas\").";

    /// <summary>What calibrating evidence on held-out examples found; null where it was not calibrated.</summary>
    public static EvidenceCheck? Of(EvidenceCalibration? calibration) =>
        calibration is { } c ? new EvidenceCheck(c.Episodes, c.After.Accuracy) : null;

    /// <summary>One sentence for the end of a screen.</summary>
    public static string Sentence(EvidenceCheck? check) => check is not { } c ? "Not checked: " + Unchecked
        : string.Create(CultureInfo.InvariantCulture,
            $"Checked on {c.Examples:N0} held-out examples: of {100 * c.Accuracy:0} % the likeliest persona is the right one.");
}

/// <summary>A source of evidence with the personas that were put before the model for it.</summary>
public sealed class EvidenceSession : IDisposable
{
    private readonly PresentedPersonas? _presented;
    private readonly ExampleOverlap? _overlap;

    /// <summary>A session with a source.</summary>
    /// <param name="source">Gives the evidence.</param>
    /// <param name="presented">The personas behind it, which the session then owns; null where they are not put
    /// before a model of ours.</param>
    /// <param name="overlap">Tells which episodes are among the examples of personas that a chat model is shown; null where the
    /// personas behind it tell.</param>
    public EvidenceSession(IEvidenceSource source, PresentedPersonas? presented, ExampleOverlap? overlap = null) =>
        (Source, _presented, _overlap) = (source, presented, overlap);

    /// <summary>Gives the evidence.</summary>
    public IEvidenceSource Source { get; }

    /// <summary>Tells which episodes are among the examples that personas were made from; null when none were.</summary>
    public ExampleOverlap? Overlap => _presented is { Examples.Count: > 0 } p ? p.Overlap : _overlap;

    /// <summary>How evidence was calibrated; null when it was not.</summary>
    public EvidenceCalibration? Calibration => _presented?.Calibration;

    /// <summary>What is known of the judge; null where nobody judges.</summary>
    public JudgementCalibration? Judge => (Source as JudgementEvidence)?.Calibration;

    /// <summary>What came of holding the evidence against examples of known source; null where there were none.</summary>
    public EvidenceCheck? Check => Judge is { } judge
        ? judge.Episodes > 0 ? new EvidenceCheck(judge.Episodes, judge.Accuracy) : null
        : EvidenceCheck.Of(Calibration);

    /// <summary>Cells that were asked for in this run; null for evidence that is not adaptive.</summary>
    public long? CellsNow { get; init; }

    /// <summary>Where the direction of each directed persona comes from, by name.</summary>
    public IReadOnlyDictionary<string, string> Directions =>
        _presented?.Personas.Where(p => p.DirectedBy is not null).ToDictionary(p => p.Persona.Name, p => p.DirectedBy!) ?? [];

    /// <summary>How each persona is given, by name.</summary>
    public IReadOnlyDictionary<string, Presentation> Ways =>
        _presented?.Personas.ToDictionary(p => p.Persona.Name, p => p.Way) ?? [];

    /// <inheritdoc/>
    public void Dispose() => _presented?.Dispose();
}
