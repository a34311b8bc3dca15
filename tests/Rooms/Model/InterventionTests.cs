using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

public sealed class InterventionTests
{
    private static readonly DecoderConfig Config = Small.Config();

    public static TheoryData<string> Sites => [.. ActivationSite.All(Config)];

    private static float[] Vector(ulong seed, double scale = 1)
    {
        RngStream rng = RngStream.Root(seed);
        return [.. Enumerable.Range(0, Config.Width).Select(_ => (float)(scale * rng.NextGaussian()))];
    }

    [Theory]
    [MemberData(nameof(Sites))]
    public void Gradients_go_through_what_is_done_at_a_site(string site)
    {
        using DecoderWeights weights = Small.Weights(Config);
        using var decoder = new Decoder(Config);
        using var workspace = new DecoderWorkspace(Config);
        using var gradient = new FloatBuffer(weights.Layout.Length);
        TokenBatch batch = Small.Batch();
        var loss = new CrossEntropyLoss(-1000);
        var edits = new Interventions(Config);
        int before = edits.Capture(site);
        float[] vector = Vector(1, 0.3);
        edits.Add(site, vector, 0.7f);
        edits.ProjectOut(site, Vector(2));
        edits.Cap(site, Vector(3), 0.05f);
        double plain = Small.Loss(decoder, weights, batch, workspace, loss);
        double edited = Small.Loss(decoder, weights, batch, workspace, loss, edits);
        Assert.NotEqual(plain, edited, 1e-3);
        decoder.Backward(weights, batch, workspace, gradient, edits);

        // Small steps, because a cap has a kink. The captured gradient: moving every row of the site by the same vector changes the loss by
        // the sum of its rows' products.
        ReadOnlySpan<float> captured = workspace.CapturedGradient(before);
        float[] sum = new float[Config.Width];
        for (int i = 0; i < captured.Length; i++) sum[i % Config.Width] += captured[i];
        float[] moved = new float[Config.Width];
        GradientCheck.Agrees(site, moved, sum, () =>
        {
            var shifted = new Interventions(Config);
            shifted.Add(site, moved);
            shifted.Add(site, vector, 0.7f);
            shifted.ProjectOut(site, Vector(2));
            shifted.Cap(site, Vector(3), 0.05f);
            return Small.Loss(decoder, weights, batch, workspace, loss, shifted);
        }, 5e-3, 5e-4);

        // And the weights below the site feel it too.
        ParameterTensor embedding = weights.Layout["embed.weight"];
        GradientCheck.Agrees("embed.weight", weights["embed.weight"], gradient.Span(embedding.Offset, (int)embedding.Length).ToArray(),
            () => Small.Loss(decoder, weights, batch, workspace, loss, edits), 5e-3, 5e-4);
    }

    [Fact]
    public void Rows_without_a_target_may_be_left_out_of_the_last_block()
    {
        using DecoderWeights weights = Small.Weights(Config);
        using var decoder = new Decoder(Config);
        using DecoderWorkspace narrow = new(Config), wide = new(Config), forward = new(Config, false);
        using FloatBuffer g = new(weights.Layout.Length), h = new(weights.Layout.Length);
        var batch = new TokenBatch();
        batch.AddSequence([1, 5, 9, 3, 7, 2, 8], 4);
        batch.AddRows([1, 3, 3]);
        batch.AddSequence([1, 2, 3], 2, 0.5f);
        batch.AddSequence([4, 6, 2, 2, 9, 1], 1);
        // A capture behind the last attention wants all rows.
        var capture = new Interventions(Config);
        capture.Capture($"blocks.{Config.Layers - 1}.attn_out");
        decoder.Forward(weights, batch, narrow);
        decoder.Forward(weights, batch, wide, capture);
        decoder.Forward(weights, batch, forward);
        Assert.True(narrow.Narrow && !wide.Narrow);
        for (int i = 0; i < batch.TargetCount; i++)
        {
            Assert.True(narrow.LogitRow(i).SequenceEqual(wide.LogitRow(i)), $"target {i}");
            Assert.True(forward.LogitRow(i).SequenceEqual(wide.LogitRow(i)), $"target {i}, forward alone");
            for (int v = 0; v < Config.VocabularySize; v++) narrow.LogitRow(i)[v] = wide.LogitRow(i)[v] = MathF.Sin(3 * i + v);
        }
        decoder.Backward(weights, batch, narrow, g);
        decoder.Backward(weights, batch, wide, h, capture);
        double scale = 0;
        foreach (float x in h.Span(0, (int)h.Length)) scale = Math.Max(scale, Math.Abs(x));
        for (int i = 0; i < h.Length; i++) Assert.Equal(h.Span(i, 1)[0], g.Span(i, 1)[0], 2e-6 * scale);
    }

