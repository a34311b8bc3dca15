using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public class BehaviourTableTests
{
    private static readonly string[] Personas = ["honest", "liar"];

    private static BehaviourTable Table(double? answers = null) => new(
        new LabelledMatrix(["tea-1", "money-1", "tea-2"], Personas, [0.2, 0.5, 0.1, 0.9, 0.4, 1.0]),
        [new("tea-1", "tea", "a", 0.3), new("money-1", "money", "b", 0), new("tea-2", "tea", "c", 0.6)],
        new LabelledMatrix(["tea-1", "money-1", "tea-2"], Personas, [-1.0, -2, -3, -4, -5, -6]), answers);

    /// <summary>
    /// A share p of n answers, half an answer of each kind put in, is drawn from Beta(p (n + 1), (1 - p)(n + 1)): mean p, variance
    /// p (1 - p) / (n + 2). Both bounds are five standard errors of 20,000 draws.
    /// </summary>
    [Theory]
    [InlineData(3)]
    [InlineData(24)]
    public void What_answers_leave_open_is_drawn_around_their_share(double answers)
    {
        const int draws = 20_000;
        BehaviourTable table = Table(answers);
        RngStream random = RngStream.Root(3);
        BehaviourTable[] drawn = [.. Enumerable.Range(0, draws).Select(_ => table.Redrawn(random))];
        Holds(0.2, t => t.Low[0, 0]);
        Holds(0.9, t => t.Low[1, 1]);
        Holds(0.3, t => t.Probes[0].Before);
        Assert.All(drawn, t => Assert.Equal((1.0, 0.0), (t.Low[2, 1], t.Probes[1].Before)));

        void Holds(double share, Func<BehaviourTable, double> number)
        {
            double variance = share * (1 - share) / (answers + 2);
            double[] off = [.. drawn.Select(t => number(t) - share)];
            double spread = off.Average(x => x * x), fourth = off.Average(x => x * x * x * x);
            Assert.Equal(0, off.Average(), 5 * Math.Sqrt(variance / draws));
            Assert.Equal(variance, spread, 5 * Math.Sqrt((fourth - (spread * spread)) / draws));
        }
    }

    [Fact]
    public void An_exact_table_is_drawn_as_it_is()
    {
        BehaviourTable exact = Table();
        Assert.Same(exact, exact.Redrawn(RngStream.Root(1)));
    }

    [Fact]
    public void Some_domains_keep_their_rows_whole()
    {
        BehaviourTable tea = Table(8).OfDomains(["tea", "nothing"]);
        Assert.Equal(["tea-1", "tea-2"], tea.Probes.Select(p => p.Name));
        Assert.Equal([0.2, 0.5, 0.4, 1.0], [.. tea.Low.Row(0), .. tea.Low.Row(1)]);
        Assert.Equal([-5.0, -6], tea.LogContext!.Row(1).ToArray());
        Assert.Equal(8, tea.Answers);
        Assert.Throws<ArgumentException>(() => Table().OfDomains(["nothing"]));
    }

    [Fact]
    public void Means_by_persona_go_by_name_and_count_every_domain_alike_or_as_they_are_told()
    {
        double[] mean = Table().MeanByPersona(["liar", "honest"]);
        double[] told = Table().MeanByPersona(["liar", "honest"], [0.25, 0.5, 0.25]);
        Assert.Equal(((0.5 + 1.0) / 2 + 0.9) / 2, mean[0], 1e-12);
        Assert.Equal(((0.2 + 0.4) / 2 + 0.1) / 2, mean[1], 1e-12);
        Assert.Equal(told[0], mean[0], 1e-12);
        Assert.Equal(0.8, Table().MeanByPersona(["liar"], [1.0 / 3, 1.0 / 3, 1.0 / 3])[0], 1e-12);
    }
}
