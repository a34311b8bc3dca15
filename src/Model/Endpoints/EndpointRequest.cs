using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>One request to a server: the path below its base, and the JSON body, which names the model.</summary>
internal sealed class EndpointRequest
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="model">The model's name.</param>
    /// <param name="path">Below the base, such as <c>completions</c>.</param>
    /// <param name="tokensIn">Tokens it is estimated to have.</param>
    /// <param name="tokensOut">Tokens it may make the server write, at most.</param>
    /// <param name="write">Writes the properties of the body after <c>model</c>.</param>
    /// <param name="draw">Tells apart requests of one body whose answers are drawn one by one.</param>
    public EndpointRequest(string model, string path, long tokensIn, long tokensOut, Action<Utf8JsonWriter> write, long? draw = null)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            json.WriteString("model", model);
            write(json);
            json.WriteEndObject();
        }
        (Path, Body, TokensIn, TokensOut) = (path, stream.ToArray(), tokensIn, tokensOut);
        string body = Encoding.UTF8.GetString(Body);
        Id = draw is { } d ? ContentId.Of("request", model, path, body, d) : ContentId.Of("request", model, path, body);
    }

    /// <summary>
    /// The content id of model, path and body, and of the draw where the body does not tell it. The server's address is no part of it: a
    /// fleet moves, a model stays what it is.
    /// </summary>
    public ContentId Id { get; }

    public string Path { get; }

    public byte[] Body { get; }

    public long TokensIn { get; }

    public long TokensOut { get; }

    /// <summary>The same text with halves of surrogate pairs, which no JSON can carry, replaced; the length stays.</summary>
    public static string WellFormed(string text)
    {
        int i = 0;
        while (i < text.Length && (!char.IsSurrogate(text[i]) || (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))))
            i += char.IsSurrogate(text[i]) ? 2 : 1;
        if (i == text.Length) return text;
        char[] chars = text.ToCharArray();
        for (; i < chars.Length; i++)
        {
            if (!char.IsSurrogate(chars[i])) continue;
            if (i + 1 < chars.Length && char.IsSurrogatePair(chars[i], chars[i + 1])) i++;
            else chars[i] = '\uFFFD';
        }
        return new string(chars);
    }
}
