using System.Text.Json;
using PersonaSelection.Corpus;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

/// <summary>Our Jinja against Jinja2 as transformers sets it up: <c>tests/Goldens/jinja.py</c> made the texts.</summary>
public sealed class JinjaGoldenTests
{
    private static readonly JsonElement Golden =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Goldens", "jinja.json"))).RootElement;

    [Fact]
    public void Expressions_and_statements_give_what_Jinja2_gives()
    {
        IReadOnlyDictionary<string, object?> values = Object(Golden.GetProperty("values"));
        string[] different =
        [
            .. Golden.GetProperty("small").EnumerateArray()
                .Select(c => Difference(c, c.GetProperty("template").GetString()!, values)).OfType<string>(),
        ];
        Assert.True(different.Length == 0, string.Join('\n', different));
        Assert.InRange(Golden.GetProperty("small").GetArrayLength(), 100, 1000);
    }

    [Fact]
    public void Chat_templates_give_what_Jinja2_gives()
    {
        var different = new List<string>();
        foreach (JsonElement chat in Golden.GetProperty("chats").EnumerateArray())
        {
            string template = chat.GetProperty("template").GetString()!;
            foreach (JsonElement render in chat.GetProperty("renders").EnumerateArray())
            {
                var given = new Dictionary<string, object?>
                {
                    ["messages"] = Value(Golden.GetProperty("dialogues").GetProperty(render.GetProperty("dialogue").GetString()!)),
                    ["add_generation_prompt"] = render.GetProperty("prompt").GetBoolean(),
                    ["bos_token"] = "<s>",
                    ["eos_token"] = "</s>",
                };
                if (Difference(render, template, given) is { } found) different.Add(found);
            }
        }
        Assert.True(different.Count == 0, string.Join('\n', different));
    }

    private static string? Difference(JsonElement expected, string template, IReadOnlyDictionary<string, object?> values)
    {
        string kind = expected.TryGetProperty("text", out JsonElement said) ? "text"
            : expected.TryGetProperty("refused", out said) ? "refused" : "error";
        string wanted = kind + ": " + (kind == "error" ? "" : said.GetString());
        string got;
        try
        {
            got = "text: " + JinjaTemplate.Parse(template).Render(values, JinjaTemplateTests.Clock);
        }
        catch (JinjaRefusedException refusal)
        {
            got = "refused: " + refusal.Message;
        }
        catch (Exception e) when (e is JinjaException or FormatException)
        {
            if (kind == "error") return null;
            got = "error: " + e.Message;
        }
        return got == wanted ? null : $"{template}\n  expected {wanted}\n  got      {got}";
    }

    private static object? Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => null,
        JsonValueKind.Number => value.TryGetInt64(out long whole) ? (object)whole : value.GetDouble(),
        JsonValueKind.Array => value.EnumerateArray().Select(Value).ToList(),
        _ => Object(value),
    };

    private static Dictionary<string, object?> Object(JsonElement value) =>
        value.EnumerateObject().ToDictionary(p => p.Name, p => Value(p.Value));
}
