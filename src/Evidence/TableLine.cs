using System.Text.Json;

namespace PersonaSelection.Evidence;

/// <summary>One JSON line of a table; whatever is missing or of the wrong kind is named with file and line.</summary>
internal sealed class TableLine
{
    private readonly string _path;
    private readonly int _number;
    private readonly JsonElement _root;

    internal TableLine(string path, int number, string text)
    {
        _path = path;
        _number = number;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 8 });
            _root = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw TableFile.Bad(path, number, $"is not JSON: {e.Message}");
        }
        if (_root.ValueKind != JsonValueKind.Object) throw Bad("is not a JSON object.");
        if (!Lab.JsonFile.IsText(_root)) throw Bad("holds text that is not well-formed Unicode.");
    }

    internal string Text(string name) => AsText(name, Property(name, JsonValueKind.String));

    internal double Number(string name)
    {
        JsonElement value = Property(name, JsonValueKind.Number);
        return value.TryGetDouble(out double x) && double.IsFinite(x) ? x : throw Bad($"has a '{name}' that is not a finite number.");
    }

    internal int Count(string name)
    {
        JsonElement value = Property(name, JsonValueKind.Number);
        return value.TryGetInt32(out int x) && x >= 0 ? x : throw Bad($"has a '{name}' that is not a count.");
    }

    /// <summary>Whether something is so; it is not where nothing is said.</summary>
    internal bool Flag(string name) => _root.TryGetProperty(name, out JsonElement value)
        && (value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean() : throw Bad($"has a '{name}' that is neither true nor false."));

    internal string? TextOrNone(string name) => _root.TryGetProperty(name, out JsonElement value) ? AsText(name, value) : null;

    internal string[] Texts(string name) => [.. Property(name, JsonValueKind.Array).EnumerateArray().Select(e => AsText(name, e))];

    internal Dictionary<string, string> Map(string name)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty p in Property(name, JsonValueKind.Object).EnumerateObject())
            map[p.Name] = AsText($"{name}.{p.Name}", p.Value);
        return map;
    }

    internal void Values(List<double> into, int expected, Func<double, bool> allowed, string meaning)
    {
        JsonElement values = Property("values", JsonValueKind.Array);
        if (values.GetArrayLength() != expected) throw Bad($"has {values.GetArrayLength()} values for {expected} columns.");
        int at = 0;
        foreach (JsonElement e in values.EnumerateArray())
        {
            at++;
            double x = double.NegativeInfinity;
            if (e.ValueKind != JsonValueKind.Null && (e.ValueKind != JsonValueKind.Number || !e.TryGetDouble(out x) || !double.IsFinite(x)))
                throw Bad($"has a value number {at} that is no number; expected {meaning}.");
            if (!allowed(x)) throw Bad($"has a value number {at} of {x}; expected {meaning}.");
            into.Add(x);
        }
    }

    private string AsText(string name, JsonElement e) =>
        e.ValueKind == JsonValueKind.String ? e.GetString()! : throw Bad($"has a '{name}' that is not text.");

    private JsonElement Property(string name, JsonValueKind kind)
    {
        if (!_root.TryGetProperty(name, out JsonElement value)) throw Bad($"has no '{name}'.");
        return value.ValueKind == kind ? value : throw Bad($"has a '{name}' that is not {kind.ToString().ToLowerInvariant()}.");
    }

    private Lab.UserErrorException Bad(string problem) => TableFile.Bad(_path, _number, problem);
}
