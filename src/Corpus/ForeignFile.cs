using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// Files that are often given for text by mistake, known by their first bytes. Read as lines they would be a million bad ones.
/// </summary>
internal static class ForeignFile
{
    /// <summary>Bytes that decide.</summary>
    internal const int HeadLength = 262;

    private const int TarMark = 257;

    /// <summary>Refuses what is no text.</summary>
    /// <exception cref="UserErrorException"><c>foreign-file</c>.</exception>
    internal static void Refuse(string path, ReadOnlySpan<byte> head)
    {
        (string What, string Remedy)? foreign = head switch
        {
            [(byte)'P', (byte)'A', (byte)'R', (byte)'1', ..] => ("a Parquet file",
                "Write its rows as JSONL, such as with pandas: read_parquet, then to_json(orient=\"records\", lines=True)."),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => ("compressed with Zstandard", "Unpack it first: zstd -d FILE."),
            [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', ..] => ("compressed with xz", "Unpack it first: xz -d FILE."),
            [(byte)'B', (byte)'Z', (byte)'h', >= (byte)'1' and <= (byte)'9', 0x31, 0x41, ..] =>
                ("compressed with bzip2", "Unpack it first: bzip2 -d FILE."),
            [(byte)'P', (byte)'K', 3, 4, ..] => ("a zip archive", "Unpack it first: unzip FILE."),
            [(byte)'A', (byte)'R', (byte)'R', (byte)'O', (byte)'W', (byte)'1', ..] => ("an Arrow file", "Write its rows as JSONL."),
            _ when head.Length >= HeadLength && head[TarMark..HeadLength].SequenceEqual("ustar"u8) =>
                ("a tar archive", "Unpack it first: tar -xf FILE."),
            _ => null,
        };
        if (foreign is { } f)
            throw new UserErrorException("foreign-file", $"{path} is {f.What}; text is read, plain or gzipped.", f.Remedy);
    }
}
