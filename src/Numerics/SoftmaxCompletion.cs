namespace PersonaSelection.Numerics;

/// <summary>
/// Finds softmax_h(prior_h + dose · sum_e w_e X[e,h]) from few cells of X. Some rows are asked for whole, chosen so that they speak for the
/// others; some columns (pivots), those that may matter, are asked for whole; what the pivots' sums turn out to be corrects the others.
/// </summary>
/// <remarks>
/// Only sums over rows matter. Rows that are alike (in what a guide says of them, and in the pivots) have alike values, so that a few rows,
/// with weights, stand for all (<see cref="RowModel"/>). Errors of the sums are correlated over columns as the residuals of the whole rows
/// are; every new pivot shows one such error, which was predicted with a size: the bound draws errors as large as those
/// that have shown themselves.
/// </remarks>
public sealed class SoftmaxCompletion
{
    /// <summary>Rows that are asked for in any case.</summary>
    public const int LeastRows = 6;

    /// <summary>Columns that are asked for in any case where there is no guide.</summary>
    public const int LeastPivots = 2;

    // A bound that is looked at until it is small enough is too small more often than it says: cells that are left
    // are better spent than saved.
    private const double Margin = 0.6;

    private const int MostFirstPivots = 8, FirstChecks = 4, Draws = 400;

    // Until pivots have shown errors, errors are taken to be of this variance, in units of what the model predicts;
    // worth so many errors shown.
    private const double PriorVariance = 4, PriorChecks = 4;

    // The part of the covariance over columns that columns do not share: few rows cannot tell how little it is.
    private const double OwnShare = 0.05;

    private static readonly double[] Powers = [0.3, 0.5], Noises = [0.003, 0.01, 0.03, 0.1, 0.3], PivotShares = [0, 0.3, 0.6, 0.9];

    private readonly int _columns;
    private readonly double[] _weights, _prior;
    private readonly double _dose;
    private readonly CompletionPlan _plan;
    private readonly Func<int[], int[], double[][]> _ask;
    private readonly double[][]? _guide;
    private readonly double[][] _x;
    private readonly bool[][] _known, _impossible;
    private readonly List<int> _whole = [], _pivots = [];
    private readonly RngStream _rng;
    private readonly double[] _scale;
    private double[][][]? _guided;
    private long _asked;
    private double _shown;
    private int _checks;

    private SoftmaxCompletion(double[] weights, double[] prior, double dose, CompletionPlan plan,
        Func<int[], int[], double[][]> ask, double[][]? guide)
    {
        (_weights, _prior, _dose, _plan, _ask) = (weights, [.. prior], dose, plan, ask);
        _columns = prior.Length;
        _x = [.. weights.Select(_ => new double[_columns])];
        _known = [.. weights.Select(_ => new bool[_columns])];
        _impossible = [.. weights.Select(_ => new bool[_columns])];
        _rng = RngStream.Root(plan.Seed);
        _guide = guide is null ? null : [.. guide.Select(g => Statistics.Centred(RowFeatures.Possible(g)))];
        _scale = [.. weights.Select(_ => 1.0)];
        Open = [.. Enumerable.Range(0, weights.Length).Where(e => weights[e] != 0)];
    }

    /// <summary>Rows that count and are not whole, in order.</summary>
    private List<int> Open { get; }

    /// <summary>Whether no cell that is left can move the result.</summary>
    private bool Settled => Open.Count == 0 || Enumerable.Range(0, _columns).All(h => !Counts(h) || _pivots.Contains(h));

    /// <summary>Runs until the bound is met or the cells are used up.</summary>
    /// <param name="weights">The weight of each row; any sign.</param>
    /// <param name="logPrior">One per column; minus infinity for columns that never count.</param>
    /// <param name="dose">Times the weighted sum.</param>
    /// <param name="ask">Gives the values of some rows and columns, [row asked][column asked]: finite, or minus infinity where a column
    /// is impossible. In a row of positive weight that rules the column out; in one of negative weight it counts as the least value of
    /// the row.</param>
    /// <param name="plan">How far to go.</param>
    /// <param name="guide">A cheap estimate of the whole table, if there is one: it tells which rows are alike and
    /// how much they tell.</param>
    public static CompletedTable Run(double[] weights, double[] logPrior, double dose, Func<int[], int[], double[][]> ask,
        CompletionPlan? plan = null, double[][]? guide = null) =>
        new SoftmaxCompletion(weights, logPrior, dose, plan ?? new(), ask, guide).Run();

