using System.Text;
using System.Text.Json;
using PersonaSelection.Lab;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace PersonaSelection.Personas;

/// <summary>A value of a foreign file and the line it starts on (1 where a file is one value).</summary>
internal readonly record struct ImportValue(JsonElement Json, int Line);

/// <summary>
/// Foreign text as JSON values: one JSON document, JSON lines, or YAML with its anchors resolved. Sizes are bounded: a file, its depth, and
/// the number of values that aliases make of it, so that a few lines of nested aliases cannot fill the memory.
/// </summary>
internal static class ImportText
{
    private const string NotYaml = "it is not YAML";
    private const int LargestFile = 64 << 20;
    private const int MostValues = 500_000;
    private const int MostCharacters = 32 << 20;
    private const int MostEvents = 400_000;
    private const int DeepestNesting = 24;
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64, CommentHandling = JsonCommentHandling.Disallow };

    /// <summary>The text of a file.</summary>
    /// <exception cref="ImportException">It cannot be read, is too large or is no UTF-8.</exception>
    public static string ReadFile(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LargestFile) throw new ImportException(1, $"it is larger than {LargestFile >> 20} MB");
            return File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new ImportException(1, e is DecoderFallbackException
                ? "it is no UTF-8 text; what is packed (gzip, zip) is unpacked first" : $"it cannot be read: {e.Message}");
        }
    }

    /// <summary>The values of a text. Of JSON lines, those that are broken are told and left out.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bad">Told of broken lines.</param>
    /// <exception cref="ImportException">The text is neither JSON nor YAML, or goes beyond a bound.</exception>
    public static IReadOnlyList<ImportValue> Parse(string text, Action<int, string> bad)
    {
        ReadOnlySpan<char> start = text.AsSpan().TrimStart();
        if (start.Length == 0) throw new ImportException(1, "it is empty");
        if (start[0] is not ('{' or '[')) return [new ImportValue(ParseYaml(text), 1)];
        try
        {
            return [new ImportValue(ParseJson(text), 1)];
        }
        catch (JsonException whole)
        {
            List<ImportValue> lines = start[0] == '{' ? Lines(text, bad) : [];
            if (lines.Count > 0) return lines;
            try
            {
                // YAML may begin with a bracket as well, and is more lenient than JSON.
                return [new ImportValue(ParseYaml(text), 1)];
            }
            catch (ImportException e) when (e.Message.StartsWith(NotYaml, StringComparison.Ordinal))
            {
                throw new ImportException((int)(whole.LineNumber ?? 0) + 1, "it is not JSON, not JSON lines and not YAML");
            }
        }
    }

    private static List<ImportValue> Lines(string text, Action<int, string> bad)
    {
        var values = new List<ImportValue>();
        var broken = new List<int>();
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace()) continue;
            try
            {
                values.Add(new ImportValue(ParseJson(line.ToString()), number));
            }
            catch (JsonException)
            {
                broken.Add(number);
            }
        }
        // A file of which most lines are no JSON is none of JSON lines.
        if (values.Count <= broken.Count) return [];
        foreach (int line in broken) bad(line, "this is not JSON");
        return values;
    }

    private static JsonElement ParseJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Options);
            return document.RootElement.Clone();
        }
        catch (ArgumentException e)
        {
            // Half a surrogate pair.
            throw new JsonException("it is not Unicode text", e);
        }
    }

    private static JsonElement ParseYaml(string text)
    {
        try
        {
            RefuseDepth(text);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count == 0) throw new ImportException(1, "it holds nothing");
            using var memory = new MemoryStream();
            using (var json = new Utf8JsonWriter(memory))
            {
                var budget = new Budget { Values = MostValues, Characters = MostCharacters };
                Write(json, stream.Documents[0].RootNode, 0, budget);
            }
            using var document = JsonDocument.Parse(memory.ToArray(), Options);
            return document.RootElement.Clone();
        }
        catch (YamlException e)
        {
            throw new ImportException((int)e.Start.Line, $"{NotYaml}: {(e.InnerException ?? e).Message}");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or JsonException)
        {
            throw new ImportException(1, $"{NotYaml}: {e.Message}");
        }
    }

    // The parser builds the tree by recursion, so that the depth must be known before.
    private static void RefuseDepth(string text)
    {
        var parser = new Parser(new StringReader(text));
        int depth = 0, events = 0;
        while (parser.MoveNext())
        {
            depth += parser.Current!.NestingIncrease;
            if (depth > DeepestNesting)
                throw new ImportException((int)parser.Current.Start.Line, $"it is nested more than {DeepestNesting} deep");
            if (++events > MostEvents) throw new ImportException((int)parser.Current.Start.Line, "it has too many values");
        }
    }

    private static void Write(Utf8JsonWriter json, YamlNode node, int depth, Budget budget)
    {
        if (depth > DeepestNesting) throw new ImportException((int)node.Start.Line, "its aliases are nested too deep");
        if (--budget.Values < 0) throw new ImportException((int)node.Start.Line, $"its aliases make more than {MostValues} values of it");
        switch (node)
        {
            case YamlMappingNode table:
                json.WriteStartObject();
                foreach ((YamlNode key, YamlNode value) in table.Children)
                {
                    if (key is not YamlScalarNode { Value: { } name })
                        throw new ImportException((int)key.Start.Line, "a key is not a name");
                    budget.Take(name.Length, key);
                    json.WritePropertyName(name);
                    Write(json, value, depth + 1, budget);
                }
                json.WriteEndObject();
                break;
            case YamlSequenceNode list:
                json.WriteStartArray();
                foreach (YamlNode item in list) Write(json, item, depth + 1, budget);
                json.WriteEndArray();
                break;
            case YamlScalarNode scalar:
                budget.Take(scalar.Value?.Length ?? 0, node);
                json.WriteStringValue(scalar.Value ?? "");
                break;
            default:
                throw new ImportException((int)node.Start.Line, "an alias points at nothing");
        }
    }

    private sealed class Budget
    {
        public required int Values { get; set; }

        public required int Characters { get; set; }

        public void Take(int characters, YamlNode node)
        {
            if ((Characters -= characters) < 0) throw new ImportException((int)node.Start.Line, "its aliases make too much text of it");
        }
    }
}

/// <summary>A file that is left out of an import, with the line and the reason.</summary>
internal sealed class ImportException(int line, string problem) : Exception(problem)
{
    public int Line { get; } = line;
}
