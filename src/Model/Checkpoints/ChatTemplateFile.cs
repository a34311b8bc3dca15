using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>
/// The chat template of a Hugging Face folder: <c>chat_template.jinja</c>, or <c>chat_template</c> in <c>tokenizer_config.json</c>, whose
/// special tokens it may name. A folder without either speaks plainly, as base models do.
/// </summary>
public static class ChatTemplateFile
{
    private const string ConfigName = "tokenizer_config.json", TemplateName = "chat_template.jinja";
    private const string Remedy = "Copy the tokenizer's files from where the model was made; without a chat template it is 'role: text'.";
    private static readonly string[] Ends = ["bos_token", "eos_token"];
    private const long Largest = 16 << 20;

    /// <summary>The template for text that a server is given, which puts the begin token before it itself.</summary>
    /// <param name="path">A model's folder, its <c>tokenizer_config.json</c>, or a file with the template alone.</param>
    /// <exception cref="UserErrorException"><c>bad-template</c>, <c>cannot-read</c> or <c>bad-json</c>.</exception>
    public static ChatTemplate ForServer(string path)
    {
        bool alone = !Directory.Exists(path);
        Found found = !alone ? InFolder(path)
            : path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? InConfig(path) : new Found(ReadText(path), path, []);
        if (found.Source is null)
            throw new UserErrorException("bad-template", $"{found.Path} holds no chat template.",
                "Give the folder or file of a chat model, or leave --endpoint-template out.");
        found.Tokens["bos_token"] = "";
        return found.Template();
    }

    /// <summary>Reads the template of a folder, and the special tokens that its files name.</summary>
    /// <exception cref="UserErrorException">A file is broken, or <c>bad-template</c>: it holds what cannot be followed.</exception>
    internal static (ChatTemplate Template, IReadOnlyDictionary<string, string> Tokens) Load(string folder)
    {
        Found found = InFolder(folder);
        return (found.Source is null ? ChatTemplate.Plain : found.Template(), found.Tokens);
    }

    private static Found InFolder(string folder)
    {
        string config = Path.Combine(folder, ConfigName), own = Path.Combine(folder, TemplateName);
        Found found = File.Exists(config) ? InConfig(config) : new Found(null, config, []);
        return File.Exists(own) ? found with { Source = ReadText(own), Path = own } : found;
    }

    private static Found InConfig(string path)
    {
        using JsonDocument document = JsonFile.Read(path, Remedy, Largest);
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty member in document.RootElement.EnumerateObject())
        {
            if (!member.Name.EndsWith("_token", StringComparison.Ordinal)) continue;
            // Either its text, or an object that holds it.
            JsonElement value = member.Value;
            if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("content", out JsonElement content)) value = content;
            if (value.ValueKind == JsonValueKind.String) tokens[member.Name] = value.GetString()!;
            else if (Ends.Contains(member.Name) && value.ValueKind != JsonValueKind.Null)
                throw Misplaced(path, JsonField.Wrong(member.Name, value, "a text, or an object with it as \"content\","));
        }
        return new Found(SourceIn(document.RootElement, path), path, tokens);
    }

    // A text, or several by name.
    private static string? SourceIn(JsonElement root, string path)
    {
        if (!root.TryGetProperty("chat_template", out JsonElement template)) return null;
        if (template.ValueKind == JsonValueKind.String) return template.GetString();
        if (template.ValueKind == JsonValueKind.Null) return null;
        if (template.ValueKind != JsonValueKind.Array)
            throw Misplaced(path, JsonField.Wrong("chat_template", template, "a text, or a list of texts with their names,"));
        foreach (JsonElement entry in template.EnumerateArray())
        {
            if (entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("name", out JsonElement name)
                && name.ValueKind == JsonValueKind.String && name.GetString() == "default"
                && entry.TryGetProperty("template", out JsonElement text) && text.ValueKind == JsonValueKind.String)
                return text.GetString();
        }
        throw new UserErrorException("bad-template", $"{path} holds several chat templates and none of the name \"default\".", Remedy);
    }

    private static UserErrorException Misplaced(string path, FormatException what) =>
        new("bad-template", $"{path} cannot be used: {what.Message}", Remedy, what);

    private static string ReadText(string path)
    {
        try
        {
            if (new FileInfo(path).Length > Largest)
                throw new UserErrorException("file-too-large", $"{path} has more than {Largest} bytes.", Remedy);
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}", Remedy, e);
        }
    }

    private sealed record Found(string? Source, string Path, Dictionary<string, string> Tokens)
    {
        public ChatTemplate Template()
        {
            try
            {
                return ChatTemplate.FromJinja(Source!, Tokens);
            }
            catch (FormatException e)
            {
                throw new UserErrorException("bad-template",
                    $"{Path} holds a chat template that cannot be followed: {e.Message}", Remedy, e);
            }
        }
    }
}
