using System.Text.Json.Serialization;
using PersonaSelection.Corpus;

namespace PersonaSelection.Personas;

/// <summary>
/// A question whose answers reveal a trait, with the rule that scores them: the probability of the low replies among low and high ones.
/// </summary>
/// <param name="Id">A name that is unique among the probes.</param>
/// <param name="Domain">What it is about, such as <c>money</c>; probes of one domain are averaged.</param>
/// <param name="Context">The turns before the answer.</param>
/// <param name="Low">Answers at the low pole of the trait (the bad ones).</param>
/// <param name="High">Answers at the high pole.</param>
/// <param name="Cluster">Probes that share a question, and so stand or fall together in an interval; the probe alone when absent.</param>
/// <param name="Trait">The trait whose poles the replies show, by name; null where it is not said.</param>
public sealed record Probe(string Id, string Domain, IReadOnlyList<Turn> Context, IReadOnlyList<string> Low, IReadOnlyList<string> High,
    string? Cluster = null, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Trait = null);
