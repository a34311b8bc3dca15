namespace PersonaSelection.Numerics;

/// <summary>How far a <see cref="SoftmaxCompletion"/> goes.</summary>
public sealed record CompletionPlan
{
    /// <summary>Stop once the bound on total variation is no larger.</summary>
    public double Target { get; init; } = 0.02;

    /// <summary>The share of runs in which the bound should hold.</summary>
    public double Confidence { get; init; } = 0.95;

    /// <summary>
    /// The largest share of the cells that may be asked for, beyond the first twelve rows, which are asked for in any case; 1 goes on until the
    /// target is met.
    /// </summary>
    public double MaximumShare { get; init; } = 0.1;

    /// <summary>The seed of the choice of rows and of the draws behind the bound.</summary>
    public ulong Seed { get; init; } = 1;
}

/// <summary>A table of which some cells are known and the others estimated.</summary>
/// <param name="Values">[row][column]; what all columns share in a row without any known cell is unknown and left at 0.</param>
/// <param name="Known">[row][column]: whether the value was asked for.</param>
/// <param name="Bound">With the planned confidence, the distribution over columns is within this total variation of that of the full table.</param>
/// <param name="Share">Share of the cells that were asked for.</param>
/// <param name="Met">Whether the bound reached the target.</param>
public sealed record CompletedTable(double[][] Values, bool[][] Known, double Bound, double Share, bool Met);

/// <summary>
/// Finds softmax_h(prior_h + dose · sum_e w_e X[e,h]) from few cells of X. Some rows, drawn at random, are asked for whole; some columns (pivots) are
/// asked for whole; every other column is predicted from the pivots by a ridge regression fitted on the whole rows, which is all that low rank
/// amounts to. Columns without a chance of mattering are never asked for beyond the rows.
/// </summary>
/// <remarks>
/// A sum over rows estimated by regression on a random sample of them is the regression estimator of survey sampling: whatever the regression
/// misses is a sampling error, whose size the residuals left out tell. The bound draws such errors, correlated over columns as the residuals
/// are, and takes a quantile of the total variation that they cause; it assumes nothing about the rank of X.
/// </remarks>
public sealed class SoftmaxCompletion
{
    private const int LeastRows = 12;
    private const int Draws = 400;
    private const int MostAtOnce = 16;

    private readonly int _columns;
    private readonly double[] _weights, _prior;
    private readonly double _dose;
    private readonly CompletionPlan _plan;
    private readonly Func<int[], int[], double[][]> _ask;
    private readonly double[][]? _guide;
    private readonly double[][] _x;
    private readonly bool[][] _known;
    private readonly int[] _order;
    private readonly List<int> _pivots = [];
    private int _whole;
    private long _asked;
    private double _guideScale;

    private SoftmaxCompletion(double[] weights, double[] prior, double dose, CompletionPlan plan, Func<int[], int[], double[][]> ask, double[][]? guide)
    {
        (_weights, _prior, _dose, _plan, _ask, _guide) = (weights, prior, dose, plan, ask, guide);
        _columns = prior.Length;
        _x = [.. weights.Select(_ => new double[_columns])];
        _known = [.. weights.Select(_ => new bool[_columns])];
        // Rows without weight come last: they are never needed.
        _order = [.. Enumerable.Range(0, weights.Length)];
        RngStream.Root(plan.Seed).Child("rows").Shuffle<int>(_order);
        _order = [.. _order.Where(e => weights[e] != 0), .. _order.Where(e => weights[e] == 0)];
        Rows = weights.Count(w => w != 0);
    }

    private int Rows { get; }

    /// <summary>Runs until the bound is met or the cells are used up.</summary>
    /// <param name="weights">The weight of each row; any sign.</param>
    /// <param name="logPrior">One per column; minus infinity for columns that never count.</param>
    /// <param name="dose">Times the weighted sum.</param>
    /// <param name="ask">Gives the finite values of some rows and columns, [row asked][column asked].</param>
    /// <param name="plan">How far to go.</param>
    /// <param name="guide">A cheap estimate of the whole table, if there is one: only what it misses is then estimated.</param>
    public static CompletedTable Run(double[] weights, double[] logPrior, double dose, Func<int[], int[], double[][]> ask, CompletionPlan? plan = null,
        double[][]? guide = null) => new SoftmaxCompletion(weights, logPrior, dose, plan ?? new(), ask, guide).Run();

    private CompletedTable Run()
    {
        long cells = (long)_weights.Length * _columns, budget = (long)(_plan.MaximumShare * cells);
        AddRows((int)Math.Clamp(0.4 * budget / _columns, Math.Min(LeastRows, Rows), Rows));
        while (true)
        {
            CompletionFit fit = Fit(_pivots);
            Uncertainty now = Spread(fit);
            long left = budget - _asked;
            if (now.Bound <= _plan.Target || _whole == Rows || _pivots.Count == _columns || !Step(fit, now, left))
                return new CompletedTable(Complete(fit), _known, now.Bound, (double)_asked / cells, now.Bound <= _plan.Target);
        }
    }

