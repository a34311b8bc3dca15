using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>The <c>normalizer</c> of a <c>tokenizer.json</c>: what is done to a text before it is cut.</summary>
internal sealed class TextNormalizer
{
    private const int MostSteps = 64;
    private const int LongestText = 16;
    private const int MostGrowth = 8;
    private readonly List<Func<string, string>> _steps = [];

    private TextNormalizer()
    {
    }

    /// <summary>It changes nothing.</summary>
    public bool IsEmpty => _steps.Count == 0;

    /// <summary>Reads the normalizer of a tokenizer; without one nothing is done.</summary>
    /// <exception cref="FormatException">A step that is not followed here.</exception>
    public static TextNormalizer Read(JsonElement root)
    {
        var normalizer = new TextNormalizer();
        if (JsonField.Has(root, "normalizer", out JsonElement first)) normalizer.Add(first);
        return normalizer;
    }

    /// <summary>The text, normalized. An empty one stays empty.</summary>
    /// <exception cref="UserErrorException">It became many times as long.</exception>
    public string Apply(string text)
    {
        long most = (long)MostGrowth * text.Length + MostSteps * LongestText;
        foreach (Func<string, string> step in _steps)
        {
            if (text.Length > 0) text = step(text);
            if (text.Length > most)
                throw new UserErrorException("bad-tokenizer",
                    $"The normalizer of the tokenizer makes a text more than {MostGrowth} times as long.",
                    "Use another tokenizer; this one may have been made to hang programs.");
        }
        return text;
    }

    // Nested no deeper than a JSON file may be.
    private void Add(JsonElement step)
    {
        string type = JsonField.Text(step, "type");
        switch (type)
        {
            case "Sequence":
                foreach (JsonElement inner in JsonField.List(step, "normalizers").EnumerateArray()) Add(inner);
                return;
            case "NFC": _steps.Add(CanonicalForms.Compose); break;
            case "Prepend":
                string before = Bounded(JsonField.Text(step, "prepend"));
                _steps.Add(text => before + text);
                break;
            case "Replace":
                if (JsonField.TextOrNone(JsonField.Object(step, "pattern"), "String") is not { } pattern)
                    throw new FormatException("Its normalizer replaces by a pattern; plain strings are read.");
                string old = Bounded(pattern), replacement = Bounded(JsonField.Text(step, "content"));
                if (old.Length == 0) throw new FormatException("Its normalizer replaces nothing by something.");
                _steps.Add(text => text.Replace(old, replacement, StringComparison.Ordinal));
                break;
            default:
                throw new FormatException($"A BPE tokenizer with the normalizer \"{type}\" is not read.");
        }
        if (_steps.Count > MostSteps) throw new FormatException($"Its normalizer has more than {MostSteps} steps.");
    }

    private static string Bounded(string text) => text.Length <= LongestText ? text
        : throw new FormatException($"A text of its normalizer has more than {LongestText} characters.");
}
