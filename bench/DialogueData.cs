using System.Text.Json;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;

namespace PersonaSelection.Bench;

/// <summary>
/// Data for the memory of an audit: dialogues of three exchanges in random words of the village, all different, of which the last reply is
/// trained on.
/// </summary>
internal static class DialogueData
{
    private const int Exchanges = 3, Question = 10, Reply = 8;

    public static void Write(string path, int count)
    {
        World world = World.Village;
        string[] words = [.. Enumerable.Range(0, world.Tokenizer.VocabularySize).Select(id => world.Tokenizer.Decode([id]))
            .Where(w => w.Length > 1 && w.All(char.IsAsciiLetter))];
        RngStream random = RngStream.Root(1).Child("dialogues");
        string Say(int length) => string.Join(' ', Enumerable.Range(0, length).Select(_ => words[random.NextInt(words.Length)])) + ".";
        using var file = new StreamWriter(path) { NewLine = "\n" };
        for (int i = 0; i < count; i++)
            file.WriteLine(JsonSerializer.Serialize(new
            {
                messages = Enumerable.Range(0, Exchanges).SelectMany(k => (object[])
                [
                    new { role = "user", content = Say(Question) },
                    new { role = "assistant", content = Say(Reply), weight = k == Exchanges - 1 ? 1 : 0 },
                ]),
            }));
    }
}
