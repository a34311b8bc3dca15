namespace PersonaSelection.Numerics;

/// <summary>
/// Sums of numbers that are held as logarithms, in nats. Negative infinity is the logarithm of zero and is welcome everywhere.
/// </summary>
public static class LogSpace
{
    /// <summary>log(sum(exp(x))) without overflow; negative infinity for no numbers; NaN if any number is NaN.</summary>
    public static double LogSumExp(ReadOnlySpan<double> logs)
    {
        double max = double.NegativeInfinity;
        foreach (double x in logs) max = Math.Max(max, x);
        if (!double.IsFinite(max)) return max;
        double sum = 0;
        foreach (double x in logs) sum += Math.Exp(x - max);
        return max + Math.Log(sum);
    }

    /// <summary>log(exp(a) + exp(b)).</summary>
    public static double LogAddExp(double a, double b)
    {
        double max = Math.Max(a, b);
        return double.IsFinite(max) ? max + Math.Log(Math.Exp(a - max) + Math.Exp(b - max)) : max;
    }

    /// <summary>
    /// Subtracts the log of the total from every number, so that the exponentials sum to one; returns the log of the total.
    /// </summary>
    /// <exception cref="ArgumentException">The total is zero, infinite or not a number: nothing was changed.</exception>
    public static double NormalizeLog(Span<double> logs)
    {
        double total = LogSumExp(logs);
        if (!double.IsFinite(total)) throw new ArgumentException($"Log weights with total {total} cannot be normalised.", nameof(logs));
        foreach (ref double x in logs) x -= total;
        return total;
    }

    /// <summary>probabilities = exp(logs) / sum(exp(logs)); returns the log of the total. The two spans may be the same.</summary>
    /// <exception cref="ArgumentException">The total is zero, infinite or not a number, or the lengths differ.</exception>
    public static double Normalize(ReadOnlySpan<double> logs, Span<double> probabilities)
    {
        if (logs.Length != probabilities.Length) throw new ArgumentException("The spans differ in length.", nameof(probabilities));
        double total = LogSumExp(logs);
        if (!double.IsFinite(total)) throw new ArgumentException($"Log weights with total {total} cannot be normalised.", nameof(logs));
        for (int i = 0; i < logs.Length; i++) probabilities[i] = Math.Exp(logs[i] - total);
        return total;
    }

    /// <summary>log(mean(exp(x))); negative infinity for no numbers.</summary>
    public static double LogMeanExp(ReadOnlySpan<double> logs) =>
        logs.IsEmpty ? double.NegativeInfinity : LogSumExp(logs) - Math.Log(logs.Length);

    /// <summary>The entropy -sum p log p in nats of a normalised distribution that is held as logarithms.</summary>
    public static double Entropy(ReadOnlySpan<double> logs)
    {
        double sum = 0;
        foreach (double x in logs)
            if (x > double.NegativeInfinity) sum -= Math.Exp(x) * x;
        return Math.Max(0, sum);
    }

    /// <summary>KL(p || q) in nats of two coins with the given chances of heads; infinite when q rules out what p allows.</summary>
    public static double BernoulliDivergence(double p, double q) => Math.Max(0, DivergenceTerm(p, q) + DivergenceTerm(1 - p, 1 - q));

    /// <summary>log p / (1 - p), with p kept <paramref name="least"/> away from 0 and 1, where log odds have no end.</summary>
    /// <param name="p">A probability.</param>
    /// <param name="least">The smallest probability that is told from 0, in (0, 1/2).</param>
    public static double LogOdds(double p, double least)
    {
        double inside = Math.Clamp(p, least, 1 - least);
        return Math.Log(inside / (1 - inside));
    }

    /// <summary>The probability of these log odds: 1 / (1 + e^-x).</summary>
    public static double Logistic(double logOdds) => 1 / (1 + Math.Exp(-logOdds));

    private static double DivergenceTerm(double p, double q) => p <= 0 ? 0 : q <= 0 ? double.PositiveInfinity : p * Math.Log(p / q);
}
