using PersonaSelection.Lab;
using PersonaSelection.Tests.Rooms.ModelTests;
using Xunit;

namespace PersonaSelection.Tests.Rooms.LabTests;

public sealed class WorkPaceTests
{
    private readonly ImpatientClock _clock = new();

    private void After(double seconds, WorkPace pace, double share, bool begins = false)
    {
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        pace.Report(share, begins);
    }

    [Fact]
    public void WorkThatWasDoneBefore_WasNotDoneFast()
    {
        var pace = new WorkPace(_clock);
        After(1, pace, 0.9, begins: true);
        Assert.Null(pace.Left);
        After(10, pace, 0.91);

        // A hundredth in ten seconds, and nine are left.
        Assert.Equal(90, pace.Left!.Value.TotalSeconds, 1e-6);
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(86, pace.Left!.Value.TotalSeconds, 1e-6);
        _clock.Advance(TimeSpan.FromSeconds(400));
        Assert.Equal(TimeSpan.Zero, pace.Left);
    }

    [Fact]
    public void StagesThatAreFound_AreNoPace_AndALaterOneKeepsThePaceOfTheRun()
    {
        var pace = new WorkPace(_clock);
        After(0, pace, 0, begins: true);
        After(0, pace, 0.5, begins: true);
        After(20, pace, 0.6);
        Assert.Equal(80, pace.Left!.Value.TotalSeconds, 1e-6);
        After(0, pace, 0.8, begins: true);
        Assert.Equal(40, pace.Left!.Value.TotalSeconds, 1e-6);
        After(20, pace, 1);
        Assert.Null(pace.Left);
    }

    [Fact]
    public void WorkThatStartsAgain_ForgetsNothing_AndGainsNothingByIt()
    {
        var pace = new WorkPace(_clock);
        After(0, pace, 0, begins: true);
        After(10, pace, 0.5);
        After(0, pace, 0);
        Assert.Equal(20, pace.Left!.Value.TotalSeconds, 1e-6);
    }
}
