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
    private readonly HashSet<UInt128> _examples;

    /// <summary>From the examples of all personas.</summary>
    public ExampleOverlap(IEnumerable<Episode> examples) => _examples = [.. examples.Select(Key)];

    /// <summary>How many of some episodes are among the examples.</summary>
    public int Count(IEnumerable<Episode> episodes) => episodes.Count(e => _examples.Contains(Key(e)));

    private static UInt128 Key(Episode episode)
    {
        var text = new StringBuilder();
        foreach (Turn turn in episode.Context) text.Append(turn.Role).Append('\u0002').Append(Words(turn.Text)).Append('\u0001');
        text.Append('\u0003').Append(Words(episode.Reply));
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static string Words(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
