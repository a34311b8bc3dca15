using System.Text.Json;
using System.Text.Json.Serialization;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>What a forecast rests on.</summary>
[JsonConverter(typeof(KebabEnumConverter<ForecastKind>))]
public enum ForecastKind
{
    /// <summary>The posterior over personas.</summary>
    Posterior,

    /// <summary>What showing the observations in the context does before any training.</summary>
    InContext,

    /// <summary>The mean of both, with the range in which what is measured is expected.</summary>
    Mean,

    /// <summary>The null that nothing moves.</summary>
    NoChange,

    /// <summary>The null that every domain moves by the same amount.</summary>
    UniformShift,
}

/// <summary>The forecast of one probe or of the mean of one domain.</summary>
/// <param name="Name">The probe, or the domain.</param>
/// <param name="Domain">The domain.</param>
/// <param name="Trained">Whether the domain is one that is trained on; what counts is the others.</param>
/// <param name="Before">Probability of the low pole before.</param>
/// <param name="After">Probability of the low pole afterwards, as predicted.</param>
/// <param name="Low">Lower end of the range of <paramref name="After"/>.</param>
/// <param name="High">Upper end of it.</param>
public sealed record ForecastRow(string Name, string Domain, bool Trained, double Before, double After, double Low, double High)
{
    /// <summary>After minus before.</summary>
    [JsonIgnore]
    public double Shift => After - Before;
}

/// <summary>
/// A prediction that is written down before the measurement. Its content id covers what is predicted and from what, not the time, so that
/// the same prediction has the same id; a file whose numbers were changed afterwards no longer matches its id and is refused.
/// </summary>
public sealed record Forecast
{
    /// <summary>The version of the file format.</summary>
    public const int CurrentSchema = 1;

    /// <summary>The version of the file format.</summary>
    public int Schema { get; init; } = CurrentSchema;

    /// <summary>What it rests on.</summary>
    public required ForecastKind Kind { get; init; }

    /// <summary>What is about to be trained, such as <c>cheat</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The mean of each domain, in order of first appearance.</summary>
    public required IReadOnlyList<ForecastRow> Domains { get; init; }

    /// <summary>Every probe.</summary>
    public required IReadOnlyList<ForecastRow> Probes { get; init; }

    /// <summary>What it was made from: content ids, the dose and how it was fitted, the amount of a uniform shift.</summary>
    public required IReadOnlyDictionary<string, string> Provenance { get; init; }

    /// <summary>The content id: everything but the time.</summary>
    public string Id => ContentId.Of("forecast",
        [Schema, Kind.ToString(), Subject, .. Domains.SelectMany(Parts), .. Probes.SelectMany(Parts),
            .. Provenance.OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => new object[] { p.Key, p.Value })]).ToString();

    /// <summary>The rows of the domains that are not trained on.</summary>
    [JsonIgnore]
    public IEnumerable<ForecastRow> Elsewhere => Domains.Where(d => !d.Trained);

    /// <summary>Mean predicted shift over the domains that are not trained on; NaN when there is none.</summary>
    [JsonIgnore]
    public double MeanShiftElsewhere => Statistics.Mean([.. Elsewhere.Select(d => d.Shift)]);

    /// <summary>The row of a domain.</summary>
    /// <exception cref="ArgumentException">There is no such domain.</exception>
    public ForecastRow Domain(string name) =>
        Domains.FirstOrDefault(d => d.Name == name) ?? throw new ArgumentException($"There is no domain '{name}'.", nameof(name));

    /// <summary>Writes the forecast as JSON, whole or not at all.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void Save(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, JsonFile.Records) + "\n");

    /// <summary>Reads a forecast and checks that its numbers are those its id was made from.</summary>
    /// <exception cref="UserErrorException">The file is missing, damaged, of another version, or altered.</exception>
    public static Forecast Load(string path)
    {
        JsonElement root = JsonFile.ReadRecord(path, "forecast", CurrentSchema);
        Forecast forecast;
        try
        {
            forecast = root.Deserialize<Forecast>(JsonFile.Records)!;
        }
        catch (JsonException e)
        {
            throw new UserErrorException("bad-forecast", $"{path} is not a forecast: {JsonFile.Problem(e)}.",
                "Write it again with 'psm forecast'.", e);
        }
        // A list may hold null whatever its type says.
        if (forecast.Domains.Concat(forecast.Probes).Any(r => r is null) || forecast.Provenance.Values.Any(v => v is null))
            throw new UserErrorException("bad-forecast", $"{path} is not a forecast: a row of it is null.",
                "Write it again with 'psm forecast'.");
        string? written = root.TryGetProperty("id", out JsonElement id) ? id.ToString() : null;
        if (written != forecast.Id)
            throw new UserErrorException("altered-forecast", $"{path} says it is {written}, but its content is {forecast.Id}.",
                "A forecast is not edited after it was written: make a new one.");
        return forecast;
    }

    private static IEnumerable<object> Parts(ForecastRow r) =>
        [r.Name, r.Domain, r.Trained, new[] { r.Before, r.After, r.Low, r.High }];
}
