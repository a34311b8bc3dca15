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
    private readonly string _folder = Directory.CreateTempSubdirectory("psm-directions").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Words(RngStream rng, int count) => string.Join(' ', Enumerable.Range(0, count).Select(_ => $"w{rng.NextInt(38):d3}"));

    private static Episode[] Episodes(int count)
    {
        RngStream rng = RngStream.Root(5);
        return [.. Enumerable.Range(0, count).Select(i => new Episode($"e{i}", [new Turn("system", Words(rng, 4))], Words(rng, 1 + rng.NextInt(4))))];
    }

    private static PresentedPersona Persona(ILanguageModel model, string name, params string[] contexts) => PresentedPersona.AsGiven(
        new Persona(name, "", "", NoTraits) { Contexts = [.. contexts.Select(c => (IReadOnlyList<Turn>)[new Turn("system", c)])] }, model);

    private static DirectionSet Sample(ulong seed = 1)
    {
        RngStream rng = RngStream.Root(seed);
        return new DirectionSet(new DirectionOrigin("model-1", "blocks.1.resid_post", "opening", "bare", "personas", "by hand"), ["helper", "villain", "Ω \"quoted\""],
            [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 8).Select(_ => (float)rng.NextGaussian()).ToArray())]);
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
        DirectionSet found = DirectionExtraction.Run(model, site, [Persona(model, "a", "w001 w002"), Persona(model, "nobody")], one);
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
            DirectionSet found = DirectionExtraction.Run(model, "blocks.1.resid_post",
                [Persona(model, "a", "w001"), Persona(model, "b", "w002 w003"), Persona(model, "both", "w001", "w002 w003")], episodes, positions);
            for (int j = 0; j < found.Width; j++)
                Assert.Equal((found["a"].Values[j] + found["b"].Values[j]) / 2, found["both"].Values[j], 1e-5);
            DirectionSet centred = DirectionExtraction.Run(three, "blocks.1.resid_post", [Persona(three, "a", "w001"), Persona(three, "b", "w002 w003")], episodes, positions,
                DirectionBaseline.Mean);
            for (int j = 0; j < found.Width; j++)
            {
                Assert.Equal(0, centred["a"].Values[j] + centred["b"].Values[j], 1e-5);
                Assert.Equal(found["a"].Values[j] - found["b"].Values[j], centred["a"].Values[j] - centred["b"].Values[j], 1e-5);
            }
        }
        Assert.Throws<ArgumentException>(() => DirectionExtraction.Run(model, "final", [Persona(model, "a", "w001")], episodes));
        Assert.Throws<ArgumentException>(() => DirectionExtraction.Run(model.With(new Interventions(model.Config)), "embed", [Persona(model, "a", "w001")], episodes));
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
        set.Save(_folder);
        DirectionSet read = DirectionSet.Load(_folder);
        Assert.Equal(set.Id, read.Id);
        Assert.Equal(set.Origin, read.Origin);
        Assert.Equal(set.Names, read.Names);
        Assert.Equal(set.Values, read.Values);
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
    [InlineData("direction-set", "evidence-table", "bad-directions")]
    public void A_manifest_that_was_tampered_with_is_refused(string what, string by, string code)
    {
        Sample().Save(_folder);
        string path = Path.Combine(_folder, "manifest.json");
        string text = File.ReadAllText(path);
        Assert.Contains(what, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(what, by, StringComparison.Ordinal));
        Assert.Equal(code, Assert.Throws<UserErrorException>(() => DirectionSet.Load(_folder)).Code);
    }

    [Fact]
    public void Numbers_of_another_set_cut_short_or_not_finite_are_refused()
    {
        Sample().Save(_folder);
        string tensors = Path.Combine(_folder, "directions.safetensors");
        byte[] good = File.ReadAllBytes(tensors);
        byte[] nan = [.. good];
        BitConverter.TryWriteBytes(nan.AsSpan(good.Length - 4), float.NaN);
        foreach ((byte[] bytes, string code) in (ValueTuple<byte[], string>[])[(good[..^4], "corrupt-checkpoint"), ([.. good, 0, 0, 0, 0], "corrupt-checkpoint"), (nan, "corrupt-checkpoint"), ([], "corrupt-checkpoint")])
        {
            File.WriteAllBytes(tensors, bytes);
            Assert.Equal(code, Assert.Throws<UserErrorException>(() => DirectionSet.Load(_folder)).Code);
        }
        string other = Path.Combine(_folder, "other");
        Sample(2).Save(other);
        File.Copy(Path.Combine(other, "directions.safetensors"), tensors, overwrite: true);
        Assert.Equal("bad-directions", Assert.Throws<UserErrorException>(() => DirectionSet.Load(_folder)).Code);
        File.Delete(tensors);
        Assert.Equal("cannot-read", Assert.Throws<UserErrorException>(() => DirectionSet.Load(_folder)).Code);
        Assert.Throws<UserErrorException>(() => DirectionSet.Load(Path.Combine(_folder, "nowhere")));
    }
}
