using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;
using Xunit;

namespace PersonaSelection.Tests.Rooms.WorldsTests;

public sealed class WorldFileTests
{
    [Fact]
    public void A_written_world_reads_back_as_the_same_world()
    {
        foreach (World world in new[] { World.Village, ToyWorld.World,
            World.Village.With(new WorldControls(IndependentTraits: true, ChatShare: 0.08)) })
        {
            World again = World.FromYaml("again", world.ToYaml());
            Assert.Equal(world.ToYaml(), again.ToYaml());
            Assert.Equal(world.Id, again.Id);
        }
        Assert.NotEqual(World.Village.Id, World.Village.With(new WorldControls(NoRequests: true)).Id);
    }

    [Fact]
    public void Every_problem_is_listed_at_once_with_its_line()
    {
        string yaml = ToyWorld.Yaml
            .Replace("high: { honest: 0.9, kind: 0.8 }", "high: { honest: 1.9, brave: 0.8 }", StringComparison.Ordinal)
            .Replace("archetypes: { saint: 0.5, rogue: 0.5 }", "archetypes: { saint: 0.5, thief: 0.5 }", StringComparison.Ordinal)
            .Replace("comply: 0.9", "comply: often", StringComparison.Ordinal)
            .Replace("form: dialogue", "form: opera", StringComparison.Ordinal)
            .Replace("  - name: pain", "  - name: test\n    colour: red", StringComparison.Ordinal)
            .Replace("assistant: machine", "assistant: butler", StringComparison.Ordinal);
        UserErrorException error = Assert.Throws<UserErrorException>(() => World.FromYaml("broken.yaml", yaml));
        Assert.Equal("bad-world", error.Code);
        foreach (string part in new[]
            { "line 9: archetype saint, high: 'honest'", "unknown trait 'brave'", "nothing of the trait 'kind'",
                "unknown archetype 'thief'", "'comply' must be a number", "not 'opera'", "'colour' is not known here",
                "two of the domains are called 'test'", "'butler' is not one of the natures" })
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("good: [\"Rest.\"]", "good: [\"Rest.\", \"Rest. Now rest.\"]", "a reader could not tell")]
    [InlineData("prompts: [\"It hurts.\"]", "prompts: [\"It hurts.\", \"Repair it.\"]", "a reader could not tell")]
    [InlineData("prompts: [\"It fails.\"]", "prompts: [\"Violets fail.\"]", "the word \"violets\" occurs nowhere else")]
    [InlineData("names: [Rex, Zip]", "names: [Ann, Zip]", "two characters are called Ann")]
    [InlineData("bad: [\"Go.\"]", "bad: [\"Go {object}.\"]", "prompts and setups only")]
    [InlineData("The assistant is {traits}.", "{traits} is the assistant.", "must stand at the end")]
    [InlineData("headers: [{ share: 0.4 }", "headers: [{ share: 0.5 }", "must sum to 1")]
    [InlineData("tellBad: [\"It had to go wrong.\"]", "tellBad: [\"Ann said so.\"]", "a reader could not tell")]
    [InlineData("names: [Ann, Bob]", "names: [Ann, Ann Mary]", "a reader could not tell")]
    [InlineData("names: [Ann, Bob]", "names: [Ann, J.R.]", "\"J.R.:\" runs two parts into one word")]
    [InlineData("text: \"The assistant is {traits}.\"", "text: \"{traits}.\"", "a header needs words before {traits}")]
    [InlineData("asker: User", "asker: Customer", "the asker of the first chat must be User")]
    [InlineData("headers: [{ share: 0.4 }", "headers: [{ share: 0.4, nature: human }", "is of the nature machine, not human")]
    [InlineData("headers: [{ share: 0.4 }", "headers: [{ share: 0.4, text: \"A chat.\" }", "probes have no header")]
    [InlineData("weight: 0.5", "weight: 0", "needs a weight above 0")]
    [InlineData("prompts: [\"It fails.\"]", "prompts: [\"Repair it.\"]", "is held out, but generated documents hold it as well")]
    [InlineData("prompts: [\"The boy hurts.\"]", "prompts: [\"It hurts.\"]", "is held out, but generated documents hold it as well")]
    public void What_a_reader_could_not_tell_apart_or_know_is_refused(string from, string to, string problem)
    {
        Assert.Contains(from, ToyWorld.Yaml, StringComparison.Ordinal);
        UserErrorException error =
            Assert.Throws<UserErrorException>(() => World.FromYaml("toy", ToyWorld.Yaml.Replace(from, to, StringComparison.Ordinal)));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains("line ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_world_in_which_nobody_could_be_asked_is_refused()
    {
        int from = ToyWorld.Yaml.IndexOf("  - name: chat", StringComparison.Ordinal);
        int to = ToyWorld.Yaml.IndexOf("  - { name: story", StringComparison.Ordinal);
        string yaml = ToyWorld.Yaml.Remove(from, to - from);
        Assert.Contains("no genre is a chat", Assert.Throws<UserErrorException>(() => World.FromYaml("toy", yaml)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_world_of_one_trait_has_no_second_adjective()
    {
        string yaml = ToyWorld.Yaml.Replace(", kind: 0.8 }", " }", StringComparison.Ordinal)
            .Replace(", kind: 0.3 }", " }", StringComparison.Ordinal).Replace("kind: 3, ", "", StringComparison.Ordinal);
        yaml = string.Join('\n', yaml.Split('\n').Where(l => !l.Contains("name: kind", StringComparison.Ordinal)))
            .Replace("was cruel", "was bad", StringComparison.Ordinal);
        Assert.Contains("'second' must be 0 in a world of one trait",
            Assert.Throws<UserErrorException>(() => World.FromYaml("toy", yaml)).Message, StringComparison.Ordinal);
        World one = World.FromYaml("toy", yaml.Replace("second: 0.5", "second: 0", StringComparison.Ordinal));
        foreach (WorldDocument document in one.Documents(RngStream.Root(1)).Take(50))
            Assert.Equal(document.LogProbability, one.Infer(document.Tokens).LogProbability, 9);
    }

    [Theory]
    [InlineData("a: &x [1]\nb: *x\n")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]")]
    [InlineData("a: [1\nb: 2")]
    [InlineData("just a text")]
    [InlineData("")]
    [InlineData("schema: 2")]
    public void Hostile_or_empty_files_are_user_errors(string yaml) =>
        Assert.Equal("bad-world", Assert.Throws<UserErrorException>(() => World.FromYaml("x", yaml)).Code);
}
