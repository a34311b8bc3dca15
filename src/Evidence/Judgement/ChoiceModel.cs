namespace PersonaSelection.Evidence;

/// <summary>
/// One answer: the candidates in the order in which they were shown, and the place of the one chosen, or -1 for "cannot tell".
/// </summary>
internal sealed record Choice(int[] Shown, int Place);

/// <summary>
/// What choices say about the candidates: a multinomial logit (Bradley and Terry 1952, Luce 1959, McFadden 1974). The chance that candidate
/// i at place p of m is chosen is exp(u_i + b(p, m)) over the sum of this over the block plus exp(c), where c is "cannot tell": an
/// alternative in every block, which ties blocks together. u_i and c have normal priors about 0, so that few choices say little.
/// </summary>
internal static class ChoiceModel
{
    /// <summary>How judges favour places whatever stands there: the first, the last, and a slope from first to last.</summary>
    public const int PlaceFeatures = 3;

    private const int Rounds = 60;

    public static double PlaceBias(ReadOnlySpan<double> bias, int place, int count)
    {
        double sum = 0;
        for (int k = 0; k < PlaceFeatures; k++) sum += bias[k] * Feature(k, place, count);
        return sum;
    }

    /// <summary>The most probable u of every candidate, in nats, given the bias.</summary>
    public static double[] Utilities(int candidates, IReadOnlyList<Choice> choices, ReadOnlySpan<double> bias, double spread)
    {
        double[] fixedBias = bias.ToArray();
        double[] found = Maximise(candidates + 1, choices, (choice, place, x) =>
        {
            x.Clear();
            if (place < 0) x.Add((candidates, 1));
            else x.Add((choice.Shown[place], 1));
            return place < 0 ? 0 : PlaceBias(fixedBias, place, choice.Shown.Length);
        }, i => i < candidates ? spread : 2 * spread);
        return found[..candidates];
    }

    /// <summary>
    /// The bias, from episodes whose source is known: u is one number for the source and 0 for everybody else, the same in all of them.
    /// As every block is shown in both orders, what this simple u leaves unexplained falls on no place more than on another.
    /// </summary>
    public static double[] PlaceBias(IReadOnlyList<(Choice Choice, int Source)> known)
    {
        var sources = new Dictionary<Choice, int>(ReferenceEqualityComparer.Instance);
        foreach ((Choice choice, int source) in known) sources[choice] = source;
        double[] found = Maximise(PlaceFeatures + 2, [.. known.Select(k => k.Choice)], (choice, place, x) =>
        {
            x.Clear();
            if (place < 0)
            {
                x.Add((PlaceFeatures, 1));
                return 0;
            }
            for (int k = 0; k < PlaceFeatures; k++) x.Add((k, Feature(k, place, choice.Shown.Length)));
            if (choice.Shown[place] == sources[choice]) x.Add((PlaceFeatures + 1, 1));
            return 0;
        }, i => i < PlaceFeatures ? 1 : 5);
        return found[..PlaceFeatures];
    }

    private static double Feature(int k, int place, int count) => k switch
    {
        0 => place == 0 ? 1 : 0,
        1 => place == count - 1 ? 1 : 0,
        _ => count < 2 ? 0 : ((double)place / (count - 1)) - 0.5,
    };

    /// <summary>Newton's method on a concave posterior; the prior makes the curvature positive.</summary>
    /// <param name="size">Parameters.</param>
    /// <param name="choices">The choices.</param>
    /// <param name="features">Writes the parameters that enter at a place (-1: cannot tell) with their factors;
    /// returns what is added.</param>
    /// <param name="deviation">The standard deviation of a parameter's prior.</param>
    private static double[] Maximise(int size, IReadOnlyList<Choice> choices,
        Func<Choice, int, List<(int Index, double Factor)>, double> features, Func<int, double> deviation)
    {
        double[] value = new double[size], gradient = new double[size];
        var curvature = new double[size, size];
        for (int round = 0; round < Rounds; round++)
        {
            Array.Clear(curvature);
            for (int i = 0; i < size; i++)
            {
                double precision = 1 / (deviation(i) * deviation(i));
                gradient[i] = -precision * value[i];
                curvature[i, i] = precision;
            }
            foreach (Choice choice in choices) Add(choice);
            double[] step = Numerics.Cholesky.Solve(curvature, gradient);
            // A step of more than two nats is a guess far from where the curvature was measured.
            double longest = step.Max(Math.Abs), scale = longest > 2 ? 2 / longest : 1;
            for (int i = 0; i < size; i++) value[i] += scale * step[i];
            if (longest < 1e-10) break;
        }
        return value;

        void Add(Choice choice)
        {
            int places = choice.Shown.Length + 1;
            var rows = new List<(int Index, double Factor)>[places];
            double[] logit = new double[places];
            for (int p = 0; p < places; p++)
            {
                logit[p] = features(choice, p - 1, rows[p] = []);
                foreach ((int index, double factor) in rows[p]) logit[p] += factor * value[index];
            }
            double total = Numerics.LogSpace.LogSumExp(logit);
            var mean = new Dictionary<int, double>();
            for (int p = 0; p < places; p++)
            {
                double chance = Math.Exp(logit[p] - total);
                foreach ((int i, double a) in rows[p])
                {
                    mean[i] = mean.GetValueOrDefault(i) + (chance * a);
                    foreach ((int j, double b) in rows[p]) curvature[i, j] += chance * a * b;
                    if (p - 1 == choice.Place) gradient[i] += a;
                }
            }
            foreach ((int i, double a) in mean)
            {
                gradient[i] -= a;
                foreach ((int j, double b) in mean) curvature[i, j] -= a * b;
            }
        }
    }
}
