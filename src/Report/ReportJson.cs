using System.Text.Json;
using System.Text.Json.Serialization;

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
        options.Converters.Add(new NullForNotFinite());
        return options;
    }

    /// <summary>JSON has no NaN: a number that is not finite is written as <c>null</c> and read back as NaN.</summary>
    private sealed class NullForNotFinite : JsonConverter<double>
    {
        public override bool HandleNull => true;

        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }
    }
}
