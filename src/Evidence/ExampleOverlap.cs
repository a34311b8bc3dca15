using System.Security.Cryptography;
using System.Text;
using PersonaSelection.Corpus;

namespace PersonaSelection.Evidence;

/// <summary>
/// Which episodes occur word for word among the examples that personas were made from: on those, evidence flatters the persona that has
/// learnt them by heart. White space does not count.
/// </summary>
public sealed class ExampleOverlap
{
    private readonly Dictionary<UInt128, List<int>> _whole = [];

    /// <summary>From the examples of some personas.</summary>
    /// <param name="examples">Name of a persona with its examples.</param>
    public ExampleOverlap(IEnumerable<(string Persona, IEnumerable<Episode> Examples)> examples)
    {
        var personas = new List<string>();
        foreach ((string persona, IEnumerable<Episode> some) in examples)
        {
            foreach (Episode episode in some)
            {
                UInt128 key = Key(episode);
                if (!_whole.TryGetValue(key, out List<int>? of)) _whole[key] = of = [];
                if (!of.Contains(personas.Count)) of.Add(personas.Count);
            }
            personas.Add(persona);
        }
        Personas = personas;
    }

    /// <summary>Names of the personas that have examples.</summary>
    public IReadOnlyList<string> Personas { get; }

    /// <summary>The personas among whose examples this episode is; none for an episode that is new.</summary>
    public IReadOnlyList<string> Of(Episode episode) =>
        _whole.TryGetValue(Key(episode), out List<int>? of) ? [.. of.Select(p => Personas[p])] : [];

    /// <summary>How many of some episodes are among the examples.</summary>
    public int Count(IEnumerable<Episode> episodes) => episodes.Count(e => _whole.ContainsKey(Key(e)));

    private static UInt128 Key(Episode episode)
    {
        var text = new StringBuilder();
        foreach (Turn turn in episode.Context) text.Append(turn.Role).Append('\u0002').Append(Words(turn.Text)).Append('\u0001');
        text.Append('\u0003').Append(Words(episode.Reply));
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static string Words(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
