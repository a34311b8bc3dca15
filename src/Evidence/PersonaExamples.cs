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

    /// <summary>Reads the examples of a persona.</summary>
    /// <exception cref="UserErrorException">No such file, or nothing in it that a persona could have said.</exception>
    public static PersonaExamples Load(PersonaSet set, Persona persona)
    {
        string path = set.ExamplesOf(persona) ?? throw new ArgumentException($"'{persona.Name}' has no examples.", nameof(persona));
        var bad = new List<BadLine>();
        EpisodeSet episodes;
        try
        {
            episodes = EpisodeSet.Load(path, bad.Add);
        }
        catch (UserErrorException e)
        {
            throw new UserErrorException(e.Code, $"The examples of the persona '{persona.Name}': {e.Problem}", e.Remedy, e);
        }
        return Split(persona, episodes.Episodes, bad);
    }

    /// <summary>
    /// Splits examples by a hash of their contexts, so that the same question is on the same side for every persona; by context and reply
    /// where few contexts differ. A tenth is held out, a fifth below 500 examples. Examples of negative or no weight, and those
    /// said twice, are left out; all others count alike, as they tell what the persona says and not how often it was trained to.
    /// </summary>
    /// <param name="persona">The persona.</param>
    /// <param name="episodes">Its examples.</param>
    /// <param name="badLines">Lines of its file that are no examples.</param>
    /// <param name="turn">Which part is held out: 0 usually, and another where several are in turns (<see cref="Turned"/>).</param>
    public static PersonaExamples Split(Persona persona, IReadOnlyList<Episode> episodes,
        IReadOnlyList<BadLine>? badLines = null, int turn = 0)
    {
        Episode[] all = [.. episodes.Where(e => e.Weight > 0 && e.Reply.Length > 0).DistinctBy(e => (Turn.KeyOf(e.Context), e.Reply))];
        bool byContext = all.Select(e => Turn.KeyOf(e.Context)).Distinct(StringComparer.Ordinal).Count() * 2 > all.Length;
        ulong Hash(Episode e) =>
            ulong.Parse(ContentId.Of("split", Turn.KeyOf(e.Context), byContext ? "" : e.Reply).Digits, NumberStyles.HexNumber,
                CultureInfo.InvariantCulture);
        if (all.Length > Most)
            all = [.. all.Select((e, i) => (e, i, Hash: Hash(e))).OrderBy(x => x.Hash).Take(Most).OrderBy(x => x.i).Select(x => x.e)];
        ulong part = (ulong)(all.Length < Few ? Parts : 10);
        ILookup<bool, Episode> sides = all.ToLookup(e => Hash(e) % part == (ulong)turn);
        return new PersonaExamples(persona, [.. sides[false]], [.. sides[true]], badLines ?? []);
    }

    /// <summary>
    /// The same examples with another part held out, 1 to <see cref="Parts"/> - 1, so that of few examples all are in turns.
    /// </summary>
    internal PersonaExamples Turned(int turn) => Split(Persona, All, BadLines, turn);
}
