using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.LabTests;

public sealed class ProgressSpanTests
{
    [Fact]
    public void Parts_AddUpToTheRun_AndNeverGoBack()
    {
        var heard = new Heard();
        IProgress<WorkProgress> first = heard.Span(0, 0.5)!, second = heard.Span(0.5, 1)!;

        first.Report(new WorkProgress("a", 0, 10));
        first.Report(new WorkProgress("a", 10, 10));
        first.Report(new WorkProgress("b", 1, 10));
        second.Report(new WorkProgress("c", 5, 10));
        second.Report(new WorkProgress("c", 10, 10));

        Assert.Equal([0, 0.5, 0.5, 0.75, 1], heard.Shares);
    }

    [Fact]
    public void PartsWithinParts_AreSharesOfTheWhole()
    {
        var heard = new Heard();
        IProgress<WorkProgress> inner = heard.Span(0.5, 1).Span(0.5, 1)!;

        inner.Report(new WorkProgress("a", 1, 2));

        Assert.Equal([0.875], heard.Shares);
    }

    [Fact]
    public void AStageOfUnknownLength_StandsAtTheBeginning()
    {
        var heard = new Heard();

        heard.Span(0.25, 1)!.Report(new WorkProgress("a", 7, 0));

        Assert.Equal([0.25], heard.Shares);
        Assert.Null(((IProgress<WorkProgress>?)null).Span(0, 1));
    }

    private sealed class Heard : IProgress<WorkProgress>
    {
        public List<double> Shares { get; } = [];

        public void Report(WorkProgress value) => Shares.Add(value.Whole!.Value);
    }
}
