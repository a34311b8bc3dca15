using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public sealed class SampledReweighingTests
{
    private const int Probes = 12, Personas = 5, Episodes = 40, Samples = 2, Before = 4 * Samples;
    private static readonly string[] Names = [.. Enumerable.Range(0, Personas).Select(h => $"p{h}")];
    private static readonly LabelledMatrix NoTraits = new(Names, [], []);

    [Fact]
    public void With_few_samples_the_interval_holds_the_cast_of_endless_ones_about_as_often_as_it_says()
    {
        const int audits = 60;
        int held = 0, heldWithout = 0;
        for (int i = 0; i < audits; i++)
        {
            (PersonaDistribution truth, EvidenceRows rows, SampledReweighing answers) = Audit(RngStream.Root((ulong)i + 1));
            held += Held(Cast(rows, answers), truth);
            heldWithout += Held(Cast(rows, null), truth);
        }
        double of = audits * Personas;
        Assert.InRange(held / of, 0.90, 0.99);
        // Episodes alone do not show what all of them share.
        Assert.True(heldWithout / of < 0.6, $"{heldWithout / of}");
    }

    /// <summary>
    /// Nothing that episodes do to a model unlike all personas is evidence of any: of 20 audits the mean of the likeliest persona may stray
    /// from the prior by chance alone (standard error 0.02), and intervals hold the prior as often as they say.
    /// </summary>
    [Fact]
    public void Episodes_that_do_nothing_cast_nobody()
    {
        const int personas = 6, samples = 8, audits = 20;
        string[] names = [.. Enumerable.Range(0, personas).Select(h => $"h{h}")];
        double likeliest = 0;
        int excluded = 0;
        for (int k = 0; k < audits; k++)
        {
            RngStream random = RngStream.Root(6).Child("nothing", k);
            int Hits(int trials, double rate) => Enumerable.Range(0, trials).Count(_ => random.NextBool(rate));
            int[][] hits = [.. Enumerable.Range(0, Probes).Select(_ => (int[])[Hits(4 * samples, 0.8),
                .. names.Select((_, h) => Hits(4 * samples, 0.4 + (0.2 * h / (personas - 1))))])],
                trials = [.. hits.Select(row => row.Select(_ => 4 * samples).ToArray())];
            var rates = SampledRates.Of(hits, trials, aside: 1);
            var answers = new SampledReweighing(names, rates);
            var rows = new EvidenceRows(names);
            for (int e = 0; e < 60; e++)
            {
                double[] shifts =
                    [.. Enumerable.Range(0, Probes).Select(i => ((double)Hits(samples, 0.8) / samples) - rates.Share(i, 0))];
                rows.Add(answers.Expected.Explain(shifts), 1, e, shifts);
            }
            CastEstimate cast = CastEstimate.Of(PersonaDistribution.Uniform(names), rows, new LabelledMatrix(names, [], []),
                new CastPlan(Bootstrap: new BootstrapPlan(100)), answers);
            likeliest += cast.Posterior.Probabilities[^1] / audits;
            excluded += cast.Probabilities.Count(p => p.Low > 1.0 / personas || p.High < 1.0 / personas);
        }
        Assert.InRange(likeliest, 0.05, 0.35);
        Assert.True(excluded <= 0.15 * audits * personas, $"{excluded}");
    }

    [Fact]
    public void Casts_by_the_same_answers_share_their_errors()
    {
        (_, EvidenceRows rows, SampledReweighing answers) = Audit(RngStream.Root(3));
        EvidenceRows half = rows.Regrouped(e => e, e => e % 2 == 0 ? rows.Weight(e) : null);
        // Clusters are numbered from 0 without gaps.
        half = half.Regrouped(e => e);
        var traits = new LabelledMatrix(Names, ["kind"], [-1, -0.5, 0, 0.5, 1]);
        CastEstimate Of(EvidenceRows some) =>
            CastEstimate.Of(PersonaDistribution.Uniform(Names), some, traits, new CastPlan(1, new BootstrapPlan(200)), answers);
        CastEstimate a = Of(rows), b = Of(half);
        TraitMean apart = Assert.Single(a.TraitDifferences(b));
        Assert.True(apart.Posterior.High - apart.Posterior.Low < 0.7 * (a.Traits[0].Posterior.High - a.Traits[0].Posterior.Low),
            $"{apart.Posterior} beside {a.Traits[0].Posterior}");
        Assert.Equal(a.Probabilities, Of(rows).Probabilities);
    }

    [Fact]
    public void Shifts_go_with_their_observations_and_all_have_them_or_none()
    {
        var rows = new EvidenceRows(["a", "b"]);
        rows.Add([0, 1], 1, 0, [0.1]);
        rows.Add([1, 0], 1, 1, [0.2]);
        Assert.Equal([0.2], rows.Regrouped(_ => 0, e => e == 1 ? 2 : null).Shifts(0).ToArray());
        Assert.Throws<ArgumentException>(() => rows.Add([1, 0], 1, 1));
    }

    private static CastEstimate Cast(EvidenceRows rows, SampledReweighing? answers) =>
        CastEstimate.Of(PersonaDistribution.Uniform(Names), rows, NoTraits, new CastPlan(1, new BootstrapPlan(120)), answers);

    private static int Held(CastEstimate cast, PersonaDistribution truth) =>
        cast.Probabilities.Where((p, h) => truth.Probabilities[h] >= p.Low && truth.Probabilities[h] <= p.High).Count();

    /// <summary>
    /// Personas that differ, a reweighing of them that the episodes bring about on average, and answers sampled to both; and the cast
    /// by the rates behind them.
    /// </summary>
    private static (PersonaDistribution Truth, EvidenceRows Rows, SampledReweighing Answers) Audit(RngStream random)
    {
        int Hits(int trials, double rate) => Enumerable.Range(0, trials).Count(_ => random.NextBool(rate));
        double[] told = Centred([.. Names.Select(_ => 2 * random.NextGaussian())]);
        var low = new double[Probes][];
        double[] bare = new double[Probes], moved = new double[Probes];
        int[][] hits = new int[Probes][],
            trials = [.. Enumerable.Range(0, Probes).Select(_ => Enumerable.Repeat(Before, Personas + 1).ToArray())];
        for (int i = 0; i < Probes; i++)
        {
            double level = random.NextGaussian();
            low[i] = [.. Names.Select(_ => 1 / (1 + Math.Exp(-(level + random.NextGaussian()))))];
            // The model as it is is none of the personas, nor their mean.
            bare[i] = 1 / (1 + Math.Exp(-(level + 1)));
            moved[i] = Math.Clamp(bare[i] + told.Zip(low[i], (l, b) => l * b / Personas).Sum(), 0.02, 0.98);
            hits[i] = [Hits(Before, bare[i]), .. low[i].Select(b => Hits(Before, b))];
        }
        var exact = Reweighing.Of(new LabelledMatrix(Enumerable.Range(0, Probes).Select(i => $"q{i}"), Names, (i, h) => low[i][h]));
        PersonaDistribution truth = Update.OnTotal(PersonaDistribution.Uniform(Names),
            exact.Explain([.. moved.Zip(bare, (m, b) => m - b)]), 1);

        var rates = SampledRates.Of(hits, trials, aside: 1);
        var answers = new SampledReweighing(Names, rates);
        var rows = new EvidenceRows(Names);
        for (int e = 0; e < Episodes; e++)
        {
            // Some episodes do more and some less, and their mean is what was told.
            double lean = random.NextBool(0.5) ? 0.5 : -0.5;
            double[] shifts =
                [.. moved.Select((m, i) => ((double)Hits(Samples, m + (lean * Math.Min(m, 1 - m))) / Samples) - rates.Share(i, 0))];
            rows.Add(answers.Expected.Explain(shifts), 1, e, shifts);
        }
        return (truth, rows, answers);
    }

    private static double[] Centred(double[] x)
    {
        double mean = x.Average();
        return [.. x.Select(v => v - mean)];
    }
}
