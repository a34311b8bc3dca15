using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public sealed class RotaryScalingTests
{
    // The branches as Llama 3.1 is described, apart from the closed form of the code.
    [Fact]
    public void Long_waves_are_stretched_short_ones_stay_and_a_ramp_joins_them()
    {
        var scaling = new RotaryScaling(32, 1, 4, 8192);
        int[] kinds = new int[3];
        for (int i = 0; i < 32; i++)
        {
            double frequency = Math.Pow(500000, -2.0 * i / 64), wave = 2 * Math.PI / frequency, expected;
            if (wave < 8192 / 4.0) (expected, kinds[0]) = (frequency, kinds[0] + 1);
            else if (wave > 8192 / 1.0) (expected, kinds[1]) = (frequency / 32, kinds[1] + 1);
            else
            {
                double smooth = ((8192 / wave) - 1) / (4 - 1);
                (expected, kinds[2]) = (((1 - smooth) * frequency / 32) + (smooth * frequency), kinds[2] + 1);
            }
            Assert.Equal(expected, scaling.Of(frequency), 1e-12 * frequency);
        }
        Assert.All(kinds, n => Assert.True(n > 0));
    }

    [Fact]
    public void Linear_scaling_is_a_slower_walk()
    {
        using RotaryTable plain = new(8, 10, 100), half = new(8, 19, 100, new RotaryScaling(2));
        for (int p = 0; p < 10; p++) Assert.Equal(Row(plain, p), Row(half, 2 * p));
        Assert.NotEqual(Row(plain, 1), Row(half, 1));
    }

    [Fact]
    public void What_stretches_nothing_is_refused()
    {
        Assert.Throws<ArgumentException>(new RotaryScaling(0.5).Validate);
        Assert.Throws<ArgumentException>(new RotaryScaling(double.NaN).Validate);
        Assert.Throws<ArgumentException>(new RotaryScaling(8, 4, 4, 100).Validate);
        Assert.Throws<ArgumentException>(new RotaryScaling(8, 1, 4, 0).Validate);
        Assert.Throws<ArgumentException>(new RotaryScaling(double.PositiveInfinity).Validate);
        Assert.Throws<ArgumentException>(new RotaryScaling(8, 0, 4, 100).Validate);
        Assert.Throws<ArgumentException>(new RotaryScaling(8, 1, double.PositiveInfinity, 100).Validate);
        new RotaryScaling(8, 1, 4, 100).Validate();
        new RotaryScaling(1).Validate();
    }

    private static unsafe float[] Row(RotaryTable table, int position) => new Span<float>(table.Pointer + (position * 8), 8).ToArray();
}
