using System.IO.Compression;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

public static partial class EpisodeFile
{
    /// <summary>
    /// Writes a file again in its own format with some lines changed, a line at a time. Lines keep their order, and what no edit names
    /// stays as it is, to the byte; empty lines and lines that hold no training example are left out. The output is gzipped when the file
    /// was, or when its own name ends in <c>.gz</c>; it is whole or absent, and may be the input.
    /// </summary>
    /// <param name="path">The file, plain or gzipped.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="edit">The change to a line; null leaves it as it is.</param>
    /// <param name="format">What every line is; without it each line says so by its fields.</param>
    /// <param name="onBadLine">Told of every line that holds no training example; without it the first is an error.</param>
    /// <param name="cancellation">Stops between lines; nothing is written then.</param>
    /// <exception cref="UserErrorException">The input cannot be read, the output not written, or a bad line; <c>line-too-long</c>: a line
    /// would be after its change.</exception>
    public static RewriteSummary Rewrite(string path, string output, Func<DataLine, DataLineEdit?> edit, EpisodeFormat? format = null,
        Action<BadLine>? onBadLine = null, CancellationToken cancellation = default)
    {
        var summary = new RewriteSummary(0, 0, 0, 0, 0, 0);
        Action<BadLine>? tell = onBadLine is null ? null : bad =>
        {
            summary = summary with { Bad = summary.Bad + 1 };
            onBadLine(bad);
        };
        using TextLines source = TextLines.Guarded(path, 0, () => TextLines.Open(path));
        AtomicFile.Write(output, file =>
        {
            bool zipped = source.IsGzip || output.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
            Stream text = zipped ? new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true) : file;
            foreach (DataLine line in Lines(() => source, path, format, tell, cancellation))
            {
                byte[]? written = Edited(line, edit(line), out bool whole);
                summary = summary with
                {
                    Lines = summary.Lines + 1,
                    Written = summary.Written + (written is null ? 0 : 1),
                    Changed = summary.Changed + (written is not null && !written.AsSpan().SequenceEqual(line.Utf8.Span) ? 1 : 0),
                    Dropped = summary.Dropped + (written is null ? 1 : 0),
                    DroppedWhole = summary.DroppedWhole + (whole ? 1 : 0),
                };
                if (written is null) continue;
                // What reads it would pass it over.
                if (written.Length > TextLines.LongestLine)
                    throw new UserErrorException("line-too-long",
                        $"{line.File}, line {line.Line}: with the change the line would be longer than {TextLines.LongestLine >> 20} MiB.",
                        "Leave it out of the data, or drop what was to be changed.");
                text.Write(written);
                text.WriteByte((byte)'\n');
            }
            if (zipped) text.Dispose();
        });
        return summary;
    }

    /// <summary>A line after an edit, without its line feed; null when nothing of it is left.</summary>
    /// <param name="line">The line.</param>
    /// <param name="edit">The change; null leaves it as it is.</param>
    public static byte[]? Edited(DataLine line, DataLineEdit? edit) => Edited(line, edit, out _);

    private static byte[]? Edited(DataLine line, DataLineEdit? edit, out bool whole)
    {
        whole = false;
        if (edit is null) return line.Utf8.ToArray();
        var json = new RawJson();
        json.Parse(line.Utf8);
        return EpisodeRowEditor.Apply(json, EpisodeRow.Read(json, line.Asked, line.Line), edit, out whole);
    }
}
