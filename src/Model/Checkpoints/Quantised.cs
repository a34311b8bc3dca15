using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>Checkpoints whose weights are not numbers but codes for them: told apart from broken ones, as another remedy helps.</summary>
internal static class Quantised
{
    private const string Remedy = "Use the folder of the same model with weights in bf16, f16 or f32, from which the quantised one was "
        + "made, or convert this one to that; or put it behind a server (--endpoint).";

    // What the usual ways of quantising put beside or in the place of a matrix.
    private static readonly string[] Parts = [".qweight", ".qzeros", ".scales", ".g_idx", ".SCB", ".absmax", ".quant_map",
        ".quant_state", ".weight_scale", ".weight_scale_inv", ".input_scale", ".weight_packed", ".weight_shape", ".biases"];

    /// <summary>A folder whose <c>config.json</c> says so.</summary>
    public static UserErrorException Config(string path, JsonElement way)
    {
        string method = way.ValueKind == JsonValueKind.Object && way.TryGetProperty("quant_method", out JsonElement m)
            && m.ValueKind == JsonValueKind.String ? $" ({m.GetString()})" : "";
        return new UserErrorException("quantised-model",
            $"{path} says that the weights of this model are quantised{method}; {SafetensorsFile.TypesRead}.",
            $"{Remedy} Where the weights are none of these after all, take \"quantization_config\" out of config.json.");
    }

    /// <summary>Refuses a file in which a weight is a code, or that has what belongs to codes.</summary>
    /// <exception cref="UserErrorException"><c>quantised-model</c>.</exception>
    public static void Refuse(string path, SafetensorsFile file, IEnumerable<LlamaTensor> wanted)
    {
        HashSet<string> weights = [.. wanted.Select(t => t.Name)];
        StoredTensor? code = file.Tensors.Values.OrderBy(t => t.Start).FirstOrDefault(t =>
            (weights.Contains(t.Name) && t.Type is not ("F32" or "F16" or "BF16" or "F64"))
            || Parts.Any(p => t.Name.EndsWith(p, StringComparison.Ordinal) || t.Name.Contains(p + ".", StringComparison.Ordinal)));
        if (code is not null) throw Weights(path, code.Name, code.Type);
    }

    /// <summary>A file with a weight of such a type.</summary>
    public static UserErrorException Weights(string path, string tensor, string type) => new("quantised-model",
        $"{path} holds \"{tensor}\" as {type}: the weights of this model are quantised; {SafetensorsFile.TypesRead}.", Remedy);
}
