using System.Text;
using System.Text.Json;

namespace PersonaSelection.Corpus;

/// <summary>A line's fault, with the byte where it stands.</summary>
internal sealed class BadRowException(int at, string problem) : Exception(problem)
{
    /// <summary>The byte in the line, from 0; -1 when the line as a whole is wrong.</summary>
    public int At { get; } = at;
}

/// <summary>
/// JSON whose values know where they stand in the text, so that one can be replaced without touching the rest. Values are numbered in the
/// order of the text, 0 the whole; the memory is used again for the next text.
/// </summary>
internal sealed class RawJson
{
    private const int Deepest = 256;
    private const int MostValues = 1 << 20;

    /// <summary>What is said of a line that begins a list.</summary>
    internal const string ListProblem =
        "A JSON list is no JSONL: every line is an object of its own (jq -c '.[]' FILE takes a list apart).";

    private readonly List<Value> _values = [];
    private readonly Stack<int> _open = new();

    /// <summary>The text.</summary>
    public ReadOnlyMemory<byte> Utf8 { get; private set; }

    /// <summary>Reads a text.</summary>
    /// <exception cref="BadRowException">It is not JSON.</exception>
    public void Parse(ReadOnlyMemory<byte> utf8)
    {
        Utf8 = utf8;
        _values.Clear();
        _open.Clear();
        var reader = new Utf8JsonReader(utf8.Span, new JsonReaderOptions { MaxDepth = Deepest });
        (int Start, int End) name = (-1, -1);
        try
        {
            while (reader.Read())
            {
                int start = (int)reader.TokenStartIndex;
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        name = (start + 1, start + 1 + reader.ValueSpan.Length);
                        continue;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        int opened = _open.Pop();
                        _values[opened] = _values[opened] with { End = start + 1, Next = _values.Count };
                        continue;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        _open.Push(_values.Count);
                        break;
                }
                if (_values.Count == MostValues) throw new BadRowException(start, $"The line holds more than {MostValues} values.");
                int quotes = reader.TokenType == JsonTokenType.String ? 2 : 0;
                _values.Add(new Value(reader.TokenType, start, start + reader.ValueSpan.Length + quotes, name.Start, name.End,
                    _values.Count + 1));
                name = (-1, -1);
            }
        }
        catch (JsonException e)
        {
            throw new BadRowException((int)(e.BytePositionInLine ?? 0),
                reader.CurrentDepth >= Deepest ? $"This is nested more than {Deepest} levels deep."
                : utf8.Span.Contains((byte)0) ? "This is not JSON: it holds zero bytes, as UTF-16 without a byte order mark does."
                : utf8.Span.TrimStart(" \t\r"u8) is [(byte)'[', ..] ? ListProblem : "This is not JSON.");
        }
    }

    public JsonTokenType Kind(int value) => _values[value].Kind;

    public bool IsText(int value) => value >= 0 && _values[value].Kind == JsonTokenType.String;

    public bool IsList(int value) => value >= 0 && _values[value].Kind == JsonTokenType.StartArray;

    public bool IsObject(int value) => value >= 0 && _values[value].Kind == JsonTokenType.StartObject;

    public bool IsNullOrAbsent(int value) => value < 0 || _values[value].Kind == JsonTokenType.Null;

    /// <summary>Where a value starts, as a byte of the text.</summary>
    public int Start(int value) => _values[value].Start;

    /// <summary>Where a value ends, exclusive.</summary>
    public int End(int value) => _values[value].End;

    /// <summary>The members of an object or the items of a list, in order.</summary>
    public IEnumerable<int> Children(int parent)
    {
        for (int at = parent + 1; at < _values[parent].Next; at = _values[at].Next) yield return at;
    }

    /// <summary>The names of an object's members as they are written, in order.</summary>
    public IEnumerable<string> Names(int parent) =>
        Children(parent).Select(at => Encoding.UTF8.GetString(Utf8.Span[_values[at].NameStart.._values[at].NameEnd]));

    /// <summary>The value of a property, the last of that name as JSON readers have it; -1 when there is none.</summary>
    public int Property(int parent, ReadOnlySpan<byte> name)
    {
        int found = -1;
        int end = _values[parent].Next;
        for (int at = parent + 1; at < end; at = _values[at].Next)
        {
            Value value = _values[at];
            ReadOnlySpan<byte> given = Utf8.Span[value.NameStart..value.NameEnd];
            if (given.SequenceEqual(name) || (given.Contains((byte)'\\') && IsEscaped(value.NameStart - 1, name))) found = at;
        }
        return found;
    }

    /// <summary>A string's text.</summary>
    /// <exception cref="BadRowException">It holds bytes that are no UTF-8, or half of a surrogate pair.</exception>
    public string Text(int value)
    {
        var reader = new Utf8JsonReader(Utf8.Span[_values[value].Start.._values[value].End]);
        reader.Read();
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new BadRowException(_values[value].Start,
                "This text holds half a character (bytes that are no UTF-8, or one surrogate of a pair).");
        }
    }

    /// <summary>A finite number; null for anything else.</summary>
    public double? Number(int value)
    {
        if (_values[value].Kind != JsonTokenType.Number) return null;
        var reader = new Utf8JsonReader(Utf8.Span[_values[value].Start.._values[value].End]);
        return reader.Read() && reader.TryGetDouble(out double number) && double.IsFinite(number) ? number : null;
    }

    /// <summary>True or false; null for anything else.</summary>
    public bool? Truth(int value) => value < 0 ? null : _values[value].Kind switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => null,
    };

    private bool IsEscaped(int quote, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(Utf8.Span[quote..], isFinalBlock: false, default);
        try
        {
            return reader.Read() && reader.ValueTextEquals(name);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private readonly record struct Value(JsonTokenType Kind, int Start, int End, int NameStart, int NameEnd, int Next);
}
