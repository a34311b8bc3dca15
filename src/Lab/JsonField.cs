using System.Text.Json;

namespace PersonaSelection.Lab;

/// <summary>
/// Fields of JSON that somebody else wrote. One that is missing or of another kind is named, with what it holds and what belongs there.
/// </summary>
public static class JsonField
{
    private const int LongestShown = 40;

    /// <summary>Whether an object has a field that is not null.</summary>
    /// <exception cref="FormatException">The parent is no object.</exception>
    public static bool Has(JsonElement parent, string name, out JsonElement value)
    {
        if (parent.ValueKind != JsonValueKind.Object)
            throw new FormatException($"There is {Shown(parent)} where an object with \"{name}\" belongs.");
        return parent.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>A field that must be there.</summary>
    /// <exception cref="FormatException">It is missing or null.</exception>
    public static JsonElement Of(JsonElement parent, string name) =>
        Has(parent, name, out JsonElement value) ? value : throw new FormatException($"\"{name}\" is missing.");

    /// <summary>An object that must be there.</summary>
    /// <exception cref="FormatException">It is missing or of another kind.</exception>
    public static JsonElement Object(JsonElement parent, string name) => Of(parent, name) is { ValueKind: JsonValueKind.Object } value
        ? value : throw Wrong(name, Of(parent, name), "an object");

    /// <summary>A list that must be there.</summary>
    /// <exception cref="FormatException">It is missing or of another kind.</exception>
    public static JsonElement List(JsonElement parent, string name) => Of(parent, name) is { ValueKind: JsonValueKind.Array } value
        ? value : throw Wrong(name, Of(parent, name), "a list");

    /// <summary>A text that must be there.</summary>
    /// <exception cref="FormatException">It is missing or of another kind.</exception>
    public static string Text(JsonElement parent, string name) => TextOf(Of(parent, name), name);

    /// <summary>A text; null where it is missing or null.</summary>
    /// <exception cref="FormatException">It is of another kind.</exception>
    public static string? TextOrNone(JsonElement parent, string name) =>
        Has(parent, name, out JsonElement value) ? TextOf(value, name) : null;

    /// <summary>A whole number that must be there.</summary>
    /// <exception cref="FormatException">It is missing, of another kind, or beyond an <see cref="int"/>.</exception>
    public static int Whole(JsonElement parent, string name) => WholeOf(Of(parent, name), name);

    /// <summary>A number; <paramref name="otherwise"/> where it is missing or null.</summary>
    /// <exception cref="FormatException">It is of another kind or not finite.</exception>
    public static double Number(JsonElement parent, string name, double otherwise) => !Has(parent, name, out JsonElement value) ? otherwise
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)
            ? number : throw Wrong(name, value, "a number");

    /// <summary>A flag; <paramref name="otherwise"/> where it is missing or null.</summary>
    /// <exception cref="FormatException">It is of another kind.</exception>
    public static bool Flag(JsonElement parent, string name, bool otherwise) => !Has(parent, name, out JsonElement value) ? otherwise
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, value, "true or false");

    /// <summary>The text that a field is.</summary>
    /// <exception cref="FormatException">It is of another kind.</exception>
    public static string TextOf(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(name, value, "a text");

    /// <summary>The whole number that a field is.</summary>
    /// <exception cref="FormatException">It is of another kind, or beyond an <see cref="int"/>.</exception>
    public static int WholeOf(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int whole)
            ? whole : throw Wrong(name, value, $"a whole number up to {int.MaxValue}");

    /// <summary>What is said of a field that holds something else than belongs there.</summary>
    public static FormatException Wrong(string name, JsonElement value, string belongs) =>
        new($"\"{name}\" is {Shown(value)}, where {belongs} belongs.");

    private static string Shown(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => value.GetRawText() is { Length: > LongestShown } text ? text[..LongestShown] + "…" : value.GetRawText(),
    };
}
