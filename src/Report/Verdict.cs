using System.Text.Json.Serialization;

namespace PersonaSelection.Report;

/// <summary>What a measurement says of a claim.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
public enum Verdict
{
    /// <summary>The interval reaches over the threshold, or there is none: this run cannot tell.</summary>
    [JsonStringEnumMemberName("undecided")]
    Undecided,

    /// <summary>The whole interval lies where the claim says.</summary>
    [JsonStringEnumMemberName("held")]
    Held,

    /// <summary>The whole interval lies where the claim says it must not.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}

/// <summary>A verdict in words.</summary>
public static class Verdicts
{
    /// <summary><c>held</c>, <c>failed</c> or <c>undecided</c>, as in JSON.</summary>
    public static string Word(this Verdict verdict) => verdict switch
    {
        Verdict.Held => "held",
        Verdict.Failed => "failed",
        _ => "undecided",
    };
}
