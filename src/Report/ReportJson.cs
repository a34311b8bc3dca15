using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Report;

/// <summary>How a report becomes JSON.</summary>
internal static class ReportJson
{
    // The default encoder escapes < > & ' and all that is not ASCII, so the text may stand in a script element of a page.
    public static readonly JsonSerializerOptions Options = Make(indented: true);

    public static readonly JsonSerializerOptions Compact = Make(indented: false);

    private static JsonSerializerOptions Make(bool indented)
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            WriteIndented = indented,
            NewLine = "\n",
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            AllowOutOfOrderMetadataProperties = true,
        };
        options.Converters.Add(new FiniteNumberConverter());
        return options;
    }
}