    private CompletedTable Run()
    {
        if (Open.Count == 0) return new CompletedTable(_x, _known, 0, 0, true);
        long cells = (long)_weights.Length * _columns, budget = (long)(_plan.MaximumShare * cells);
        int rows = (int)Math.Clamp(0.4 * budget / _columns, Math.Min(LeastRows, Open.Count), Open.Count);
        if (_guide is null && rows < Open.Count) AskFirstPivots(budget);
        else if (_guide is not null) Rescale();
        AddRows(new RowModel(Features(OfPivots(), 0, Powers.Length - 1), Weights(), Noises[1], [], []).Next(Open, rows).Rows);
        while (true)
        {
            RowModel model = Fit();
            ColumnSums sums = Sums(model);
            Uncertainty now = Spread(sums);
            long left = budget - _asked;
            if (Settled || (now.Bound <= Margin * _plan.Target && _checks >= FirstChecks - 1) || !Step(model, sums, now, left))
                return new CompletedTable([.. Complete(model, sums).Select(AsAsked)], _known, now.Bound, (double)_asked / cells,
                    now.Bound <= _plan.Target);
        }
    }

    /// <summary>
    /// Takes the step that lowers the uncertainty most for its cells; the first pivots are wanted in any case, as a check.
    /// </summary>
    private bool Step(RowModel model, ColumnSums sums, Uncertainty now, long left)
    {
        long column = Open.Count, row = _known[Open[0]].Count(known => !known);
        double stake = sums.Stake(now.Share);
        int columns = (int)Math.Min(left / column, _checks == 0 ? FirstChecks : Math.Max(2, _pivots.Count / 5));
        int[] pivots = [];
        double gain = 0;
        if (columns > 0)
        {
            (pivots, double after) = sums.Next(now.Share, _pivots, columns);
            if (pivots.Length > 0) gain = (stake - after) / (column * pivots.Length);
        }
        int count = (int)Math.Min(Math.Min(left / Math.Max(1, row), Math.Max(4, _whole.Count / 5)), Open.Count);
        if (row == 0 || (pivots.Length == 0 && count <= 0)) return false;
        if (pivots.Length > 0 && (_checks == 0 || count <= 0))
        {
            AddPivots(pivots, sums);
            return true;
        }
        (int[] rows, double variance) = model.Next(Open, count);
        double before = model.SumOf(Open).Variance, byRows = stake * (1 - Math.Sqrt(variance / before)) / (row * rows.Length);
        if (pivots.Length > 0 && gain >= byRows) AddPivots(pivots, sums);
        else AddRows(rows);
        return true;
    }

    private void AskFirstPivots(long budget)
    {
        int[] order = [.. Enumerable.Range(0, _columns).Where(Counts)];
        _rng.Child("pivots").Shuffle<int>(order);
        int count = (int)Math.Clamp(0.4 * budget / Open.Count, LeastPivots, MostFirstPivots);
        // A column that turns out impossible tells nothing of the others.
        for (int next = 0; next < order.Length && (next == 0 || (_pivots.Count < LeastPivots && _asked < budget));)
        {
            int[] some = [.. order.Skip(next).Take(count - _pivots.Count)];
            Ask([.. Open], some);
            _pivots.AddRange(some.Where(Counts));
            next += some.Length;
        }
        Rescale();
    }

    /// <summary>Asks for pivots and holds what they show against what was predicted.</summary>
    private void AddPivots(int[] columns, ColumnSums predicted)
    {
        Ask([.. Open], columns);
        columns = [.. columns.Where(Counts)];
        if (columns.Length == 0) return;
        bool first = _pivots.Count == 0;
        _pivots.AddRange(columns);
        if (first)
        {
            predicted = predicted.From(columns[0]);
            columns = columns[1..];
            Rescale();
        }
        _shown += predicted.Given(columns, [.. columns.Select(OpenSum)]).Surprise;
        _checks += columns.Length;
    }

    private void AddRows(int[] rows)
    {
        Ask(rows, [.. Enumerable.Range(0, _columns).Where(h => !_known[rows[0]][h])]);
        _whole.AddRange(rows);
        Open.RemoveAll(rows.Contains);
    }