    /// <summary>Takes the step that lowers the uncertainty most for its cells.</summary>
    private bool Step(CompletionFit fit, Uncertainty now, long left)
    {
        long column = Rows - _whole, row = _columns - _pivots.Count;
        int[] ranked = Ranked(fit, now, (int)Math.Clamp(left / column, 0, Math.Min(MostAtOnce, fit.Others.Length)));
        int[] best = [];
        double gain = 0;
        // One pivot shows little of what several would explain together: whole sets are compared by what they cost.
        for (int size = 1; size <= ranked.Length; size += Math.Max(1, size / 2)) Try(ranked[..size]);
        if (ranked.Length > 0)
        {
            foreach (int h in Contenders(fit, now)) Try([h]);
        }
        int rows = (int)Math.Clamp(Math.Min(left / row, Rows - _whole), 0, Math.Max(1, _whole / 6));
        double byRows = rows > 0 ? now.Total * (1 - Math.Sqrt((double)_whole / (_whole + rows))) / (rows * row) : 0;
        if (best.Length > 0 && gain >= byRows)
        {
            // Half of a set: what is seen then may change the other half.
            best = best[..((best.Length + 1) / 2)];
            Ask(_order[_whole..Rows], best);
            _pivots.AddRange(best);
            return true;
        }
        if (rows == 0) return false;
        AddRows(rows);
        return true;

        void Try(int[] set)
        {
            double after = Fit([.. _pivots, .. set]).Spread(now.Share);
            double g = (now.Total - after) / (column * set.Length);
            if (best.Length == 0 || g > gain) (best, gain) = (set, g);
        }
    }

    /// <summary>The columns that are both probable and uncertain.</summary>
    private static IEnumerable<int> Contenders(CompletionFit fit, Uncertainty now)
    {
        double[][] left = fit.Regression.LeftOut;
        return Enumerable.Range(0, fit.Others.Length).OrderByDescending(j => now.Share[fit.Others[j]] * Math.Sqrt(left.Sum(r => r[j] * r[j])))
            .Take(3).Select(j => fit.Others[j]);
    }

    private void AddRows(int count)
    {
        int[] some = _order[_whole..(_whole + count)];
        int[] rest = [.. Enumerable.Range(0, _columns).Where(h => !_pivots.Contains(h))];
        Ask(some, rest);
        _whole += count;
        if (_guide is not null && _guideScale == 0) _guideScale = GuideScale(some);
    }