    [Fact]
    public void Projecting_out_leaves_nothing_and_capping_leaves_at_most_the_cap()
    {
        using DecoderWeights weights = Small.Weights(Config);
        using var decoder = new Decoder(Config);
        using var workspace = new DecoderWorkspace(Config);
        float[] u = Vector(4);
        double norm = Math.Sqrt(u.Sum(x => (double)x * x));
        double[] Projections(Action<Interventions> act)
        {
            var edits = new Interventions(Config);
            act(edits);
            int slot = edits.Capture("blocks.1.resid_mid");
            decoder.Forward(weights, Small.Batch(), workspace, edits);
            float[] x = workspace.Captured(slot).ToArray();
            Assert.Equal(24 * Config.Width, x.Length);
            return [.. x.Chunk(Config.Width).Select(row => row.Zip(u, (a, b) => a * b / norm).Sum())];
        }
        double[] plain = Projections(_ => { });
        Assert.All(Projections(e => e.ProjectOut("blocks.1.resid_mid", u)), p => Assert.Equal(0, p, 1e-5));
        double cap = plain.Order().ElementAt(plain.Length / 2);
        double[] capped = Projections(e => e.Cap("blocks.1.resid_mid", u, (float)cap));
        for (int i = 0; i < plain.Length; i++) Assert.Equal(Math.Min(plain[i], cap), capped[i], 1e-5);
        double[] added = Projections(e => e.Add("blocks.1.resid_mid", u, 2));
        for (int i = 0; i < plain.Length; i++) Assert.Equal(plain[i] + 2 * norm, added[i], 1e-4);
    }

    [Fact]
    public void Looking_changes_nothing()
    {
        using DecoderWeights weights = Small.Weights(Config);
        using var decoder = new Decoder(Config);
        using var plain = new DecoderWorkspace(Config);
        using var watched = new DecoderWorkspace(Config);
        var edits = new Interventions(Config);
        int[] slots = [.. ActivationSite.All(Config).Select(edits.Capture)];
        TokenBatch batch = Small.Batch();
        decoder.Forward(weights, batch, plain);
        decoder.Forward(weights, batch, watched, edits);
        for (int i = 0; i < plain.LogitRows; i++)
        {
            for (int v = 0; v < Config.VocabularySize; v++) Assert.Equal(plain.LogitRow(i)[v], watched.LogitRow(i)[v], 1e-5f);
        }
        // resid_pre + attn_out = resid_mid, and + mlp_out = resid_post.
        for (int i = 0; i < 5 * Config.Width; i++)
        {
            float mid = watched.Captured(slots[1])[i] + watched.Captured(slots[2])[i];
            Assert.Equal(mid, watched.Captured(slots[3])[i], 1e-5f);
            Assert.Equal(mid + watched.Captured(slots[4])[i], watched.Captured(slots[5])[i], 1e-5f);
        }
    }

    [Fact]
    public void Unknown_sites_and_wrong_widths_are_refused()
    {
        var edits = new Interventions(Config);
        foreach (string site in (string[])["blocks.2.resid_pre", "blocks.0.resid", "blocks.-1.resid_pre", "logits", ""])
            Assert.Throws<ArgumentException>(() => edits.Capture(site));
        Assert.Throws<ArgumentException>(() => edits.Add("embed", new float[3]));
        Assert.Throws<ArgumentException>(() => edits.ProjectOut("embed", new float[Config.Width]));
    }
}
