using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

public sealed class ActivationGradientTests
{
    private static readonly DecoderConfig Config = Tiny.Grouped;

    public static TheoryData<string> Sites => [.. ActivationSite.All(Config).Where(s => s != "final")];

    private static ScoreRequest[] Requests(int count)
    {
        RngStream rng = RngStream.Root(4);
        return [.. Enumerable.Range(0, count).Select(_ => new ScoreRequest([1, .. Tiny.Tokens(rng, 3 + rng.NextInt(9))],
            [Tiny.Tokens(rng, 1 + rng.NextInt(6)), Tiny.Tokens(rng, 4)]))];
    }

    private static float[] Vector(int length, ulong seed, double scale)
    {
        RngStream rng = RngStream.Root(seed);
        return [.. Enumerable.Range(0, length).Select(_ => (float)(scale * rng.NextGaussian()))];
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += (double)a[i] * b[i % b.Length];
        return sum;
    }

    [Theory]
    [MemberData(nameof(Sites))]
    public void At_a_site_the_gradient_is_the_slope_of_scores_along_what_is_added_there(string site)
    {
        using Transformer model = Tiny.Model(Config);
        float[] v = Vector(Config.Width, 9, 0.3), offset = Vector(Config.Width, 10, 0.3);
        ScoreRequest[] requests = Requests(4);
        ReplyGradient[][] gradients = ActivationGradients.AtSite(model, site, offset).Compute(requests);
        double LogP(int r, int c, float amount)
        {
            var edits = new Interventions(Config);
            edits.Add(site, offset);
            edits.Add(site, v, amount);
            return model.With(edits).Score([requests[r]]).LogProbability(0, c);
        }
        for (int r = 0; r < requests.Length; r++)
        {
            for (int c = 0; c < 2; c++)
            {
                Assert.Equal(3 * Config.Width, gradients[r][c].Values.Length);
                Assert.Equal(LogP(r, c, 0), gradients[r][c].LogProbability, 1e-4);
                double slope = (LogP(r, c, 1e-2f) - LogP(r, c, -1e-2f)) / 2e-2;
                Assert.InRange(Dot(gradients[r][c].Values, v) - slope, -2e-2 * (1 + Math.Abs(slope)), 2e-2 * (1 + Math.Abs(slope)));
            }
        }
    }

    [Fact]
    public void Groups_are_the_positions_before_the_reply_its_opening_and_its_rest()
    {
        using Transformer model = Tiny.Model(Config);
        // What is added at the last block acts on the position itself alone: nothing before the reply is predicted can matter.
        ReplyGradient[] last = ActivationGradients.AtSite(model, "blocks.2.resid_post").Compute(Requests(1))[0];
        Assert.All(last[1].Values[..Config.Width], x => Assert.Equal(0, x));
        Assert.Contains(last[1].Values[Config.Width..(2 * Config.Width)], x => Math.Abs(x) > 1e-3);
        Assert.Contains(last[1].Values[(2 * Config.Width)..], x => Math.Abs(x) > 1e-3);
        var single = new ScoreRequest([1, 5, 6], [[7]]);
        ReplyGradient one = ActivationGradients.AtSite(model, "blocks.1.resid_post").Compute([single])[0][0];
        Assert.All(one.Values[(2 * Config.Width)..], x => Assert.Equal(0, x));
        Assert.Contains(one.Values[..Config.Width], x => Math.Abs(x) > 1e-4);
    }

    [Theory]
    [MemberData(nameof(Tiny.ShapeNames), MemberType = typeof(Tiny))]
    public void A_lead_of_embeddings_is_those_tokens_and_its_gradient_the_slope(string shape)
    {
        using Transformer model = Tiny.Model(Tiny.Shapes[shape]);
        int d = model.Config.Width;
        int[] tokens = [7, 11, 30];
        float[] Lead() => [.. tokens.SelectMany(t => model.Weights["embed.weight"].Slice(t * d, d).ToArray())];
        ScoreRequest[] requests = Requests(3);
        float[] lead = Lead();
        ReplyGradient[][] gradients = ActivationGradients.AtLead(model, lead).Compute(requests);
        ScoreTable spelt = model.Score([.. requests.Select(r => r with { Prefix = [1, .. tokens, .. r.Prefix[1..]] })]);
        float[] direction = Vector(lead.Length, 3, 1);
        double LogP(int r, int c, float amount) =>
            ActivationGradients.AtLead(model, lead.Zip(direction, (x, v) => x + (amount * v)).ToArray())
                .Compute([requests[r]])[0][c].LogProbability;
        for (int r = 0; r < requests.Length; r++)
        {
            for (int c = 0; c < 2; c++)
            {
                Assert.Equal(spelt.LogProbability(r, c), gradients[r][c].LogProbability, 1e-4);
                double slope = (LogP(r, c, 1e-2f) - LogP(r, c, -1e-2f)) / 2e-2;
                Assert.InRange(Dot(gradients[r][c].Values, direction) - slope, -2e-2 * (1 + Math.Abs(slope)), 2e-2 * (1 + Math.Abs(slope)));
            }
        }
    }

