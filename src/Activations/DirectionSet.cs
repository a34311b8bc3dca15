using System.Text.Json;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Activations;

/// <summary>Where directions come from, and what they mean.</summary>
/// <param name="Model">Content id of the model whose activations they are.</param>
/// <param name="Site">The name of the site.</param>
/// <param name="Positions">The positions that were averaged over: <c>opening</c>, <c>reply</c> or <c>episode</c>.</param>
/// <param name="Baseline">What was subtracted: <c>bare</c> (the same episodes without a context) or <c>mean</c>
/// (over the personas).</param>
/// <param name="Subject">What they are directions of: <c>personas</c> or <c>traits</c>; positive towards the persona,
/// or the high pole.</param>
/// <param name="Extraction">How they were extracted, in one line.</param>
public sealed record DirectionOrigin(string Model, string Site, string Positions, string Baseline, string Subject, string Extraction);

/// <summary>How much of the directions makes the model's evidence most like that of the contexts they were read from.</summary>
/// <param name="Amount">Times how much a direction is added.</param>
/// <param name="Agreement">Correlation of both kinds of evidence at that amount, over episodes that no direction was read from and
/// personas, rows less their mean.</param>
/// <param name="Slope">Nats of the contexts' evidence to one of the directions'.</param>
/// <param name="Random">The control: the root mean square of the agreement of random directions of the same lengths,
/// drawn eight times.</param>
/// <param name="Episodes">How many episodes it was measured on.</param>
public sealed record DirectionStrength(double Amount, double Agreement, double Slope, double Random, int Episodes);

/// <summary>
/// Directions of personas or traits at one site of one model: what each adds to the residual stream. A folder with <c>manifest.json</c> and
/// <c>directions.safetensors</c>, one tensor <c>directions</c> [count, width].
/// </summary>
public sealed class DirectionSet
{
    /// <summary>The version of the file format.</summary>
    public const int Schema = 1;

    private const string Manifest = "manifest.json", Tensors = "directions.safetensors",
        Remedy = "Extract the directions again, or copy both files of the folder again.";
    private const int LargestManifest = 16 << 20;
    private readonly float[][] _values;

    /// <summary>A set.</summary>
    /// <param name="origin">Where they come from.</param>
    /// <param name="names">Different names.</param>
    /// <param name="values">[name][unit], finite, all of one width; copied.</param>
    /// <exception cref="ArgumentException">Names repeat, or the numbers do not fit.</exception>
    public DirectionSet(DirectionOrigin origin, IReadOnlyList<string> names, IReadOnlyList<float[]> values)
    {
        if (names.Count == 0 || names.Count != values.Count)
            throw new ArgumentException("There is one direction per name, and at least one.", nameof(values));
        if (names.Distinct(StringComparer.Ordinal).Count() < names.Count)
            throw new ArgumentException("Two directions have the same name.", nameof(names));
        if (values.Any(v => v.Length != values[0].Length || v.Length == 0 || !v.All(float.IsFinite)))
            throw new ArgumentException("Directions have one width and finite numbers.", nameof(values));
        (Origin, Names, _values) = (origin, [.. names], [.. values.Select(v => (float[])v.Clone())]);
    }

    /// <summary>Where they come from.</summary>
    public DirectionOrigin Origin { get; }

    /// <summary>How much of them to add, where that was measured; null for once, as extracted.</summary>
    public DirectionStrength? Strength { get; init; }

    /// <summary>Names of the personas or traits.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Numbers per direction.</summary>
    public int Width => _values[0].Length;

    /// <summary>The directions in the order of the names; copies.</summary>
    public float[][] Values => [.. _values.Select(v => (float[])v.Clone())];

    /// <summary>The direction of a name.</summary>
    /// <exception cref="ArgumentException">There is no such name.</exception>
    public Direction this[string name] => Names.ToList().IndexOf(name) is >= 0 and var i
        ? new Direction(name, Origin.Site, [.. _values[i]]) : throw new ArgumentException($"There is no direction '{name}'.", nameof(name));

    /// <summary>The content id: origin, names and numbers.</summary>
    public ContentId Id => ContentId.Of("directions", [Origin.Model, Origin.Site, Origin.Positions, Origin.Baseline,
        Origin.Subject, Origin.Extraction, Names.Count, .. Names, .. _values.Select(v => Array.ConvertAll(v, x => (double)x)),
        .. Strength is { } s ? (object[])[s.Amount, s.Agreement, s.Slope, s.Random, s.Episodes] : []]);

    /// <summary>
    /// Directions of traits: the ridge regression of the directions on the personas' trait values, all traits at once, so that each is what
    /// a trait adds by itself. Per unit of the trait: half the way from the low pole to the high one.
    /// </summary>
    /// <param name="personas">A set in which every name of this one occurs.</param>
    /// <exception cref="ArgumentException">A persona is missing, or there are too few.</exception>
    public DirectionSet OfTraits(PersonaSet personas)
    {
        int[] rows = [.. Names.Select(personas.IndexOf)];
        if (rows.Any(r => r < 0)) throw new ArgumentException("A direction's persona is not in the set.", nameof(personas));
        double[,] traits = personas.TraitMatrix;
        var fit = RidgeRegression.Fit([.. rows.Select(r => Enumerable.Range(0, personas.Traits.Count).Select(k => traits[r, k]).ToArray())],
            [.. _values.Select(v => Array.ConvertAll(v, x => (double)x))]);
        double[][] byUnit = [.. Enumerable.Range(0, Width).Select(fit.CoefficientsOf)];
        DirectionOrigin origin = Origin with
        {
            Subject = "traits",
            Extraction = $"{Origin.Extraction}; regression on the trait values of {rows.Length} personas",
        };
        return new DirectionSet(origin,
            [.. personas.Traits.Select(t => t.Name)], [.. personas.Traits.Select((_, k) => byUnit.Select(b => (float)b[k]).ToArray())]);
    }

