using System.Globalization;
using PersonaSelection.Audit;
using PersonaSelection.Lab;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.AuditTests;

public sealed class KeepRuleTests
{
    private static AuditedCast Cast()
    {
        var rows = new EvidenceRows(TextSource.Names);
        rows.Add([-1, -3, -6], 1, 0);
        rows.Add([-4, -2, -5], 0.5, 1);
        rows.Add([-2, -1, -9], -1, 2);
        return new AuditedCast(rows, AuditFixture.Personas, new AuditOptions(EffectiveObservations: 2, Draws: 0));
    }

    private static bool Holds(string rule, AuditedCast cast, int row = 1) =>
        KeepRule.Parse(rule, cast.Names, cast.Traits).Holds(new KeepRule.Row(cast, row, tokens: 7));

    [Theory]
    [InlineData("1 < 2", true)]
    [InlineData("2 < 2", false)]
    [InlineData("2 <= 2", true)]
    [InlineData("3 <= 2", false)]
    [InlineData("3 > 2", true)]
    [InlineData("2 > 2", false)]
    [InlineData("2 >= 2", true)]
    [InlineData("1 >= 2", false)]
    [InlineData("-2.5 == -2.5", true)]
    [InlineData("1 == 2", false)]
    [InlineData("1 != 2", true)]
    [InlineData("2 != 2", false)]
    [InlineData("1 < 2 and 2 < 1", false)]
    [InlineData("2 < 1 and 1 < 2", false)]
    [InlineData("1 < 2 or 2 < 1", true)]
    [InlineData("2 < 1 or 1 < 2", true)]
    [InlineData("2 < 1 or 2 < 1", false)]
    [InlineData("1 < 2 or 1 < 2 and 2 < 1", true)]
    [InlineData("(1 < 2 or 1 < 2) and 2 < 1", false)]
    [InlineData("not 2 < 1 and 2 < 1", false)]
    [InlineData("not (2 < 1 and 2 < 1)", true)]
    [InlineData("not not 1<2", true)]
    public void Rules_are_read_as_they_are_everywhere(string rule, bool holds) => Assert.Equal(holds, Holds(rule, Cast()));

    [Fact]
    public void Fields_are_those_of_the_ledger()
    {
        AuditedCast cast = Cast();
        for (int row = 0; row < 3; row++)
        {
            RowInfluence influence = cast.Of(row);
            Is("tokens", 7);
            Is("weight", cast.Rows.Weight(row));
            Is("pull", influence.Pull);
            Is("removed.leading", influence.LeadingChange);
            foreach ((int h, string persona) in cast.Names.Index())
            {
                Is($"evidence.{persona}", cast.Rows.Row(row)[h]);
                Is($"speaker.{persona}", cast.Speaker(row)[h]);
            }
            foreach ((int k, string trait) in cast.Traits.Index())
            {
                Is($"influence.{trait}", influence.Influence[k]);
                Is($"removed.{trait}", influence.Removed[k]);
            }

            void Is(string field, double value) => Assert.True(
                Holds(string.Create(CultureInfo.InvariantCulture, $"{field} == {value:R}"), cast, row), $"{field} of {row} is not {value}");
        }
    }

    [Fact]
    public void What_is_not_known_is_neither_equal_nor_different()
    {
        var rows = new EvidenceRows(TextSource.Names);
        double no = double.NegativeInfinity;
        // Nobody could have spoken it but with no weight nobody has to.
        rows.Add([no, no, no], 0, 0);
        rows.Add([-1, -3, -6], 1, 1);
        var cast = new AuditedCast(rows, AuditFixture.Personas, new AuditOptions(EffectiveObservations: 1, Draws: 0));
        Assert.All(["==", "!=", "<", ">="], sign => Assert.False(Holds($"speaker.parrot {sign} 0.5", cast, row: 0)));
    }

    [Theory]
    [InlineData("20", 20)]
    [InlineData("0", 0)]
    [InlineData("5%", 10)]
    [InlineData("12.5 %", 25)]
    [InlineData("0.25%", 1)]
    [InlineData("0.75%", 2)]
    [InlineData("100%", 200)]
    [InlineData("101%", -1)]
    [InlineData("-1", -1)]
    [InlineData("x", -1)]
    [InlineData("0.05", -1)]
    [InlineData("1.5", -1)]
    [InlineData("NaN", -1)]
    public void An_amount_is_a_number_or_a_share(string text, int episodes)
    {
        var plan = new KeepPlan(null, text, "careful");
        if (episodes >= 0) Assert.Equal(episodes, plan.Amount(200));
        else Assert.Equal("bad-rule", Assert.Throws<UserErrorException>(() => plan.Amount(200)).Code);
    }
}