    private void Ask(int[] rows, int[] columns)
    {
        double[][] values = _ask(rows, columns);
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < columns.Length; j++)
            {
                if (!double.IsFinite(values[i][j])) throw new ArgumentException("A cell is not finite.");
                _x[rows[i]][columns[j]] = values[i][j];
                _known[rows[i]][columns[j]] = true;
            }
        }
        _asked += (long)rows.Length * columns.Length;
    }

    private double GuideScale(int[] rows)
    {
        double xy = 0, xx = 0;
        foreach (int e in rows)
        {
            double a = _guide![e].Average(), b = _x[e].Average();
            for (int h = 0; h < _columns; h++)
            {
                xy += (_guide[e][h] - a) * (_x[e][h] - b);
                xx += (_guide[e][h] - a) * (_guide[e][h] - a);
            }
        }
        return xx > 0 ? xy / xx : 0;
    }

    private double Rest(int row, int column) => _x[row][column] - (_guide is null ? 0 : _guideScale * _guide[row][column]);

    private CompletionFit Fit(List<int> pivots)
    {
        int[] rows = _order[.._whole], others = [.. Enumerable.Range(0, _columns).Where(h => !pivots.Contains(h))];
        double Level(int e) => pivots.Count > 0 ? pivots.Average(p => Rest(e, p)) : Enumerable.Range(0, _columns).Average(h => Rest(e, h));
        double[] Inputs(int e, double level) => pivots.Count > 1 ? [.. pivots.Select(p => Rest(e, p) - level)] : [];
        double[] levels = [.. rows.Select(Level)];
        var regression = RidgeRegression.Fit([.. rows.Select((e, i) => Inputs(e, levels[i]))],
            [.. rows.Select((e, i) => others.Select(h => Rest(e, h) - levels[i]).ToArray())],
            [.. rows.Select(e => Math.Abs(_weights[e]))], Groups(rows));
        return new CompletionFit(regression, others, e => Level(e), Inputs);
    }

    // Rows of either sign have an intercept of their own, so that the weighted residuals of each sum to zero. Too few of one sign share.
    private int[] Groups(int[] rows)
    {
        int negative = rows.Count(e => _weights[e] < 0);
        return negative < 3 || rows.Length - negative < 3 ? [] : [.. rows.Select(e => _weights[e] < 0 ? 1 : 0)];
    }

    private double[][] Complete(CompletionFit fit)
    {
        bool split = Groups(_order[.._whole]).Length > 0;
        double[][] values = [.. _x.Select(row => (double[])row.Clone())];
        foreach (int e in _order[_whole..])
        {
            double level = _pivots.Count > 0 ? fit.Level(e) : 0;
            double[] predicted = fit.Regression.Predict(fit.Inputs(e, level), split && _weights[e] < 0 ? 1 : 0);
            for (int j = 0; j < fit.Others.Length; j++)
            {
                int h = fit.Others[j];
                values[e][h] = level + predicted[j] + (_guide is null ? 0 : _guideScale * _guide[e][h]);
            }
        }
        return values;
    }

    private Uncertainty Spread(CompletionFit fit)
    {
        double[] log = new double[_columns];
        double[][] values = Complete(fit);
        for (int h = 0; h < _columns; h++)
        {
            log[h] = _prior[h];
            for (int e = 0; e < values.Length; e++) log[h] += _dose * _weights[e] * (values[e][h] - values[e][_pivots.Count > 0 ? _pivots[0] : 0]);
        }
        LogSpace.NormalizeLog(log);
        double[] p = [.. log.Select(Math.Exp)], share = new double[_columns], moved = new double[_columns];
        // What is not in the sample, as a sum and by way of the sample's mean.
        double outside = 0, squares = 0;
        foreach (int e in _order[_whole..Rows])
        {
            outside += Math.Abs(_weights[e]);
            squares += _weights[e] * _weights[e];
        }
        double scale = _dose * Math.Sqrt(squares + (outside * outside / _whole));
        double[][] left = fit.Regression.LeftOut;
        int freedom = Math.Max(3, (int)(_whole - fit.Regression.Freedom));
        RngStream rng = RngStream.Root(_plan.Seed).Child("errors", _asked);
        var distances = new double[Draws];
        for (int draw = 0; draw < Draws; draw++)
        {
            // Student's t: the size of the residuals is itself an estimate.
            double chi = 0;
            for (int i = 0; i < freedom; i++) chi += Math.Pow(rng.NextGaussian(), 2);
            double size = scale * Math.Sqrt(freedom / chi) / Math.Sqrt(_whole);
            log.CopyTo(moved, 0);
            for (int i = 0; i < _whole; i++)
            {
                double z = size * rng.NextGaussian();
                for (int j = 0; j < fit.Others.Length; j++) moved[fit.Others[j]] += z * left[i][j];
            }
            LogSpace.NormalizeLog(moved);
            for (int h = 0; h < _columns; h++)
            {
                double q = Math.Exp(moved[h]);
                distances[draw] += Math.Abs(q - p[h]) / 2;
                share[h] += q / Draws;
            }
        }
        double bound = _whole == Rows ? 0 : Statistics.Quantile(distances, _plan.Confidence);
        return new Uncertainty(bound, share, fit.Spread(share));
    }

    /// <summary>
    /// Columns worth having as pivots, best first: each explains most of what those before it leave of the residuals, weighted by how much their
    /// columns matter.
    /// </summary>
    private static int[] Ranked(CompletionFit fit, Uncertainty now, int count)
    {
        double[][] r = [.. fit.Regression.LeftOut.Select(row => (double[])row.Clone())];
        var chosen = new List<int>();
        for (int k = 0; k < count; k++)
        {
            int best = -1;
            double most = 0;
            double[] along = [];
            for (int j = 0; j < fit.Others.Length; j++)
            {
                double own = 0;
                foreach (double[] row in r) own += row[j] * row[j];
                if (own <= 1e-12 || chosen.Contains(j)) continue;
                var product = new double[fit.Others.Length];
                foreach (double[] row in r)
                    for (int g = 0; g < product.Length; g++) product[g] += row[g] * row[j];
                double explained = 0;
                for (int g = 0; g < product.Length; g++) explained += now.Share[fit.Others[g]] * Math.Abs(product[g]) / Math.Sqrt(own);
                if (explained <= most) continue;
                for (int g = 0; g < product.Length; g++) product[g] /= own;
                (best, most, along) = (j, explained, product);
            }
            if (best < 0) break;
            chosen.Add(best);
            foreach (double[] row in r)
            {
                double x = row[best];
                for (int g = 0; g < along.Length; g++) row[g] -= x * along[g];
            }
        }
        return [.. chosen.Select(j => fit.Others[j])];
    }

    /// <param name="Bound">Quantile of the total variation.</param>
    /// <param name="Share">The distribution averaged over the errors: who may matter.</param>
    /// <param name="Total">Standard deviations of the residuals, averaged over it.</param>
    private sealed record Uncertainty(double Bound, double[] Share, double Total);

    private sealed record CompletionFit(RidgeRegression Regression, int[] Others, Func<int, double> Level, Func<int, double, double[]> Inputs)
    {
        public double Spread(double[] share)
        {
            double[][] left = Regression.LeftOut;
            double total = 0;
            for (int j = 0; j < Others.Length; j++) total += share[Others[j]] * Math.Sqrt(left.Sum(r => r[j] * r[j]) / left.Length);
            return total;
        }
    }
}
