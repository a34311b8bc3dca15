namespace PersonaSelection.Corpus;

/// <summary>What a piece of a template is.</summary>
internal enum JinjaTokenKind
{
    /// <summary>Text between tags.</summary>
    Data,

    /// <summary><c>{{</c></summary>
    OutputBegin,

    /// <summary><c>}}</c></summary>
    OutputEnd,

    /// <summary><c>{%</c></summary>
    BlockBegin,

    /// <summary><c>%}</c></summary>
    BlockEnd,

    /// <summary>A name or a keyword.</summary>
    Name,

    /// <summary>A text in quotes.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Whole,

    /// <summary>A number with a point or an exponent.</summary>
    Real,

    /// <summary>An operator, a bracket, a comma …</summary>
    Sign,

    /// <summary>The end of the template.</summary>
    End,
}

/// <summary>A piece of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">As written; of a text its content.</param>
/// <param name="Line">Where it begins, from 1.</param>
/// <param name="Value">Of a number.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int Line, object? Value = null)
{
    /// <summary>Whether this is the name or sign <paramref name="text"/>.</summary>
    public bool Is(string text) => Kind is JinjaTokenKind.Name or JinjaTokenKind.Sign && Text == text;

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        JinjaTokenKind.Data => "text",
        JinjaTokenKind.End => "the end of the template",
        JinjaTokenKind.Text => $"the text '{(Text.Length > 40 ? Text[..40] + "…" : Text)}'",
        _ => $"'{(Text.Length > 40 ? Text[..40] + "…" : Text)}'",
    };
}
