using PersonaSelection.Activations;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Tests.Rooms.ModelTests;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ActivationsTests;

public sealed class DirectionSetTests : IDisposable
{
    private static readonly Dictionary<string, double> NoTraits = [];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string Words(RngStream rng, int count) =>
        string.Join(' ', Enumerable.Range(0, count).Select(_ => $"w{rng.NextInt(38):d3}"));

    private static Episode[] Episodes(int count)
    {
        RngStream rng = RngStream.Root(5);
        return [.. Enumerable.Range(0, count).Select(i =>
            new Episode($"e{i}", [new Turn("system", Words(rng, 4))], Words(rng, 1 + rng.NextInt(4))))];
    }

    private static PresentedPersona Persona(ILanguageModel model, string name, params string[] contexts) => PresentedPersona.AsGiven(
        new Persona(name, "", "", NoTraits) { Contexts = [.. contexts.Select(c => (IReadOnlyList<Turn>)[new Turn("system", c)])] }, model);

    private static DirectionSet Sample(ulong seed = 1)
    {
        RngStream rng = RngStream.Root(seed);
        return new DirectionSet(new DirectionOrigin("model-1", "blocks.1.resid_post", "opening", "bare", "personas", "by hand"),
            ["helper", "villain", "Ω \"quoted\""],
            [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 8).Select(_ => (float)rng.NextGaussian()).ToArray())])
        { Strength = new DirectionStrength(1.5, 0.9, 1.1, 0.05, 40) };
    }

    private static float[] Difference(IReadOnlyList<float> a, IReadOnlyList<float> b) => [.. a.Zip(b, (x, y) => x - y)];

    [Fact]
    public void At_one_position_a_direction_is_what_the_context_changes_there()
    {
        using Transformer model = Tiny.Model(Tiny.Tied);
        const string site = "blocks.0.resid_mid";
        Episode[] one = Episodes(1);
        int[] bare = model.Template.EncodeContext(model.Tokenizer, one[0].Context);
        int[] with = model.Template.EncodeContext(model.Tokenizer, [new Turn("system", "w001 w002"), .. one[0].Context]);
        float[] At(int[] tokens)
        {
            var edits = new Interventions(model.Config);
            int slot = edits.Capture(site);
            using var decoder = new Decoder(model.Config);
            using var workspace = new DecoderWorkspace(model.Config);
            var batch = new TokenBatch();
            batch.AddRows(tokens);
            decoder.Forward(model.Weights, batch, workspace, edits);
            return workspace.Captured(slot)[^model.Config.Width..].ToArray();
        }
        DirectionSet found = new DirectionExtraction(model, site)
            .OfContexts([Persona(model, "a", "w001 w002"), Persona(model, "nobody")], one).Set;
        float[] expected = Difference(At(with), At(bare));
        for (int j = 0; j < expected.Length; j++) Assert.Equal(expected[j], found["a"].Values[j], 1e-5);
        Assert.All(found["nobody"].Values, x => Assert.Equal(0, x));
        Assert.Equal((model.Id, site), (found.Origin.Model, found["a"].Site));
    }

    [Fact]
    public void Alternatives_are_averaged_the_mean_can_be_the_baseline_and_threads_do_not_matter()
    {
        using Transformer model = Tiny.Model(Tiny.Tied), three = Tiny.Model(Tiny.Tied, threads: 3);
        Episode[] episodes = Episodes(70);
        foreach (ReadPositions positions in Enum.GetValues<ReadPositions>())
        {
            DirectionSet found = new DirectionExtraction(model, "blocks.1.resid_post", positions).OfContexts(
                [Persona(model, "a", "w001"), Persona(model, "b", "w002 w003"), Persona(model, "both", "w001", "w002 w003")],
                episodes).Set;
            for (int j = 0; j < found.Width; j++)
                Assert.Equal((found["a"].Values[j] + found["b"].Values[j]) / 2, found["both"].Values[j], 1e-5);
            DirectionSet centred = new DirectionExtraction(three, "blocks.1.resid_post", positions).OfContexts(
                [Persona(three, "a", "w001"), Persona(three, "b", "w002 w003")], episodes, DirectionBaseline.Mean).Set;
            for (int j = 0; j < found.Width; j++)
            {
                Assert.Equal(0, centred["a"].Values[j] + centred["b"].Values[j], 1e-5);
                Assert.Equal(found["a"].Values[j] - found["b"].Values[j], centred["a"].Values[j] - centred["b"].Values[j], 1e-5);
            }
        }
        Assert.Throws<ArgumentException>(() => new DirectionExtraction(model, "final"));
        Assert.Throws<ArgumentException>(() => new DirectionExtraction(model.With(new Interventions(model.Config)), "embed"));
    }

    [Fact]
    public void Off_their_own_examples_personas_differ_by_the_difference_of_their_means()
    {
        using Transformer model = Tiny.Model(Tiny.Tied);
        Episode[] a = Episodes(40)[..20], b = Episodes(40)[20..];
        PersonaExamples Own(string name, Episode[] some) => new(new Persona(name, "", "", NoTraits), some, [], []);
        DirectionSet found = Reading().OfExamples([Own("a", a), Own("b", b)]).Set;
        // The same persona, with nothing before it, once on the episodes of one and once on those of the other.
        float[] Bare(Episode[] some) => [.. Reading().OfExamples([Own("x", some), Own("y", b)]).Set["x"].Values];
        DirectionExtraction Reading() => new(model, "blocks.0.resid_post", ReadPositions.Reply);
        Assert.Equal("mean", found.Origin.Baseline);
        for (int j = 0; j < found.Width; j++) Assert.Equal(0, found["a"].Values[j] + found["b"].Values[j], 1e-5);
        Assert.All(Bare(b), x => Assert.Equal(0, x, 1e-5));
        Assert.Equal(found["a"].Values, Bare(a));
        Assert.Contains(found["a"].Values, x => Math.Abs(x) > 0.01);
    }

    [Fact]
    public void What_does_not_fit_is_cut_alike_with_every_context_and_none()
    {
        using Transformer model = Tiny.Model(Tiny.Tied);
        const string site = "blocks.0.resid_post";
        RngStream rng = RngStream.Root(6);
        Turn old = new("system", Words(rng, model.ContextLength)), last = new("system", Words(rng, 3));
        Episode whole = new("kept", [last], "w004"), tooLong = new("long", [old, last], "w004"), unknown = new("odd", [last], "xylophone");
        PresentedPersona[] personas = [Persona(model, "a", "w001 w002"), Persona(model, "b", "w003")];
        foreach (ReadPositions positions in Enum.GetValues<ReadPositions>())
        {
            ExtractedDirections found = new DirectionExtraction(model, site, positions).OfContexts(personas, [tooLong, unknown]),
                kept = new DirectionExtraction(model, site, positions).OfContexts(personas, [whole]);
            Assert.Equal(["long", "odd"], found.Cut.Select(c => c.Episode.Id));
            Assert.Equal(1, found.Cut[0].Cut.TurnsLeftOut);
            Assert.Contains("xylophone", found.Cut[1].Cut.Unread, StringComparison.Ordinal);
            Assert.EndsWith("2 episodes, 2 of them cut to fit the model", found.Set.Origin.Extraction, StringComparison.Ordinal);
            // The old turn is gone from the baseline too, or the difference would hold it.
            foreach (string name in found.Set.Names) Assert.Equal(kept.Set[name].Values, found.Set[name].Values);
            Assert.Empty(kept.Cut);
        }
        PersonaExamples Own(string name, params Episode[] said) => new(new Persona(name, "", "", NoTraits), said, [], []);
        Assert.Equal(["long"], new DirectionExtraction(model, site, ReadPositions.Reply)
            .OfExamples([Own("a", tooLong), Own("b", whole)]).Cut.Select(c => c.Episode.Id));
        Assert.Equal([1], new DirectionStrengthFit(model, site, personas).Measure(
            [new float[model.Config.Width], new float[model.Config.Width]], [whole, tooLong], rng).Cuts.Select(c => c.Episode));

        string CodeOf(params Episode[] episodes) => Assert.Throws<UserErrorException>(() => new DirectionExtraction(model, site)
            .OfContexts(personas, episodes, strict: episodes.Length > 1)).Code;
        Assert.Equal("prompt-too-long", CodeOf(whole, tooLong));
        Assert.Equal("unknown-word", CodeOf(whole, unknown));
        Assert.Equal("no-episodes", CodeOf(unknown));
    }

    [Fact]
    public void The_strength_is_that_at_which_steering_does_what_the_personas_do()
    {
        using Transformer model = Tiny.Model(Tiny.Tied);
        const string site = "blocks.0.resid_post";
        RngStream rng = RngStream.Root(8);
        float[][] directions = [.. Enumerable.Range(0, 3).Select(_ =>
            Enumerable.Range(0, model.Config.Width).Select(_ => (float)(0.1 * rng.NextGaussian())).ToArray())];
        // Personas that are these directions twice: the strength is two, and the agreement whole.
        PresentedPersona[] personas = [.. directions.Select((v, h) => PresentedPersona.Directed(new Persona($"p{h}", "", "", NoTraits),
            model, new DirectedBy(new SteeringVector(site, v), 2)))];
        DirectionStrength strength = new DirectionStrengthFit(model, site, personas)
            .Measure(directions, Episodes(12), RngStream.Root(1)).Strength;
        Assert.Equal(2, strength.Amount);
        Assert.Equal(1, strength.Agreement, 1e-6);
        Assert.Equal(1, strength.Slope, 1e-6);
        Assert.InRange(strength.Random, 0.01, 0.9);
        float[] random = DirectionStrengthFit.Random(directions[0], rng);
        Assert.Equal(DirectionStrengthFit.Length(directions[0]), DirectionStrengthFit.Length(random), 1e-5);
    }

    [Fact]
    public void Directions_of_another_model_or_of_no_such_name_are_refused_by_name()
    {
        using Transformer model = Tiny.Model(Tiny.Tied), other = Tiny.Model(Tiny.Tied, seed: 2);
        new DirectionExtraction(model, "blocks.0.resid_post").OfContexts([Persona(model, "a", "w001")], Episodes(3)).Set
            .With(new DirectionStrength(1.5, 0.9, 1, 0.1, 12)).Save(_folder.Path);
        DirectionFolder folder = DirectionFolder.Open(_folder.Path, model);
        Assert.Equal(1.5, folder.Strength);
        Assert.Equal(folder.Set["a"].Values, folder.Of("a"));
        UserErrorException error = Assert.Throws<UserErrorException>(() => folder.Of("b"));
        Assert.Equal("unknown-direction", error.Code);
        Assert.Contains("a", error.Remedy, StringComparison.Ordinal);
        Assert.Equal("other-model-directions", Assert.Throws<UserErrorException>(() => DirectionFolder.Open(_folder.Path, other)).Code);
        Assert.Equal("other-model-directions",
            Assert.Throws<UserErrorException>(() => DirectionFolder.Open(_folder.Path, model.With(new Interventions(model.Config)))).Code);
        string forged = _folder["forged"];
        // Whoever writes a set for this model by hand may still name a place or a width that it does not have.
        foreach ((string site, int width) in (ValueTuple<string, int>[])[("blocks.9.resid_post", model.Config.Width),
            ("final", model.Config.Width), ("embed", 5)])
        {
            new DirectionSet(new DirectionOrigin(model.Id, site, "opening", "bare", "personas", "by hand"), ["a"],
                [new float[width]]).Save(forged);
            Assert.Equal("other-model-directions", Assert.Throws<UserErrorException>(() => DirectionFolder.Open(forged, model)).Code);
        }
    }

    [Fact]
    public void Traits_are_what_each_adds_by_itself()
    {
        RngStream rng = RngStream.Root(2);
        float[] honest = [1, 0, 2, 0], kind = [0, 3, 1, 0], rest = [5, 5, 5, 5];
        Trait[] traits = [new("honest", "deceitful", "honest", ""), new("kind", "cruel", "kind", "")];
        Persona[] personas = [.. Enumerable.Range(0, 12).Select(h => new Persona($"p{h}", "", "", new Dictionary<string, double>
        { ["honest"] = Math.Round((2 * rng.NextDouble()) - 1, 3), ["kind"] = Math.Round((2 * rng.NextDouble()) - 1, 3) }))];
        var set = new DirectionSet(Sample().Origin, [.. personas.Select(p => p.Name)], [.. personas.Select(p => Enumerable.Range(0, 4)
            .Select(j => rest[j] + (float)((p.Traits["honest"] * honest[j]) + (p.Traits["kind"] * kind[j]))).ToArray())]);
        DirectionSet found = set.OfTraits(new PersonaSet(traits, personas));
        Assert.Equal("traits", found.Origin.Subject);
        for (int j = 0; j < 4; j++)
        {
            Assert.Equal(honest[j], found["honest"].Values[j], 1e-3);
            Assert.Equal(kind[j], found["kind"].Values[j], 1e-3);
        }
    }

    [Fact]
    public void What_is_saved_is_read_back()
    {
        DirectionSet set = Sample();
        set.Save(_folder.Path);
        DirectionSet read = DirectionSet.Load(_folder.Path);
        Assert.Equal(set.Id, read.Id);
        Assert.Equal(set.Origin, read.Origin);
        Assert.Equal(set.Names, read.Names);
        Assert.Equal(set.Values, read.Values);
        Assert.Equal(set.Strength, read.Strength);
        Assert.NotEqual(set.Id, Sample(2).Id);
    }

    [Theory]
    [InlineData("\"schema\": 1", "\"schema\": 9", "wrong-schema")]
    [InlineData("\"width\": 8", "\"width\": ", "bad-json")]
    [InlineData("\"helper\"", "\"villain\"", "bad-directions")]
    [InlineData("\"helper\",", "", "bad-directions")]
    [InlineData("\"helper\"", "7", "bad-directions")]
    [InlineData("resid_post", "resid_mid", "bad-directions")]
    [InlineData("\"site\"", "\"place\"", "bad-directions")]
    [InlineData("\"amount\": 1.5", "\"amount\": 2.5", "bad-directions")]
    [InlineData("\"amount\": 1.5", "\"amount\": \"much\"", "bad-directions")]
    [InlineData("direction-set", "evidence-table", "bad-directions")]
    public void A_manifest_that_was_tampered_with_is_refused(string what, string by, string code)
    {
        Sample().Save(_folder.Path);
        string path = _folder["manifest.json"];
        string text = File.ReadAllText(path);
        Assert.Contains(what, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(what, by, StringComparison.Ordinal));
        Assert.Equal(code, Assert.Throws<UserErrorException>(() => DirectionSet.Load(_folder.Path)).Code);
    }

    [Fact]
    public void Numbers_of_another_set_cut_short_or_not_finite_are_refused()
    {
        Sample().Save(_folder.Path);
        string tensors = _folder["directions.safetensors"];
        byte[] good = File.ReadAllBytes(tensors);
        byte[] nan = [.. good];
        BitConverter.TryWriteBytes(nan.AsSpan(good.Length - 4), float.NaN);
        foreach ((byte[] bytes, string code) in (ValueTuple<byte[], string>[])[(good[..^4], "corrupt-checkpoint"),
            ([.. good, 0, 0, 0, 0], "corrupt-checkpoint"), (nan, "corrupt-checkpoint"), ([], "corrupt-checkpoint")])
        {
            File.WriteAllBytes(tensors, bytes);
            Assert.Equal(code, Assert.Throws<UserErrorException>(() => DirectionSet.Load(_folder.Path)).Code);
        }
        string other = _folder["other"];
        Sample(2).Save(other);
        File.Copy(Path.Combine(other, "directions.safetensors"), tensors, overwrite: true);
        Assert.Equal("bad-directions", Assert.Throws<UserErrorException>(() => DirectionSet.Load(_folder.Path)).Code);
        File.Delete(tensors);
        Assert.Equal("cannot-read", Assert.Throws<UserErrorException>(() => DirectionSet.Load(_folder.Path)).Code);
        Assert.Throws<UserErrorException>(() => DirectionSet.Load(_folder["nowhere"]));
    }
}