    private void Ask(int[] rows, int[] columns)
    {
        double[][] values = _ask(rows, columns);
        for (int i = 0; i < rows.Length; i++)
        {
            int e = rows[i];
            for (int j = 0; j < columns.Length; j++)
            {
                int h = columns[j];
                double x = values[i][j];
                if (double.IsNaN(x) || double.IsPositiveInfinity(x)) throw new ArgumentException($"A cell is {x}.");
                (_x[e][h], _known[e][h], _impossible[e][h]) = (x, true, double.IsNegativeInfinity(x));
                if (_impossible[e][h] && _weights[e] > 0) _prior[h] = double.NegativeInfinity;
            }
            if (!_impossible[e].Contains(true)) continue;
            // The least value of a row may have become known only now.
            int[] known = [.. Enumerable.Range(0, _columns).Where(h => _known[e][h])];
            double[] possible = RowFeatures.Possible([.. known.Select(h => _impossible[e][h] ? double.NegativeInfinity : _x[e][h])]);
            for (int k = 0; k < known.Length; k++) _x[e][known[k]] = possible[k];
        }
        _asked += (long)rows.Length * columns.Length;
    }

    private bool Counts(int column) => !double.IsNegativeInfinity(_prior[column]);

    private double[] AsAsked(double[] row, int e) => [.. row.Select((x, h) => _impossible[e][h] ? double.NegativeInfinity : x)];

    /// <summary>How much each row tells, as far as guide and pivots say; mean square 1.</summary>
    private void Rescale()
    {
        double[]? guide = _guide is null ? null : Level(_guide), shown = _pivots.Count < 2 ? null : Level([.. Shown()]);
        for (int e = 0; e < _scale.Length; e++)
        {
            // Few pivots tell little of a single row: alone they are drawn to the mean, beside a guide they speak up
            // where it overlooks a row.
            double square = shown is null ? guide?[e] ?? 1
                : guide is null ? (((_pivots.Count - 1) * shown[e]) + 1) / _pivots.Count : Math.Max(guide[e], shown[e] / 4);
            _scale[e] = Math.Sqrt(Math.Max(square, 1e-4));
        }
        _guided = _guide is null ? null
            : RowFeatures.Flatten([.. _guide.Select((g, e) => Array.ConvertAll(g, x => x / _scale[e]))], Powers, _rng.Child("guide"));
    }

    private static double[] Level(double[][] rows)
    {
        double[] squares = [.. rows.Select(r => RowFeatures.Dot(r, r))];
        double mean = squares.Average();
        return [.. squares.Select(s => mean > 0 ? s / mean : 1)];
    }

    private IEnumerable<double[]> Shown() =>
        _x.Select((row, e) => _weights[e] == 0 ? new double[_pivots.Count] : Statistics.Centred([.. _pivots.Select(p => row[p])]));

    private double[][][]? OfPivots() => _pivots.Count < 2 ? null
        : RowFeatures.Flatten([.. Shown().Select((q, e) => Array.ConvertAll(q, x => x / _scale[e]))], Powers, _rng.Child("pivot-features"));

    /// <summary>Features of all rows, in units of how much a row tells: those of the guide and those of the pivots.</summary>
    private double[][] Features(double[][][]? ofPivots, double pivots, int power)
    {
        double[][]? guided = _guided?[power], own = ofPivots?[power];
        if (own is null || (guided is not null && pivots == 0)) return guided ?? [.. _x.Select(_ => Array.Empty<double>())];
        if (guided is null) return own;
        double a = Math.Sqrt(1 - pivots), b = Math.Sqrt(pivots);
        return [.. own.Select((q, e) => (double[])[.. guided[e].Select(x => a * x), .. q.Select(x => b * x)])];
    }

    private double[] Weights() => [.. _weights.Select((w, e) => w * _scale[e])];

    private RowModel Fit()
    {
        int[] rows = [.. _whole];
        double[] weights = Weights();
        double[][] targets = [.. rows.Select(e => Array.ConvertAll(Statistics.Centred(_x[e]), x => x / _scale[e]))];
        int[] others = [.. Enumerable.Range(0, _columns).Where(h => !_pivots.Contains(h))];
        double[][][]? ofPivots = OfPivots();
        RowModel? best = null;
        double least = double.PositiveInfinity;
        foreach (double share in _guide is null || _pivots.Count < 2 ? PivotShares[..1] : PivotShares)
        {
            for (int power = 0; power < Powers.Length; power++)
            {
                double[][] features = Features(ofPivots, share, power);
                foreach (double noise in Noises)
                {
                    var model = new RowModel(features, weights, noise, rows, targets);
                    double misfit = model.Misfit(others);
                    if (best is null || misfit < least) (best, least) = (model, misfit);
                }
            }
        }
        return best!;
    }

