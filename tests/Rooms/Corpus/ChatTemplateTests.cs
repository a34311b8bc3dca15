using PersonaSelection.Corpus;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

public sealed class ChatTemplateTests
{
    [Fact]
    public void Turns_stand_on_lines_and_the_reply_is_opened()
    {
        Turn[] context = [new("system", "You are kind."), new("user", "Hello."), new("assistant", "Hi."), new("user", "Who are you?")];
        Assert.Equal("You are kind.\nuser: Hello.\nassistant: Hi.\nuser: Who are you?\nassistant:", ChatTemplate.Plain.Render(context));
        Assert.Equal("assistant:", ChatTemplate.Plain.Render([]));
    }

    [Fact]
    public void Context_and_reply_together_are_the_dialogue_in_a_document()
    {
        Turn[] context = [new("user", "hello.")];
        string whole = ChatTemplate.Plain.RenderTurns([.. context, new Turn("assistant", "hi.")]);
        var tokenizer = WordLevelTokenizer.FromTexts([whole]);
        int[] parts = [.. ChatTemplate.Plain.EncodeContext(tokenizer, context), .. ChatTemplate.Plain.EncodeReply(tokenizer, "hi.")];
        Assert.Equal([tokenizer.BeginId, .. tokenizer.Encode(whole)], parts);
    }
}
