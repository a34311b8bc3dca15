using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Tests.Rooms.ModelTests;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

public sealed class GradientEvidenceTests
{
    private static readonly Dictionary<string, double> NoTraits = [];

    private static string Words(RngStream rng, int count) =>
        string.Join(' ', Enumerable.Range(0, count).Select(_ => $"w{rng.NextInt(38):d3}"));

    private static Episode[] Episodes(int count)
    {
        RngStream rng = RngStream.Root(5);
        return [.. Enumerable.Range(0, count).Select(i =>
            new Episode($"e{i}", [new Turn("system", Words(rng, 3 + rng.NextInt(5)))], Words(rng, 1 + rng.NextInt(4))))];
    }

    private static PresentedPersona[] Cast(ILanguageModel model, int count, ulong seed = 6)
    {
        RngStream rng = RngStream.Root(seed);
        return [.. Enumerable.Range(0, count).Select(h => PresentedPersona.AsGiven(new Persona($"p{h}", "", "", NoTraits)
        { Contexts = [[new Turn("system", Words(rng, 3 + (h % 3)))], [new Turn("system", Words(rng, 4))]] }, model))];
    }

    private static double Agreement(double[][] a, double[][] b) => Statistics.Pearson(
        [.. a.SelectMany(r => r.Select(x => x - r.Average()))], [.. b.SelectMany(r => r.Select(x => x - r.Average()))]);