    /// <summary>The direction of a persona from its traits: the sum of value times direction.</summary>
    /// <param name="values">Directions of traits with the persona's values on them.</param>
    public static float[] Sum(IEnumerable<(float[] Direction, double Value)> values) =>
        values.Select(v => Array.ConvertAll(v.Direction, x => (float)(v.Value * x)))
            .Aggregate((a, b) => [.. a.Zip(b, (x, y) => x + y)]);

    /// <summary>The same directions with what was measured of their strength.</summary>
    public DirectionSet With(DirectionStrength strength) => new(Origin, Names, _values) { Strength = strength };

    /// <summary>Writes both files.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void Save(string folder)
    {
        SafetensorsWriter.Write(Path.Combine(folder, Tensors), [new TensorToStore("directions", [Names.Count, Width], target =>
        {
            for (int i = 0; i < _values.Length; i++) _values[i].CopyTo(target[(i * Width)..]);
        })], new Dictionary<string, string> { ["psm"] = "direction-set", ["id"] = Id.ToString() });
        JsonFile.Write(Path.Combine(folder, Manifest), json =>
        {
            json.WriteStartObject();
            json.WriteString("psm", "direction-set");
            json.WriteNumber("schema", Schema);
            json.WriteString("id", Id.ToString());
            json.WriteString("model", Origin.Model);
            json.WriteString("site", Origin.Site);
            json.WriteString("positions", Origin.Positions);
            json.WriteString("baseline", Origin.Baseline);
            json.WriteString("subject", Origin.Subject);
            json.WriteString("sign", Origin.Subject == "traits" ? "towards the high pole" : "towards the persona");
            json.WriteString("extraction", Origin.Extraction);
            if (Strength is { } strength)
            {
                json.WriteStartObject("strength");
                json.WriteNumber("amount", strength.Amount);
                json.WriteNumber("agreement", strength.Agreement);
                json.WriteNumber("slope", strength.Slope);
                json.WriteNumber("random", strength.Random);
                json.WriteNumber("episodes", strength.Episodes);
                json.WriteEndObject();
            }
            json.WriteNumber("width", Width);
            json.WriteStartArray("names");
            foreach (string name in Names) json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    /// <summary>Reads both files and checks that they belong together.</summary>
    /// <exception cref="UserErrorException"><c>bad-directions</c>, or a file is missing, damaged or of another version.</exception>
    public static DirectionSet Load(string folder)
    {
        string manifest = Path.Combine(folder, Manifest);
        if (new FileInfo(manifest) is { Exists: true, Length: > LargestManifest })
            throw Bad(folder, $"has a manifest of more than {LargestManifest} bytes");
        JsonElement root = JsonFile.ReadRecord(manifest, "direction set", Schema);
        if (Text(folder, root, "psm") != "direction-set") throw Bad(folder, "has the manifest of something else");
        if (!root.TryGetProperty("names", out JsonElement list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0
            || list.EnumerateArray().Any(n => n.ValueKind != JsonValueKind.String)) throw Bad(folder, "has no list of names");
        string[] names = [.. list.EnumerateArray().Select(n => n.GetString()!)];
        var origin = new DirectionOrigin(Text(folder, root, "model"), Text(folder, root, "site"), Text(folder, root, "positions"),
            Text(folder, root, "baseline"), Text(folder, root, "subject"), Text(folder, root, "extraction"));
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, Tensors));
        if (!file.Tensors.TryGetValue("directions", out StoredTensor? tensor) || tensor.Shape.Count != 2 || tensor.Shape[0] != names.Length
            || tensor.Shape[1] <= 0)
            throw Bad(folder, $"does not hold a tensor \"directions\" of {names.Length} rows");
        // The file is as long as its header says, so this is bounded by its size.
        var flat = new float[checked((int)Math.Min(tensor.Length, int.MaxValue))];
        file.Read("directions", flat);
        int width = (int)tensor.Shape[1];
        DirectionSet set;
        try
        {
            set = new DirectionSet(origin, names, [.. names.Select((_, i) => flat[(i * width)..((i + 1) * width)])])
            {
                Strength = StrengthOf(folder, root),
            };
        }
        catch (ArgumentException e)
        {
            throw Bad(folder, $"is not sound: {e.Message}");
        }
        string id = Text(folder, root, "id");
        return set.Id.ToString() == id ? set : throw Bad(folder, $"says it is {id}, but its content is {set.Id}");
    }

    private static DirectionStrength? StrengthOf(string folder, JsonElement root)
    {
        if (!root.TryGetProperty("strength", out JsonElement strength)) return null;
        return new DirectionStrength(Of("amount"), Of("agreement"), Of("slope"), Of("random"),
            (int)Math.Clamp(Of("episodes"), 0, int.MaxValue));

        double Of(string name) => strength.ValueKind == JsonValueKind.Object && strength.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double x) && double.IsFinite(x) ? x
            : throw Bad(folder, $"has no number \"{name}\" in its strength");
    }

    private static string Text(string folder, JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()! : throw Bad(folder, $"has no \"{name}\" in its manifest");

    private static UserErrorException Bad(string folder, string what) =>
        new("bad-directions", $"The directions in {folder} cannot be used: the folder {what}.", Remedy);
}
