using System.Text.Json;
using System.Text.Json.Serialization;

namespace PersonaSelection.Lab;

/// <summary>Writes the names of an enumeration in kebab case: <c>in-context</c>.</summary>
public sealed class KebabEnumConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
