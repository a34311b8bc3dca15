using System.Text.Json;

namespace PersonaSelection.Lab;

/// <summary>Reads JSON files that may be damaged, too large or of another version.</summary>
public static class JsonDocumentFile
{
    /// <summary>No record of this software comes near this size.</summary>
    public const long MaximumBytes = 256L << 20;

    /// <summary>Reads a JSON object and checks its <c>schema</c> number.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it should be, such as <c>forecast</c>; named in errors, with codes <c>bad-{what}</c>.</param>
    /// <param name="schema">The version that can be read.</param>
    /// <exception cref="UserErrorException">The file is missing, too large, not a JSON object, or of another version.</exception>
    public static JsonElement Read(string path, string what, int schema)
    {
        string code = "bad-" + what.Replace(' ', '-');
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > MaximumBytes)
                throw new UserErrorException(code, $"{path} has {stream.Length} bytes, too many for a {what}.", "Check that the path is the right one.");
            using JsonDocument document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 32 });
            JsonElement root = document.RootElement.Clone();
            if (root.ValueKind != JsonValueKind.Object)
                throw new UserErrorException(code, $"{path} is not a {what}: it is not a JSON object.", "Check that the path is the right one.");
            if (!root.TryGetProperty("schema", out JsonElement version) || version.ValueKind != JsonValueKind.Number
                || !version.TryGetInt32(out int number) || number != schema)
                throw new UserErrorException(code, $"{path} is not a {what} of schema {schema}.",
                    "Write it again with this version, or read it with the version that wrote it.");
            return root;
        }
        catch (JsonException e)
        {
            throw new UserErrorException(code, $"{path}, line {e.LineNumber + 1}, is not JSON: {e.Message}", $"Write the {what} again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(code, $"Cannot read {path}: {e.Message}", "Check the path.", e);
        }
    }
}
