using PersonaSelection.Lab;

namespace PersonaSelection.Personas;

/// <summary>
/// Probes as JSON lines: one object with id, domain, context, low, high, cluster and trait per line. See docs/formats.md, section "Probes".
/// </summary>
public static class ProbeFile
{
    private static readonly NamedLines<Probe> Lines = new("bad-probes", "probe", p => p.Id, Wrong,
        $"Name a JSONL file of probes ('psm corpus new' writes one), or write {PersonaLibrary.Name} for the built-in ones.");

    /// <summary>Writes probes.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void Save(string path, IEnumerable<Probe> probes) => NamedLines<Probe>.Save(path, probes);

    /// <summary>Reads probes; <c>library</c> is those of the <see cref="PersonaLibrary"/>.</summary>
    /// <param name="path">The path of a file, or <see cref="PersonaLibrary.Name"/> (a file of that name is <c>./library</c>).</param>
    /// <exception cref="UserErrorException"><c>bad-probes</c>: missing, or the first line that is wrong, by number.</exception>
    public static IReadOnlyList<Probe> Load(string path) => path == PersonaLibrary.Name ? PersonaLibrary.Probes : Lines.Load(path);

    internal static IReadOnlyList<Probe> Read(string name, TextReader reader) => Lines.Read(name, reader);

    private static string? Wrong(Probe probe) =>
        probe.Low.Count == 0 || probe.High.Count == 0 ? "a probe needs at least one low and one high answer"
        : probe.Low.Concat(probe.High).Any(string.IsNullOrWhiteSpace) ? "an answer of the probe is empty"
        : probe.Context.Count == 0 ? "a probe needs at least one turn of context"
        : probe.Context.Any(t => t is null) ? "a turn of the context is no object"
        : null;
}
