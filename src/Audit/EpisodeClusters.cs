using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using PersonaSelection.Corpus;

namespace PersonaSelection.Audit;

/// <summary>
/// Which episodes stand or fall together in intervals: those of lines that begin with one context, a dialogue going with the context of its
/// first answer; lines where there are few contexts.
/// </summary>
internal sealed class EpisodeClusters
{
    /// <summary>
    /// With fewer different contexts than this, intervals redraw lines: a data set that always asks the same has no contexts to redraw.
    /// </summary>
    private const int FewestContexts = 10;

    private readonly Dictionary<UInt128, int> _contexts = [];
    private readonly List<(int Context, int Line)> _rows = [];
    private int _lines;

    /// <summary>Whether lines are redrawn.</summary>
    public bool ByLines => _contexts.Count < FewestContexts;

    /// <summary>What is redrawn: <c>contexts</c> or <c>lines</c>.</summary>
    public string Redrawn => ByLines ? "lines" : "contexts";

    /// <summary>Takes in the episodes of the next line, at least one, and gives the number of their context.</summary>
    public int Add(IReadOnlyList<Episode> line)
    {
        UInt128 key = KeyOf(line[0].Context);
        if (!_contexts.TryGetValue(key, out int context)) context = _contexts[key] = _contexts.Count;
        foreach (Episode _ in line) _rows.Add((context, _lines));
        _lines++;
        return context;
    }

    /// <summary>The cluster of an episode, once all lines are in; without gaps from 0.</summary>
    public int Of(int row) => ByLines ? _rows[row].Line : _rows[row].Context;

    /// <summary>One number for equal turns.</summary>
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

    private static void Append(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }
}
