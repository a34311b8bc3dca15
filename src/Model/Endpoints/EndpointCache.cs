using System.Text.Encodings.Web;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>
/// Answers kept on disk by the content id of what was asked, one whole file each, so that nothing is paid for twice. Holds the texts that
/// were sent and received, and never a key.
/// </summary>
/// <param name="folder">The folder; made when the first answer is kept.</param>
public sealed class EndpointCache(string folder)
{
    private const int Schema = 1;
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // An answer stands a level deeper here than on its way.
    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = EndpointReply.Deepest + 1 };

    /// <summary>The folder.</summary>
    public string Folder { get; } = folder;

    internal bool Holds(EndpointRequest request) => File.Exists(PathOf(request));

    /// <summary>The answer; null when there is none, or one that cannot be trusted, which is then asked for again.</summary>
    internal JsonElement? Find(EndpointRequest request, int largest)
    {
        string path = PathOf(request);
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists || file.Length > largest + (2L * request.Body.Length) + 1024) return null;
            using FileStream stream = file.OpenRead();
            using JsonDocument document = JsonDocument.Parse(stream, Reading);
            JsonElement root = document.RootElement;
            bool same = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("schema", out JsonElement schema)
                && schema.ValueKind == JsonValueKind.Number && schema.TryGetInt32(out int version) && version == Schema
                && root.TryGetProperty("path", out JsonElement asked) && asked.ValueKind == JsonValueKind.String
                && asked.ValueEquals(request.Path) && root.TryGetProperty("request", out JsonElement body)
                && System.Text.Encoding.UTF8.GetBytes(body.GetRawText()).AsSpan().SequenceEqual(request.Body)
                && root.TryGetProperty("response", out JsonElement held) && held.ValueKind == JsonValueKind.Object;
            return same ? root.GetProperty("response").Clone() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal void Keep(EndpointRequest request, byte[] response) => AtomicFile.Write(PathOf(request), stream =>
    {
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", Schema);
            json.WriteString("path", request.Path);
            json.WritePropertyName("request");
            json.WriteRawValue(request.Body);
            json.WritePropertyName("response");
            json.WriteRawValue(response);
            json.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
    });

    internal void Forget(EndpointRequest request) => AtomicFile.Delete(PathOf(request));

    private string PathOf(EndpointRequest request) => Path.Combine(Folder, request.Id.Digits[..2], request.Id.Digits + ".json");
}