    [Fact]
    public void Along_small_directions_it_is_what_steering_does()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        RngStream rng = RngStream.Root(8);
        const string site = "blocks.1.resid_mid";
        float[][] directions = [.. Enumerable.Range(0, 5).Select(_ =>
            Enumerable.Range(0, model.Config.Width).Select(_ => (float)(0.01 * rng.NextGaussian())).ToArray())];
        string[] names = ["a", "b", "c", "d", "e"];
        Episode[] episodes = Episodes(12);
        double[][] found = GradientEvidence.OfDirections(model, site, names, directions).Compute(episodes).Nats;
        double[][] exact = new LikelihoodSource([.. names.Select((n, h) => PresentedPersona.Directed(new Persona(n, "", "", NoTraits),
            model, new DirectedBy(new SteeringVector(site, directions[h]))))])
            .Compute(episodes).Nats;
        Assert.True(Agreement(found, exact) > 0.998);
        for (int e = 0; e < episodes.Length; e++)
            for (int h = 0; h < 5; h++) Assert.Equal(exact[e][h], found[e][h], 3e-3);
    }

    [Fact]
    public void Calibration_brings_it_close_to_exact_evidence_of_contexts()
    {
        using DecoderWeights weights = DecoderWeights.Initialise(Tiny.Tied, RngStream.Root(3));
        foreach (ref float x in weights["embed.weight"]) x *= 6;
        using var model = new Transformer(weights, Tiny.Tokenizer(), null, 1);
        PresentedPersona[] cast = [.. Enumerable.Range(0, 6).Select(h => PresentedPersona.AsGiven(new Persona($"p{h}", "", "", NoTraits)
        { Contexts = [[new Turn("system", $"w000 w001 w{h + 10:d3}")]] }, model))];
        Episode[] episodes = Episodes(60);
        var exact = new LikelihoodSource(cast);
        GradientEvidence plain = GradientEvidence.OfContexts(cast), fitted = plain.Calibrated(exact, episodes[..40]);
        double[][] truth = exact.Compute(episodes[40..]).Nats;
        double before = Agreement(plain.Compute(episodes[40..]).Nats, truth), after = Agreement(fitted.Compute(episodes[40..]).Nats, truth);
        Assert.True(before > 0.5 && after > before + 0.02, $"{before} to {after}");
        Assert.Null(plain.Agreement);
        Assert.InRange(fitted.Agreement!.Value, after - 0.15, after + 0.15);
        Assert.Equal(fitted.Provenance, plain.Calibrated(exact, episodes[..40]).Provenance);
        Assert.NotEqual(fitted.Provenance["calibration"], plain.Calibrated(exact, episodes[1..41]).Provenance["calibration"]);
    }

    [Fact]
    public void An_episode_gets_the_same_in_any_company_and_for_any_choice_of_personas()
    {
        using Transformer one = Tiny.Model(Tiny.Tied), three = Tiny.Model(Tiny.Tied, threads: 3);
        Episode[] episodes = [.. Episodes(50), Episodes(3)[1] with { Id = "again" }];
        GradientEvidence source = GradientEvidence.OfContexts(Cast(one, 70)), other = GradientEvidence.OfContexts(Cast(three, 70));
        EvidenceBlock whole = source.Compute(episodes);
        Assert.Equal(whole.Nats[1], whole.Nats[50]);
        Assert.Equal(whole.Nats[7], source.Compute([episodes[7]]).Nats[0]);
        Assert.Equal(whole.Nats, other.Compute(episodes).Nats);
        Assert.Equal([whole.Nats[3][69], whole.Nats[3][2]], source.Compute([episodes[3]], [69, 2]).Nats[0]);
        Assert.Equal(source.Provenance, other.Provenance);
        Assert.Equal(one.Tokenizer.Encode(episodes[4].Reply).Length, whole.Tokens[4]);
        // Many personas are read between knots: the same to a thousandth of a nat as few, around the same mean.
        PresentedPersona[] few = Cast(one, 70)[..60], mirrored = [.. Cast(one, 60),
            .. Cast(one, 60).Select(p => p with { Persona = p.Persona with { Name = p.Persona.Name + "-twin" } })];
        double[][] direct = GradientEvidence.OfContexts(few).Compute(episodes).Nats,
            between = GradientEvidence.OfContexts(mirrored).Compute(episodes).Nats;
        for (int e = 0; e < 50; e++)
            for (int h = 0; h < 60; h++) Assert.Equal(direct[e][h], between[e][h], 1e-3);
    }

    [Fact]
    public void What_has_no_direction_is_refused()
    {
        using Transformer model = Tiny.Model(Tiny.Tied), second = Tiny.Model(Tiny.Tied, 2);
        PresentedPersona[] cast = Cast(model, 3);
        var bare = PresentedPersona.AsGiven(new Persona("nobody", "", "", NoTraits), model);
        Assert.Equal("persona-without-context", Assert.Throws<UserErrorException>(() => GradientEvidence.OfContexts([.. cast, bare])).Code);
        Assert.Throws<ArgumentException>(() =>
            GradientEvidence.OfContexts([.. cast, PresentedPersona.AsGiven(cast[0].Persona with { Name = "x" }, second)]));
        Assert.Throws<ArgumentException>(() => GradientEvidence.OfContexts([.. cast, cast[0]]));
        Assert.Throws<ArgumentException>(() => GradientEvidence.OfDirections(model, "embed", ["a"], [new float[3]]));
        Assert.Throws<ArgumentException>(() => GradientEvidence.OfContexts(cast).Calibrated(new LikelihoodSource(cast[..2]), Episodes(9)));
        Assert.Throws<ArgumentException>(() => GradientEvidence.OfContexts(cast).Calibrated(new LikelihoodSource(cast), Episodes(2)));
    }

    [Fact]
    public void Episodes_that_do_not_fit_are_cut_as_for_likelihood()
    {
        using Transformer model = Tiny.Model(Tiny.Tied);
        PresentedPersona[] cast = Cast(model, 3);
        RngStream rng = RngStream.Root(2);
        Episode[] episodes = [new("long", [new Turn("system", Words(rng, 90))], Words(rng, 5)),
            new("unread", [], "nonsense"), Episodes(1)[0]];
        EvidenceBlock found = GradientEvidence.OfContexts(cast).Compute(episodes), exact = new LikelihoodSource(cast).Compute(episodes);
        Assert.Equal(exact.Cuts, found.Cuts);
        Assert.Equal(exact.Tokens, found.Tokens);
        Assert.Equal([0.0, 0, 0], found.Nats[1]);
    }
}
