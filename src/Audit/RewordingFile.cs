using System.Text;
using PersonaSelection.Lab;
using PersonaSelection.Personas;

namespace PersonaSelection.Audit;

/// <summary>
/// Rewordings in a file: YAML as docs/formats.md describes it, or plain text with one wording a line, each put after the user's text.
/// </summary>
public static class RewordingFile
{
    private const string ErrorCode = "bad-rewordings";
    private const string Remedy = "Mend these lines; docs/formats.md describes a file of rewordings.";
    private const int LongestText = 4000;
    private static readonly (string Key, RewordingPlace Place)[] Places =
    [
        ("system", RewordingPlace.System), ("prefix", RewordingPlace.Prefix),
        ("suffix", RewordingPlace.Suffix), ("template", RewordingPlace.Template),
    ];

    /// <summary>The rewordings that come with psm: several of each kind, in plain words.</summary>
    public static IReadOnlyList<Rewording> Library => BuiltIn.Value;

    private static readonly Lazy<IReadOnlyList<Rewording>> BuiltIn = new(() =>
    {
        using Stream stream = typeof(RewordingFile).Assembly.GetManifestResourceStream("rewordings.yaml")!;
        using var reader = new StreamReader(stream);
        return Parse("rewordings.yaml", reader.ReadToEnd());
    });

    /// <summary>Reads a file. One that ends in <c>.txt</c> is plain lines.</summary>
    /// <exception cref="UserErrorException"><c>bad-rewordings</c>, with every problem and its line; or the file cannot be read.</exception>
    public static IReadOnlyList<Rewording> Load(string path)
    {
        if (!path.EndsWith(".txt", StringComparison.OrdinalIgnoreCase)) return Read(YamlSource.OpenFile(path, ErrorCode));
        try
        {
            string[] lines = File.ReadAllLines(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return FromLines(path, lines);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}",
                "Check the path and that the file is UTF-8 text.", e);
        }
    }

    /// <summary>Reads rewordings from the text of a YAML file.</summary>
    /// <param name="name">What the text is called in messages.</param>
    /// <param name="yaml">The text.</param>
    /// <exception cref="UserErrorException"><c>bad-rewordings</c>, with every problem and its line.</exception>
    public static IReadOnlyList<Rewording> Parse(string name, string yaml) => Read(YamlSource.Parse(name, yaml, ErrorCode));

    /// <summary>Writes rewordings as YAML that <see cref="Load"/> reads.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void Save(string path, IEnumerable<Rewording> rewordings)
    {
        var text = new StringBuilder("schema: 1\nrewordings:\n");
        foreach (Rewording r in rewordings)
        {
            text.Append("  - name: ").Append(Quote(r.Name)).Append("\n    kind: ").Append(Quote(r.Kind)).Append('\n');
            text.Append("    ").Append(Places.First(p => p.Place == r.Place).Key).Append(": [")
                .AppendJoin(", ", r.Wordings.Select(Quote)).Append("]\n");
            foreach ((string key, string? words) in new[] { ("negated", r.Negated), ("keyword", r.Keyword), ("nearMiss", r.NearMiss) })
                if (words is not null) text.Append("    ").Append(key).Append(": ").Append(Quote(words)).Append('\n');
        }
        AtomicFile.WriteText(path, text.ToString());
    }

    private static List<Rewording> Read(YamlSource source)
    {
        YamlTable root = source.Root;
        if (root.Number("schema", 1, 1) != 1) root.Say("'schema' must be 1", "schema");
        var found = new List<Rewording>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (YamlTable table in root.Tables("rewordings", "rewording"))
        {
            string name = table.Text("name"), kind = table.Text("kind", "own");
            if (!names.Add(name)) table.Say($"the name '{name}' occurs twice", "name");
            (string Key, RewordingPlace Place)[] given = [.. Places.Where(p => table.Has(p.Key))];
            if (given.Length != 1) table.Say("needs exactly one of system, prefix, suffix and template");
            string[] wordings = [.. given.SelectMany(p => table.Texts(p.Key, 1)).Select(t => t.Text)];
            if (given.Any(p => p.Place == RewordingPlace.Template) && wordings.Any(w => !w.Contains("{text}", StringComparison.Ordinal)))
                table.Say("a template says '{text}' where the user's text goes", "template");
            if (wordings.Any(w => w.Length > LongestText)) table.Say($"a wording is longer than {LongestText} characters");
            var rewording = new Rewording(name, kind, given.Length == 1 ? given[0].Place : RewordingPlace.Suffix, wordings)
            {
                Negated = Optional(table, "negated"),
                Keyword = Optional(table, "keyword"),
                NearMiss = Optional(table, "nearMiss"),
            };
            table.Done();
            found.Add(rewording);
        }
        root.Done();
        source.Complain(ErrorCode, Remedy);
        return found;
    }

    private static string? Optional(YamlTable table, string key) => table.Has(key) ? table.Text(key) : null;

    private static Rewording[] FromLines(string path, string[] lines)
    {
        string[] wordings = [.. lines.Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#')];
        if (wordings.FirstOrDefault(w => w.Length > LongestText) is not null)
            throw new UserErrorException(ErrorCode, $"{path} has a line of more than {LongestText} characters.",
                "Write one wording per line.");
        return wordings.Length > 0
            ? [.. wordings.Select((w, i) => new Rewording($"line-{i + 1}", "own", RewordingPlace.Suffix, [w]))]
            : throw new UserErrorException(ErrorCode, $"{path} holds no rewording.", "Write one wording per line.");
    }

    private static string Quote(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal)}\"";
}
