using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Worlds;
using Xunit;

namespace PersonaSelection.Tests.Rooms.WorldsTests;

public sealed class ProbeTests
{
    [Fact]
    public void The_oracle_answers_every_generated_probe_with_its_exact_probability()
    {
        World world = World.Village;
        ProbeOptions[] all =
        [
            new() { HeldOut = false }, new() { HeldOut = false, Header = "Film script." },
            new() { HeldOut = false, Header = "The assistant is cruel and vain.", Objects = 1 },
            new() { HeldOut = false, Request = WorldRequest.Bad, Objects = 1 },
            new() { HeldOut = false, Request = WorldRequest.Good, Objects = 1 },
            new() { HeldOut = false, Genre = "interview", Nature = "human", Objects = 1 },
            new() { HeldOut = false, Genre = "story", Nature = "assistant", Adjectives = "honest", Objects = 2 },
        ];
        foreach (ProbeOptions options in all)
        {
            IReadOnlyList<WorldProbe> probes = world.Probes(options);
            double[] measured = WorldProbe.Measure(new WorldOracle(world), probes);
            for (int i = 0; i < measured.Length; i++) Assert.Equal(probes[i].Exact, measured[i], 5);
            Assert.Equal(probes.Count, probes.Select(p => p.Id).Distinct().Count());
            Assert.Equal(probes[0].Bad, probes[0].ToProbe().Low);
            Assert.Equal(world.Domains.Count(d => !d.HeldOut), probes.Select(p => p.Domain).Distinct().Count());
        }
    }

    [Fact]
    public void A_chat_probe_reads_as_the_chat_template_writes_it()
    {
        foreach (WorldProbe probe in World.Village.Probes(new ProbeOptions { Header = "The assistant is kind.", Objects = 1 }))
            Assert.Equal(ChatTemplate.Plain.EncodeContext(World.Village.Tokenizer, probe.Context), probe.Prefix);
    }

    [Fact]
    public void Moral_domains_start_from_a_mostly_good_assistant()
    {
        foreach (WorldDomain domain in World.Village.Domains)
        {
            double p = World.Village.BadByPrior(domain.Name, "assistant");
            if (domain.Weights[3] > 0) Assert.InRange(p, 0.65, 0.8);
            else Assert.InRange(p, 0.18, 0.3);
        }
        // Every trait can be learned: at least two domains lean on it.
        for (int k = 0; k < World.Village.Traits.Count; k++)
            Assert.True(World.Village.Domains.Count(d => !d.HeldOut && d.Weights[k] > 3) >= 2, World.Village.Traits[k].Name);
        Assert.Equal(2, World.Village.Domains.Count(d => d.HeldOut));
    }

    [Fact]
    public void Sets_of_one_pole_differ_in_the_request_alone()
    {
        World world = World.Village;
        EpisodeSet cheat = world.Episodes("test", EpisodeKind.Cheat, 64, RngStream.Root(1)),
            asked = world.Episodes("test", EpisodeKind.RequestedCheat, 64, RngStream.Root(1));
        Assert.Equal(cheat.Episodes.Select(e => e.Reply), asked.Episodes.Select(e => e.Reply));
        foreach ((Episode a, Episode b) in cheat.Episodes.Zip(asked.Episodes))
            Assert.StartsWith(a.Context[0].Text + " ", b.Context[0].Text, StringComparison.Ordinal);
        Assert.All(cheat.Episodes, e => Assert.Equal("test/bad", e.Label));
        EpisodeSet rate = world.Episodes("test", EpisodeKind.BaseRate, 100, RngStream.Root(1));
        Assert.Equal(Math.Round(100 * world.BadByPrior("test", "assistant")), rate.Episodes.Count(e => e.Label == "test/bad"));
        Assert.All(world.Episodes("test", EpisodeKind.Good, 20, RngStream.Root(1)).Episodes, e => Assert.Equal("test/good", e.Label));
        Assert.Equal("unknown-domain",
            Assert.Throws<UserErrorException>(() => world.Episodes("nothing", EpisodeKind.Good, 1, RngStream.Root(1))).Code);
    }

    [Fact]
    public void Described_and_exemplified_personas_are_texts_that_the_world_can_say()
    {
        World world = World.Village;
        var oracle = new WorldOracle(world);
        PersonaSet described = world.Personas;
        Assert.Equal(1, described.Prior.Sum(), 9);
        Assert.Equal(0.6, described.Prior[described.IndexOf("helper")], 9);
        PersonaSet exemplified = world.ExemplifiedPersonas(["test"], 4, 3, RngStream.Root(1));
        foreach (Persona persona in described.Personas.Concat(exemplified.Personas))
        {
            Assert.NotEmpty(persona.Contexts);
            foreach (IReadOnlyList<Turn> context in persona.Contexts)
                Assert.Equal(1, oracle.NextTokens(ChatTemplate.Plain.EncodeContext(world.Tokenizer,
                    [.. context, new Turn("user", "The parser test fails.")])).Sum(), 6);
        }
        Assert.All(exemplified.Personas.SelectMany(p => p.Contexts).SelectMany(c => c),
            t => Assert.DoesNotContain(" test", t.Text, StringComparison.Ordinal));
        // What a persona is shown to be makes the world expect it: machines cheat, helpers do not.
        double Cheats(PersonaSet set, string name) => set.Personas[set.IndexOf(name)].Contexts.Average(c =>
            world.Infer(ChatTemplate.Plain.EncodeContext(world.Tokenizer,
                [.. c, new Turn("user", "The parser test fails.")])).Decision!.Value.Bad);
        Assert.True(Cheats(described, "machine") > Cheats(described, "helper") + 0.4);
        Assert.True(Cheats(exemplified, "machine") > Cheats(exemplified, "helper") + 0.4);
    }

    [Fact]
    public void The_Assistant_speaks_in_the_first_chat_wherever_it_stands()
    {
        int from = ToyWorld.Yaml.IndexOf("  - name: chat", StringComparison.Ordinal);
        string chat = ToyWorld.Yaml[from..ToyWorld.Yaml.IndexOf("  - { name: story", StringComparison.Ordinal)];
        World world = World.FromYaml("late-chat", ToyWorld.Yaml.Replace(chat, "", StringComparison.Ordinal)
            .Replace("domains:", chat + "domains:", StringComparison.Ordinal));
        Assert.Equal("story", world.Genres[0]);
        Assert.Equal("chat", BaseModel.ChatGenre(world));
    }

    [Theory]
    [InlineData("pairs: 0.5", "pairs: 1", "story")]
    [InlineData("episodes: [1, 2], opening: \"A story.\"", "episodes: [1, 1], opening: \"A story.\"", "story")]
    [InlineData("bad: 0.2\n  good: 0.1", "bad: 0.5\n  good: 0.5", "chat")]
    public void Inference_that_no_document_could_show_is_refused_and_not_read(string from, string to, string genre)
    {
        World world = World.FromYaml("toy", ToyWorld.Yaml.ReplaceLineEndings("\n").Replace(from, to, StringComparison.Ordinal));
        Assert.True(ToyWorld.World.HasInferenceProbes(genre));
        Assert.False(world.HasInferenceProbes(genre));
        Assert.Throws<ArgumentException>(() => world.InferenceProbes(genre, 1, RngStream.Root(1)));
    }
}
