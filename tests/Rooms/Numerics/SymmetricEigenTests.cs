using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public sealed class SymmetricEigenTests
{
    [Fact]
    public void Vectors_are_orthonormal_and_give_the_matrix_back()
    {
        const int n = 30;
        RngStream rng = RngStream.Root(1);
        var a = new double[n, n];
        for (int i = 0; i < n; i++)
            for (int j = 0; j <= i; j++) a[i, j] = a[j, i] = rng.NextGaussian();
        (double[] values, double[][] vectors) = SymmetricEigen.Of(a);
        Assert.Equal(values.OrderDescending(), values);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double back = 0, product = 0;
                for (int k = 0; k < n; k++)
                {
                    back += values[k] * vectors[k][i] * vectors[k][j];
                    product += vectors[i][k] * vectors[j][k];
                }
                Assert.Equal(a[i, j], back, 1e-10);
                Assert.Equal(i == j ? 1 : 0, product, 1e-10);
            }
        }
    }

    [Fact]
    public void A_matrix_without_rank_has_no_other_values_than_zero() =>
        Assert.All(SymmetricEigen.Of(new double[4, 4]).Values, v => Assert.Equal(0, v));
}
