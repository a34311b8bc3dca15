using System.Globalization;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>Values as JSON, to the character as Python's <c>json.dumps</c> writes them.</summary>
internal sealed class JinjaJson(JinjaRun run, string? indent, string between, string colon, bool ascii, bool sorted)
{
    private readonly StringBuilder _output = new();

    /// <summary>The value as JSON.</summary>
    public string Write(object value)
    {
        Value(value, 0);
        return _output.ToString();
    }

    private void Value(object value, int depth)
    {
        run.Step();
        run.CheckStack();
        switch (value)
        {
            case string text: Text(text); break;
            case JinjaMarkup markup: Text(markup.Text); break;
            case JinjaNone or bool or long or double: _output.Append(Word(value)); break;
            case JinjaList { Kind: JinjaRow.List or JinjaRow.Tuple } list:
                Row('[', ']', list.Items, depth, item => Value(item, depth + 1));
                break;
            case JinjaDictionary dictionary:
                Row('{', '}', sorted ? JinjaValue.Sort(run, dictionary.Entries, e => e.Key) : [.. dictionary.Entries], depth, entry =>
                {
                    Text(entry.Key is string key ? key : Word(entry.Key));
                    _output.Append(colon);
                    Value(entry.Value, depth + 1);
                });
                break;
            default: throw run.Error($"{JinjaValue.Kind(value)} cannot be written as JSON");
        }
    }

    private void Row<T>(char open, char close, T[] items, int depth, Action<T> write)
    {
        _output.Append(open);
        for (int i = 0; i < items.Length; i++)
        {
            if (i > 0) _output.Append(between);
            Break(depth + 1);
            write(items[i]);
        }
        if (items.Length > 0) Break(depth);
        _output.Append(close);
        run.Make(2 + (long)items.Length * between.Length);
    }

    private void Break(int depth)
    {
        if (indent is null) return;
        run.Make(1 + (long)depth * indent.Length);
        _output.Append('\n');
        for (int i = 0; i < depth; i++) _output.Append(indent);
    }

    private static string Word(object value) => value switch
    {
        JinjaNone => "null",
        bool flag => flag ? "true" : "false",
        double real when double.IsNaN(real) => "NaN",
        double real when double.IsInfinity(real) => real > 0 ? "Infinity" : "-Infinity",
        double real => JinjaPrint.Real(real),
        _ => ((long)value).ToString(CultureInfo.InvariantCulture),
    };

    private void Text(string text)
    {
        int before = _output.Length;
        _output.Append('"');
        foreach (char c in text)
        {
            int known = "\"\\\n\r\t\f\b".IndexOf(c);
            if (known >= 0) _output.Append('\\').Append("\"\\nrtfb"[known]);
            else if (c < ' ' || (ascii && c >= '\x7f')) _output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else _output.Append(c);
        }
        _output.Append('"');
        run.Make(_output.Length - before);
    }
}
