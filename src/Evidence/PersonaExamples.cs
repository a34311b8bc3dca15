using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>A persona's own words, split into those it is made from and those it is judged by.</summary>
/// <param name="Persona">The persona.</param>
/// <param name="Learnt">What it may be shown with or fitted to.</param>
/// <param name="HeldOut">What nothing is fitted to but the number of steps and the calibration.</param>
/// <param name="BadLines">Lines of its file that are no examples.</param>
public sealed record PersonaExamples(Persona Persona, IReadOnlyList<Episode> Learnt, IReadOnlyList<Episode> HeldOut,
    IReadOnlyList<BadLine> BadLines)
{
    /// <summary>More examples than this are not read into a persona: the first ones by hash.</summary>
    internal const int Most = 50_000;

    /// <summary>Below so many examples a larger part is held out: one of so many parts.</summary>
    internal const int Few = 500, Parts = 5;

    /// <summary>The content id of the examples, split as they are.</summary>
    public ContentId Id => ContentId.Of("examples",
        [Learnt.Count, .. Learnt.Concat(HeldOut).SelectMany(e => new object[] { Turn.KeyOf(e.Context), e.Reply })]);

    /// <summary>All of them.</summary>
    public IReadOnlyList<Episode> All => [.. Learnt, .. HeldOut];

    private Rule SplitBy { get; init; }

    /// <summary>Reads the examples of personas and splits them by one rule.</summary>
    /// <param name="set">The personas' set.</param>
    /// <param name="personas">Those of it that are read.</param>
    /// <param name="cancellation">Stops between lines.</param>
    /// <exception cref="UserErrorException">No such file, or nothing in it that a persona could have said.</exception>
    public static IReadOnlyList<PersonaExamples> Load(PersonaSet set, IEnumerable<Persona> personas,
        CancellationToken cancellation = default) => Split([.. personas.Select(p => Read(set, p, cancellation))]);

    /// <summary>
    /// Splits examples by a hash of their contexts, so that the same question is on the same side for every persona; by context and reply
    /// where few contexts of a persona differ. A tenth is held out, a fifth where a persona has fewer than 500. Examples of negative or no
    /// weight, and those said twice, are left out; all others count alike, as they tell what the persona says and not how often it was
    /// trained to.
    /// </summary>
    /// <param name="all">Personas that are told apart from each other, with their examples and lines of their files that are none.</param>
    public static IReadOnlyList<PersonaExamples> Split(
        IReadOnlyList<(Persona Persona, IReadOnlyList<Episode> Episodes, IReadOnlyList<BadLine> BadLines)> all)
    {
        Episode[][] said = [.. all.Select(a => Said(a.Episodes))];
        Episode[][] some = [.. said.Where(s => s.Length > 0)];
        var rule = new Rule(some.Any(s => s.Length < Few) ? Parts : 10,
            some.All(s => s.Select(e => Turn.KeyOf(e.Context)).Distinct(StringComparer.Ordinal).Count() * 2 > s.Length));
        return [.. all.Select((a, i) => Of(a.Persona, said[i], a.BadLines, rule, 0))];
    }

    /// <summary>
    /// The same examples with another part held out, 1 to <see cref="Parts"/> - 1, so that of few examples all are in turns.
    /// </summary>
    internal PersonaExamples Turned(int turn) => Of(Persona, [.. All], BadLines, SplitBy, turn);

    private static (Persona Persona, IReadOnlyList<Episode> Episodes, IReadOnlyList<BadLine> BadLines) Read(PersonaSet set, Persona persona,
        CancellationToken cancellation)
    {
        string path = set.ExamplesOf(persona) ?? throw new ArgumentException($"'{persona.Name}' has no examples.", nameof(persona));
        var bad = new List<BadLine>();
        try
        {
            return (persona, EpisodeSet.Load(path, bad.Add, cancellation: cancellation).Episodes, bad);
        }
        catch (UserErrorException e)
        {
            throw new UserErrorException(e.Code, $"The examples of the persona '{persona.Name}': {e.Problem}", e.Remedy, e);
        }
    }

    private static Episode[] Said(IReadOnlyList<Episode> episodes) =>
        [.. episodes.Where(e => e.Weight > 0 && e.Reply.Length > 0).DistinctBy(e => (Turn.KeyOf(e.Context), e.Reply))];

    private static PersonaExamples Of(Persona persona, Episode[] all, IReadOnlyList<BadLine> badLines, Rule rule, int turn)
    {
        ulong Hash(Episode e) =>
            ulong.Parse(ContentId.Of("split", Turn.KeyOf(e.Context), rule.ByContext ? "" : e.Reply).Digits, NumberStyles.HexNumber,
                CultureInfo.InvariantCulture);
        if (all.Length > Most)
            all = [.. all.Select((e, i) => (e, i, Hash: Hash(e))).OrderBy(x => x.Hash).Take(Most).OrderBy(x => x.i).Select(x => x.e)];
        ILookup<bool, Episode> sides = all.ToLookup(e => Hash(e) % (ulong)rule.Parts == (ulong)turn);
        return new PersonaExamples(persona, [.. sides[false]], [.. sides[true]], badLines) { SplitBy = rule };
    }

    private readonly record struct Rule(int Parts, bool ByContext);
}
