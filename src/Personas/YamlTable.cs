using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace PersonaSelection.Personas;

/// <summary>A text and the line it stands on; 0 when it was not read from a file.</summary>
internal readonly record struct YamlText(string Text, int Line);

/// <summary>
/// A table of a <see cref="YamlSource"/>. Reading a key marks it as known; what is missing or of the wrong kind becomes a problem.
/// </summary>
internal sealed class YamlTable
{
    private readonly YamlSource _source;
    private readonly Dictionary<string, YamlNode> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public YamlTable(YamlSource source, YamlMappingNode node, string title)
    {
        _source = source;
        Title = title;
        Line = (int)node.Start.Line;
        foreach ((YamlNode key, YamlNode value) in node.Children)
        {
            if (key is not YamlScalarNode { Value: { } name })
            {
                source.Say(key.Start.Line, $"{title} has a key that is not a name");
                continue;
            }
            _values[name] = value;
            _lines[name] = (int)key.Start.Line;
        }
    }

    /// <summary>What the table is called in messages.</summary>
    public string Title { get; set; }

    /// <summary>The line it starts on.</summary>
    public int Line { get; }

    /// <summary>The keys in their order.</summary>
    public IEnumerable<string> Keys => _values.Keys;

    /// <summary>The line of a key, or of the table.</summary>
    public int LineOf(string key) => _lines.GetValueOrDefault(key, Line);

    /// <summary>Whether the key is there.</summary>
    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>Keeps a problem of this table.</summary>
    public void Say(string problem, string? key = null) => _source.Say(key is null ? Line : LineOf(key), $"{Title}: {problem}");

    /// <summary>A text; <paramref name="absent"/> when it is not there, and a problem when that is null.</summary>
    public string Text(string key, string? absent = null)
    {
        if (Take(key, absent is not null) is not { } node) return absent ?? "";
        if (node is YamlScalarNode { Value: { } value } && (value.Length > 0 || absent is not null)) return value;
        Say($"'{key}' must be a text", key);
        return absent ?? "";
    }

    /// <summary>A number in [min, max]; <paramref name="absent"/> when it is not there, and a problem when that is null.</summary>
    public double Number(string key, double min, double max, double? absent = null) =>
        Take(key, absent is not null) is { } node ? NumberOf(node, $"'{key}'", min, max) : absent ?? min;

    /// <summary>True or false.</summary>
    public bool Flag(string key, bool absent)
    {
        if (Take(key, true) is not { } node) return absent;
        if (node is YamlScalarNode { Value: { } value } && bool.TryParse(value, out bool flag)) return flag;
        Say($"'{key}' must be true or false", key);
        return absent;
    }

    /// <summary>A list of texts, or one text standing for a list of one.</summary>
    public IReadOnlyList<YamlText> Texts(string key, int atLeast = 0)
    {
        var texts = new List<YamlText>();
        if (Take(key, atLeast == 0) is not { } node) return texts;
        IEnumerable<YamlNode> items = node is YamlSequenceNode list ? list : [node];
        foreach (YamlNode item in items)
        {
            if (item is YamlScalarNode { Value.Length: > 0 } scalar) texts.Add(new YamlText(scalar.Value, (int)scalar.Start.Line));
            else _source.Say(item.Start.Line, $"{Title}: '{key}' holds something that is not a text");
        }
        if (texts.Count < atLeast) Say($"'{key}' needs at least {atLeast} {(atLeast == 1 ? "entry" : "entries")}", key);
        return texts;
    }

    /// <summary>A table of names and numbers in [min, max].</summary>
    public IReadOnlyDictionary<string, double> Numbers(string key, double min, double max, bool optional = false)
    {
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        if (Table(key, optional) is not { } table) return numbers;
        foreach (string name in table.Keys) numbers[name] = table.Number(name, min, max);
        return numbers;
    }

    /// <summary>A table below this one, or null.</summary>
    public YamlTable? Table(string key, bool optional = false)
    {
        if (Take(key, optional) is not { } node) return null;
        if (node is YamlMappingNode mapping) return new YamlTable(_source, mapping, $"{Title}, {key}");
        Say($"'{key}' must be a table", key);
        return null;
    }

    /// <summary>A list of tables; each is titled by its name, or its number from 1.</summary>
    public IReadOnlyList<YamlTable> Tables(string key, string noun, int atLeast = 1)
    {
        var tables = new List<YamlTable>();
        if (Take(key, atLeast == 0) is not { } node) return tables;
        if (node is YamlSequenceNode list)
        {
            foreach (YamlNode item in list)
            {
                if (item is YamlMappingNode mapping)
                {
                    var table = new YamlTable(_source, mapping, $"{noun} {tables.Count + 1}");
                    if (table._values.GetValueOrDefault("name") is YamlScalarNode { Value.Length: > 0 } name)
                        table.Title = $"{noun} {name.Value}";
                    tables.Add(table);
                }
                else _source.Say(item.Start.Line, $"{Title}: '{key}' holds something that is not a table");
            }
        }
        else Say($"'{key}' must be a list of tables", key);
        if (tables.Count < atLeast) Say($"'{key}' needs at least {atLeast} {(atLeast == 1 ? "entry" : "entries")}", key);
        return tables;
    }

    /// <summary>Ends the reading of this table: keys that nobody asked for are problems.</summary>
    public void Done()
    {
        foreach (string key in _values.Keys.Where(k => !_known.Contains(k)))
            Say($"'{key}' is not known here (known: {string.Join(", ", _known.Order(StringComparer.Ordinal))})", key);
    }

    private double NumberOf(YamlNode node, string what, double min, double max)
    {
        if (node is YamlScalarNode { Value: { } value }
            && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && number >= min && number <= max)
            return number;
        _source.Say(node.Start.Line, string.Create(CultureInfo.InvariantCulture, $"{Title}: {what} must be a number from {min} to {max}"));
        return min;
    }

    private YamlNode? Take(string key, bool optional)
    {
        _known.Add(key);
        if (_values.TryGetValue(key, out YamlNode? node)) return node;
        if (!optional) Say($"'{key}' is missing");
        return null;
    }
}
