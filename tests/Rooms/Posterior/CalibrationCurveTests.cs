using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public class CalibrationCurveTests
{
    [Fact]
    public void What_comes_as_often_as_said_has_no_error()
    {
        double[] said = [.. Enumerable.Range(0, 95).Select(i => i / 100.0)];
        CalibrationCurve curve = CalibrationCurve.Of(said, said);
        Assert.Equal(10, curve.Points.Count);
        Assert.Equal(95, curve.Points.Sum(p => p.Count));
        Assert.Equal(0, curve.Error, 1e-12);
        Assert.Equal(curve.Points.OrderBy(p => p.Predicted), curve.Points);
    }

    [Fact]
    public void The_error_is_how_far_off_on_average()
    {
        double[] said = [0.8, 0.2, 0.9, 0.1];
        Assert.Equal(0.1, CalibrationCurve.Of(said, [.. said.Select(p => p + 0.1)]).Error, 1e-12);
        // Within a group errors of either sign take each other away, so two groups say less than four.
        Assert.Equal(0, CalibrationCurve.Of(said, [0.7, 0.3, 1, 0], 2).Error, 1e-12);
        Assert.Equal(double.NaN, CalibrationCurve.Of([], []).Error);
        Assert.Throws<ArgumentException>(() => CalibrationCurve.Of(said, [0.5]));
    }

    [Fact]
    public void Groups_hold_what_was_said_beside_what_came()
    {
        CalibrationCurve curve = CalibrationCurve.Of([0.9, 0.2, 0.1, 0.7], [0.5, 0.4, 0.2, 0.3], 2);
        Assert.Equal([2, 2], curve.Points.Select(p => p.Count));
        Assert.Equal([0.15, 0.8], curve.Points.Select(p => p.Predicted), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([0.3, 0.4], curve.Points.Select(p => p.Observed), (a, b) => Math.Abs(a - b) < 1e-12);
    }
}
