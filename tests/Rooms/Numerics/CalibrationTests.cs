using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public class CalibrationTests
{
    // Cases drawn from what the logits say: softmax(truth * logits + offsets).
    private static (double[][] Logits, int[] Classes) Draw(ulong seed, int cases, int classes, double truth, double[]? offsets = null)
    {
        RngStream rng = RngStream.Root(seed);
        var honest = new SoftmaxCalibration([truth], offsets ?? new double[classes]);
        double[][] logits =
            [.. Enumerable.Range(0, cases).Select(_ => Enumerable.Range(0, classes).Select(_ => -50 + (3 * rng.NextGaussian())).ToArray())];
        return (logits, [.. logits.Select(l => rng.NextIndex(honest.Probabilities(l)))]);
    }

    private static double[] Even(int n) => [.. Enumerable.Repeat(1.0, n)];

    [Theory]
    [InlineData(2, 400)]
    [InlineData(13, 800)]
    public void What_is_calibrated_stays_as_it_is(int classes, int cases)
    {
        // The logarithm of the temperature errs by 0.1 at most at these sizes (one standard error, by the curvature of the likelihood at 2
        // classes and 400 cases). Of 20 draws none may err by 5 of them: a false alarm in 20 * 6e-7, and the seeds are fixed.
        double worst = 0, mean = 0;
        for (ulong seed = 1; seed <= 20; seed++)
        {
            (double[][] logits, int[] truth) = Draw(seed, cases, classes, 1);
            double t = Math.Log(SoftmaxCalibration.Fit(logits, truth, Even(cases), false).Temperature);
            worst = Math.Max(worst, Math.Abs(t));
            mean += t / 20;
        }
        Assert.True(worst < 0.5, $"{worst}");
        Assert.Equal(0, mean, 0.5 / Math.Sqrt(20));
    }

    [Theory]
    [InlineData(2, 0.2)]
    [InlineData(13, 0.1)]
    [InlineData(13, 3)]
    public void Evidence_that_says_too_much_or_too_little_is_put_right(int classes, double truth)
    {
        (double[][] logits, int[] y) = Draw(7, 3000, classes, truth);
        SoftmaxCalibration fit = SoftmaxCalibration.Fit(logits, y, Even(3000), false);
        Assert.Equal(truth, fit.Scales[0], truth * 0.15);
        SoftmaxCalibration none = SoftmaxCalibration.None(classes);
        Assert.True(fit.Loss(logits, y, Even(3000)) <= none.Loss(logits, y, Even(3000)));
        (double[][] fresh, int[] classesOfFresh) = Draw(8, 3000, classes, truth);
        Assert.True(Reliability.Of([.. fresh.Select(l => fit.Probabilities(l))], classesOfFresh).Error < 0.04);
    }

    [Fact]
    public void Offsets_are_found_and_sum_to_nothing()
    {
        (double[][] logits, int[] y) = Draw(3, 4000, 4, 0.5, [1.5, -0.5, -1, 0]);
        SoftmaxCalibration fit = SoftmaxCalibration.Fit(logits, y, Even(4000), true);
        Assert.Equal(0, fit.Offsets.Sum(), 1e-9);
        Assert.Equal(1.5, fit.Offsets[0], 0.25);
        Assert.Equal(-1, fit.Offsets[2], 0.25);
        Assert.Equal(0.5, fit.Scales[0], 0.05);
    }

    // Two inputs, and classes drawn from what they say together: softmax(a * first + b * second).
    private static (double[][][] Inputs, int[] Classes) DrawTwo(ulong seed, int cases, int classes, double a, double b)
    {
        RngStream rng = RngStream.Root(seed).Child("two");
        var honest = new SoftmaxCalibration([a, b], new double[classes]);
        double[] Normal(double spread) => [.. Enumerable.Range(0, classes).Select(_ => spread * rng.NextGaussian())];
        double[][][] inputs = [.. Enumerable.Range(0, cases).Select(_ => Normal(4) is var first
            // The second repeats a part of the first, as two ways of weighing one text do.
            ? (double[][])[first, [.. first.Zip(Normal(10), (x, y) => (2 * x) + y)]] : [])];
        return (inputs, [.. inputs.Select(i => rng.NextIndex(honest.Probabilities(i)))]);
    }

    [Theory]
    [InlineData(2, 0.5, 0.2)]
    [InlineData(13, 0.3, 0.1)]
    public void Two_inputs_get_the_scales_that_they_deserve(int classes, double a, double b)
    {
        (double[][][] inputs, int[] y) = DrawTwo(1, 3000, classes, a, b);
        SoftmaxCalibration fit = SoftmaxCalibration.Fit(inputs, [1, 1], y, Even(3000), false);
        Assert.Equal(a, fit.Scales[0], 0.2 * a + 0.02);
        Assert.Equal(b, fit.Scales[1], 0.2 * b);
        (double[][][] fresh, int[] truth) = DrawTwo(2, 3000, classes, a, b);
        Assert.True(Reliability.Of([.. fresh.Select(i => fit.Probabilities(i))], truth).Error < 0.04);
        Assert.Equal((fit.Scales[0] * 3) + (fit.Scales[1] * -2) + fit.Offsets[1], fit.Of(1, 3, -2), 12);
    }

    [Fact]
    public void An_input_that_says_nothing_gets_next_to_no_scale_and_a_few_cases_leave_the_usual_one()
    {
        (double[][][] inputs, int[] y) = DrawTwo(3, 2000, 3, 0.5, 0);
        RngStream rng = RngStream.Root(4);
        double[][][] noise = [.. inputs.Select(i => (double[][])[i[0], [.. i[0].Select(_ => 10 * rng.NextGaussian())]])];
        SoftmaxCalibration fit = SoftmaxCalibration.Fit(noise, [1, 0.2], y, Even(2000), false);
        // Four standard errors of a scale whose input has a deviation of 10 in 2000 cases.
        Assert.InRange(fit.Scales[1], 0, 0.02);
        Assert.Equal(0.5, fit.Scales[0], 0.1);
        // One case that says nothing: two spoke before it.
        SoftmaxCalibration unknown = SoftmaxCalibration.Fit([[[0, 0], [0, 0]]], [1, 0.2], [0], [1], false);
        Assert.Equal(1, unknown.Scales[0], 1e-3);
        Assert.Equal(0.2, unknown.Scales[1], 1e-3);
        Assert.Throws<ArgumentException>(() => unknown.Probabilities(new double[2]));
    }

    [Fact]
    public void Classes_told_apart_without_a_fault_do_not_make_the_scale_run_away()
    {
        double[][] logits = [.. Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? new double[] { 0, -9 } : [-9, 0])];
        int[] y = [.. Enumerable.Range(0, 40).Select(i => i % 2)];
        SoftmaxCalibration fit = SoftmaxCalibration.Fit(logits, y, Even(40), true);
        Assert.InRange(fit.Scales[0], 0.2, 2);
        Assert.Equal(0, fit.Offsets[0], 1e-6);
    }

    [Fact]
    public void An_impossible_class_and_a_class_without_cases_do_no_harm()
    {
        double no = double.NegativeInfinity;
        SoftmaxCalibration fit = SoftmaxCalibration.Fit([[0, -2, no], [-1, 0, no], [0, -1, no]], [0, 1, 0], Even(3), true);
        Assert.True(double.IsFinite(fit.Scales[0]) && fit.Offsets.All(double.IsFinite));
        Assert.Equal(0, fit.Offsets[2]);
        Assert.Equal(0, fit.Probabilities([0, -2, no])[2]);
    }

    [Fact]
    public void A_case_that_is_impossible_for_all_classes_tells_nothing()
    {
        double no = double.NegativeInfinity;
        foreach (bool withOffsets in new[] { false, true })
        {
            SoftmaxCalibration with = SoftmaxCalibration.Fit([[no, no], [0, -2], [-1, 0], [0, -1]], [0, 0, 1, 0], Even(4), withOffsets),
                without = SoftmaxCalibration.Fit([[0, -2], [-1, 0], [0, -1]], [0, 1, 0], Even(3), withOffsets);
            Assert.Equal(without.Scales, with.Scales);
            Assert.Equal(without.Offsets, with.Offsets);
            Assert.Equal([1.0], SoftmaxCalibration.Fit([[no, no]], [0], Even(1), withOffsets).Scales);
            Assert.Equal([0.5, 0.5], with.Probabilities([no, no]));
        }
    }

    /// <summary>Where no class is favoured, few cases make offsets that cost fresh ones little: 0.1 nats without a pull.</summary>
    [Fact]
    public void Few_cases_do_not_make_offsets_of_chance()
    {
        double square = 0, cost = 0;
        for (ulong k = 0; k < 40; k++)
        {
            RngStream rng = RngStream.Root(5).Child("few", (long)k);
            var honest = new SoftmaxCalibration([1], new double[13]);
            double[][] Logits(int cases) =>
                [.. Enumerable.Range(0, cases).Select(_ => Enumerable.Range(0, 13).Select(_ => 1.5 * rng.NextGaussian()).ToArray())];
            double[][] logits = Logits(26), fresh = Logits(1000);
            int[] y = [.. logits.Select(l => rng.NextIndex(honest.Probabilities(l)))],
                classesOfFresh = [.. fresh.Select(l => rng.NextIndex(honest.Probabilities(l)))];
            double[] weights = SoftmaxCalibration.Balance(y);
            SoftmaxCalibration with = SoftmaxCalibration.Fit(logits, y, weights, true),
                without = SoftmaxCalibration.Fit(logits, y, weights, false);
            Assert.Equal(0, with.Offsets.Sum(), 1e-9);
            square += with.Offsets.Average(b => b * b) / 40;
            cost += (with.Loss(fresh, classesOfFresh, Even(1000)) - without.Loss(fresh, classesOfFresh, Even(1000))) / 40;
        }
        Assert.True(Math.Sqrt(square) < 0.3 && cost < 0.05, $"offsets of {Math.Sqrt(square)}, {cost} nats");
    }

    /// <summary>As if two cases spoke for it: the optimum is where what is missing of a class equals the pull.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(40)]
    public void Offsets_are_pulled_towards_nothing(int cases)
    {
        int[] y = [1, .. Enumerable.Repeat(0, cases - 1)];
        SoftmaxCalibration fit = SoftmaxCalibration.Fit([.. y.Select(_ => new double[2])], y, Even(cases), true);
        double b = fit.Offsets[0], said = 1 / (1 + Math.Exp(-2 * b));
        Assert.Equal((cases - 1.0) / cases - said, 2.0 / cases * b, 1e-5);
    }

    [Fact]
    public void Reliability_is_the_gap_between_saying_and_being_right()
    {
        double[][] p = [[0.95, 0.05], [0.95, 0.05], [0.95, 0.05], [0.95, 0.05], [0.35, 0.65], [0.35, 0.65]];
        Reliability table = Reliability.Of(p, [0, 0, 0, 1, 1, 0]);
        Assert.Equal((4.0 / 6 * 0.2) + (2.0 / 6 * 0.15), table.Error, 1e-12);
        Assert.Equal(4.0 / 6, table.Accuracy, 1e-12);
        Assert.Equal(1, table.Bins.Sum(b => b.Weight), 1e-12);
        // Weights count as cases do.
        Assert.Equal(table.Error, Reliability.Of([p[0], p[0], p[4], p[4]], [0, 1, 1, 0], [3, 1, 1, 1]).Error, 1e-12);
        Assert.Equal([0.25, 0.25, 0.5], SoftmaxCalibration.Balance([4, 4, 2]));
    }
}
