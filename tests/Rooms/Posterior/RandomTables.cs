using FsCheck;
using FsCheck.Fluent;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

/// <summary>Small random tables of every shape, and properties over them.</summary>
internal sealed class RandomTables
{
    private RandomTables(int seed)
    {
        Random = RngStream.Root((ulong)seed).Child("tables");
        int personas = 1 + Random.NextInt(6), episodes = 1 + Random.NextInt(7), probes = 2 + Random.NextInt(5);
        Names = [.. Enumerable.Range(0, personas).Select(h => $"h{h}")];
        Prior = PersonaDistribution.FromWeights(Names, Names.Select(_ => 0.05 + Random.NextDouble()));
        LogLikelihood = new LabelledMatrix(Enumerable.Range(0, episodes).Select(e => $"e{e}"), Names, (_, _) => -5 * Random.NextDouble());
        Weights = [.. Enumerable.Range(0, episodes).Select(_ => Random.NextGaussian())];
        Traits = new LabelledMatrix(Names, ["a", "b"], (_, _) => (2 * Random.NextDouble()) - 1);
        Low = new LabelledMatrix(Enumerable.Range(0, probes).Select(i => $"x{i}"), Names, (_, _) => Random.NextDouble());
        Dose = 2 * Random.NextDouble();
        RngStream cells = RngStream.Root((ulong)seed).Child("impossible");
        // The last persona can do anything, so that somebody is left.
        Impossible = new LabelledMatrix(LogLikelihood.Rows, Names,
            (e, h) => h < personas - 1 && cells.NextBool(0.1) ? double.NegativeInfinity : LogLikelihood[e, h]);
    }

    internal RngStream Random { get; }

    internal string[] Names { get; }

    internal PersonaDistribution Prior { get; }

    internal LabelledMatrix LogLikelihood { get; }

    /// <summary>The same with a reply here and there that a persona would never give.</summary>
    internal LabelledMatrix Impossible { get; }

    internal double[] Weights { get; }

    internal LabelledMatrix Traits { get; }

    internal LabelledMatrix Low { get; }

    internal double Dose { get; }

    internal Observations Data => new(LogLikelihood, Weights);

    /// <summary>Checks a law on two hundred tables.</summary>
    internal static void Law(Action<RandomTables> law) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => law(new RandomTables(seed)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithReplay(20260223, 1));

    internal static void Same(PersonaDistribution expected, PersonaDistribution actual, double tolerance = 1e-10)
    {
        Assert.Equal(expected.Personas.Order(), actual.Personas.Order());
        foreach (string h in expected.Personas)
            Assert.Equal(expected.Probability(h), actual.Probability(h), tolerance);
    }
}
