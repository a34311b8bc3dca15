using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using PersonaSelection.Corpus;

namespace PersonaSelection.Audit;

/// <summary>
/// Which episodes stand or fall together in intervals: those of lines that begin with one context, a dialogue going with the context of its
/// first answer; different lines where few contexts have a weight. A line that is there a hundred times is one.
/// </summary>
internal sealed class EpisodeClusters
{
    /// <summary>
    /// With fewer different contexts than this, intervals redraw different lines: a data set that always asks the same has no contexts
    /// to redraw.
    /// </summary>
    private const int FewestContexts = 10;

    private readonly Dictionary<UInt128, int> _contexts = [], _lines = [];
    // Those that have a weight, up to as many as are needed to redraw contexts.
    private readonly HashSet<int> _weighed = [];
    private readonly List<(int Context, int Line)> _rows = [];

    /// <summary>Whether lines are redrawn.</summary>
    public bool ByLines => _weighed.Count < FewestContexts;

    /// <summary>What is redrawn: <c>contexts</c> or <c>lines</c>.</summary>
    public string Redrawn => ByLines ? "lines" : "contexts";

    /// <summary>Takes in the episodes of the next line, at least one, and gives the number of their context.</summary>
    public int Add(IReadOnlyList<Episode> line)
    {
        int context = Number(_contexts, KeyOf(line[0].Context));
        if (ByLines && line.Any(e => e.Weight != 0)) _weighed.Add(context);
        int number = ByLines ? Number(_lines, KeyOf([.. line.SelectMany(TurnsOf)])) : 0;
        foreach (Episode _ in line) _rows.Add((context, number));
        return context;
    }

    /// <summary>The cluster of an episode, once all lines are in; without gaps from 0.</summary>
    public int Of(int row) => ByLines ? _rows[row].Line : _rows[row].Context;

    /// <summary>All that an episode says.</summary>
    public static Turn[] TurnsOf(Episode episode) => [.. episode.Context, new Turn("assistant", episode.Reply),
        .. episode.Preferred is { } preferred ? [new Turn("preferred", preferred)] : (Turn[])[]];

    /// <summary><see cref="Turn.KeyOf"/> in 16 bytes, as of a million lines all are held.</summary>
    public static UInt128 KeyOf(IReadOnlyList<Turn> turns)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Turn turn in turns)
        {
            Append(hash, turn.Role);
            Append(hash, turn.Text);
        }
        return BinaryPrimitives.ReadUInt128LittleEndian(hash.GetHashAndReset());
    }

    private static int Number(Dictionary<UInt128, int> numbers, UInt128 key) =>
        numbers.TryGetValue(key, out int number) ? number : numbers[key] = numbers.Count;

    private static void Append(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }
}
