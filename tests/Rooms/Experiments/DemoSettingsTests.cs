using PersonaSelection.Experiments.Demo;
using PersonaSelection.Lab;
using PersonaSelection.Tests.Rooms.WorldsTests;
using PersonaSelection.Worlds;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

public sealed class DemoSettingsTests
{
    [Theory]
    [InlineData("test")]
    [InlineData("feel")]
    public void The_village_has_all_that_the_demo_compares(string domain) => Settings(World.Village, domain).Require(full: true);

    [Fact]
    public void A_world_that_lacks_something_is_told_all_of_it_at_once()
    {
        World bare = World.FromYaml("toy.yaml", ToyWorld.Yaml.Replace("sayBad: [\"Do it wrong.\"]", "sayBad: []", StringComparison.Ordinal)
            .Replace("bad: 0.2", "bad: 0", StringComparison.Ordinal)
            .Replace("episodes: [1, 2]", "episodes: [1, 1]", StringComparison.Ordinal));
        UserErrorException e = Assert.Throws<UserErrorException>(() => Settings(bare, "secret").Require(full: true));
        Assert.Equal("world-unfit", e.Code);
        Assert.All(["'secret', which is held out", "3 other domains", "sayBad", "chats (chat)", "for the control worlds"],
            part => Assert.Contains(part, e.Problem, StringComparison.Ordinal));
    }

    [Fact]
    public void An_unknown_domain_is_named() => Assert.Equal("unknown-domain",
        Assert.Throws<UserErrorException>(() => Settings(World.Village, "nothing").Require()).Code);

    private static DemoSettings Settings(World world, string domain) => new() { Folder = "unused", World = world, Domain = domain };
}