    /// <summary>The sums over open rows: what the model predicts, corrected by the pivots.</summary>
    private ColumnSums Sums(RowModel model)
    {
        (double[] mean, double variance) = model.SumOf(Open);
        double[,] covariance = model.Covariance();
        for (int g = 0; g < _columns; g++)
            for (int h = 0; h < _columns; h++) covariance[g, h] *= variance * (g == h ? 1 : 1 - OwnShare);
        var sums = new ColumnSums(mean, covariance);
        if (_pivots.Count == 0) return sums;
        int[] others = [.. _pivots.Skip(1)];
        return sums.From(_pivots[0]).Given(others, [.. others.Select(OpenSum)]).After;
    }

    private double OpenSum(int pivot) => Open.Sum(e => _weights[e] * (_x[e][pivot] - _x[e][_pivots[0]]));

    private Uncertainty Spread(ColumnSums sums)
    {
        var log = new double[_columns];
        for (int h = 0; h < _columns; h++)
        {
            log[h] = _prior[h] + (_dose * sums.Mean[h]);
            foreach (int e in _whole) log[h] += _dose * _weights[e] * (_x[e][h] - _x[e][0]);
        }
        double[] moved = [.. log], share = new double[_columns];
        if (!Enumerable.Range(0, _columns).Any(Counts)) return new Uncertainty(0, share);
        LogSpace.NormalizeLog(log);
        double[] p = [.. log.Select(Math.Exp)];
        var distances = new List<double>();
        double variance = ((PriorChecks * PriorVariance) + _shown) / (PriorChecks + _checks);
        foreach (double[] error in Settled ? [new double[_columns]]
            : sums.Draw(Draws, variance, (int)PriorChecks + _checks, _rng.Child("errors", _asked)))
        {
            for (int h = 0; h < _columns; h++) moved[h] = log[h] + (_dose * error[h]);
            LogSpace.NormalizeLog(moved);
            double distance = 0;
            for (int h = 0; h < _columns; h++)
            {
                double q = Math.Exp(moved[h]);
                distance += Math.Abs(q - p[h]) / 2;
                share[h] += q;
            }
            distances.Add(distance);
        }
        return new Uncertainty(Settled ? 0 : Statistics.Quantile([.. distances], _plan.Confidence),
            [.. share.Select(s => s / distances.Count)]);
    }

    /// <summary>Every cell: known, or predicted, with the correction of the sums spread over the rows by how much they tell.</summary>
    private double[][] Complete(RowModel model, ColumnSums sums)
    {
        double[][] values = [.. _x.Select(row => (double[])row.Clone())], features = model.Features;
        double[] total = new double[_columns];
        double squares = 0;
        for (int e = 0; e < values.Length; e++)
        {
            if (_whole.Contains(e)) continue;
            var predicted = new double[_columns];
            for (int i = 0; i < features[e].Length; i++)
                for (int h = 0; h < _columns; h++) predicted[h] += features[e][i] * model.Coefficients[i][h] * _scale[e];
            double level = _weights[e] != 0 && _pivots.Count > 0 ? _pivots.Average(p => _x[e][p] - predicted[p]) : 0;
            for (int h = 0; h < _columns; h++)
            {
                if (!_known[e][h]) values[e][h] = level + predicted[h];
                total[h] += _weights[e] * values[e][h];
            }
            squares += _weights[e] * _weights[e] * _scale[e] * _scale[e];
        }
        if (_pivots.Count == 0) return values;
        double[] missing = [.. total.Select((t, h) => sums.Mean[h] - (t - total[_pivots[0]]))];
        foreach (int e in Open)
        {
            for (int h = 0; h < _columns; h++)
                if (!_known[e][h]) values[e][h] += missing[h] * _weights[e] * _scale[e] * _scale[e] / squares;
        }
        return values;
    }

    /// <param name="Bound">Quantile of the total variation.</param>
    /// <param name="Share">The distribution averaged over the errors: who may matter.</param>
    private sealed record Uncertainty(double Bound, double[] Share);
}