    [Fact]
    public void Results_depend_neither_on_threads_nor_on_what_is_asked_together()
    {
        ScoreRequest[] requests = Requests(90);
        using Transformer one = Tiny.Model(Config), three = Tiny.Model(Config, threads: 3);
        float[] lead = Vector(4 * Config.Width, 6, 0.4);
        ReplyGradient[][] whole = ActivationGradients.AtLead(one, lead).Compute(requests);
        ReplyGradient[][] spread = ActivationGradients.AtLead(three, lead).Compute(requests);
        ReplyGradient[][] backwards = [.. ActivationGradients.AtLead(one, lead).Compute([.. requests.Reverse()]).Reverse()];
        for (int r = 0; r < requests.Length; r++)
        {
            Assert.Equal(whole[r][0].Values, spread[r][0].Values);
            Assert.Equal(whole[r][1].Values, backwards[r][1].Values);
            Assert.Equal(whole[r][1].TokenLogProbabilities, backwards[r][1].TokenLogProbabilities);
        }
        Assert.Equal(whole[17][1].Values, ActivationGradients.AtLead(one, lead).Compute([requests[17]])[0][1].Values);
    }

    [Theory]
    [MemberData(nameof(Tiny.ShapeNames), MemberType = typeof(Tiny))]
    public void A_shared_opening_changes_no_bit_of_probabilities_and_gradients_only_by_rounding(string shape)
    {
        ScoreRequest[] requests = Requests(40);
        using Transformer model = Tiny.Model(Tiny.Shapes[shape]);
        float[] lead = Vector(4 * model.Config.Width, 6, 0.4);
        // Something that acts inside, if only by nothing, forbids sharing.
        var nothing = new Interventions(model.Config);
        nothing.Add("blocks.1.resid_mid", new float[model.Config.Width]);
        ReplyGradient[][] shared = ActivationGradients.AtLead(model, lead).Compute(requests);
        ReplyGradient[][] apart = ActivationGradients.AtLead(model.With(nothing), lead).Compute(requests);
        // So do first tokens that differ.
        ReplyGradient[][] mixed = ActivationGradients.AtLead(model, lead).Compute([.. requests, new ScoreRequest([2, 5], [[3]])]);
        for (int r = 0; r < requests.Length; r++)
        {
            Assert.Equal(apart[r][1].TokenLogProbabilities, shared[r][1].TokenLogProbabilities);
            Assert.Equal(mixed[r][0].TokenLogProbabilities, shared[r][0].TokenLogProbabilities);
            for (int i = 0; i < lead.Length; i++) Assert.Equal(apart[r][1].Values[i], shared[r][1].Values[i], 1e-5);
        }
    }

    [Fact]
    public void What_a_steered_model_does_is_part_of_the_gradient()
    {
        using Transformer model = Tiny.Model(Config);
        var edits = new Interventions(Config);
        edits.Add("blocks.0.resid_post", Vector(Config.Width, 8, 1));
        ScoreRequest[] requests = Requests(2);
        Transformer steered = model.With(edits);
        ReplyGradient found = ActivationGradients.AtSite(steered, "blocks.1.resid_post").Compute(requests)[1][0];
        Assert.Equal(steered.Score(requests).LogProbability(1, 0), found.LogProbability, 1e-4);
        Assert.NotEqual(model.Score(requests).LogProbability(1, 0), found.LogProbability, 1e-2);
        Assert.Equal(1, edits.Slots);
    }

    [Fact]
    public void Requests_that_scoring_refuses_are_refused()
    {
        using Transformer model = Tiny.Model(Config);
        float[] lead = Vector(4 * Config.Width, 6, 0.4);
        var fits = new ScoreRequest([1, .. Tiny.Tokens(RngStream.Root(1), 55)], [[3, 4, 5, 6]]);
        Assert.Single(ActivationGradients.AtLead(model, lead).Compute([fits]));
        Assert.Throws<UserErrorException>(() =>
            ActivationGradients.AtLead(model, lead).Compute([fits with { Continuations = [[3, 4, 5, 6, 7]] }]));
        Assert.Throws<ArgumentException>(() => ActivationGradients.AtLead(model, lead.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => ActivationGradients.AtSite(model, "final"));
        Assert.Throws<ArgumentException>(() => ActivationGradients.AtSite(model, "embed", lead));
        Assert.Empty(ActivationGradients.AtLead(model, lead).Compute([]));
    }
}
