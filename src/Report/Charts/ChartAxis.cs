namespace PersonaSelection.Report;

/// <summary>A mapping from numbers to pixels with round ticks.</summary>
internal sealed class ChartAxis
{
    private const int MaximumTicks = 40;

    private readonly bool _logarithmic;
    private readonly double _from;
    private readonly double _to;

    private ChartAxis(double low, double high, double from, double to, bool logarithmic, double step)
    {
        (Low, High, _from, _to, _logarithmic, Step) = (low, high, from, to, logarithmic, step);
    }

    /// <summary>The lower end.</summary>
    public double Low { get; }

    /// <summary>The upper end.</summary>
    public double High { get; }

    /// <summary>The distance between ticks.</summary>
    public double Step { get; }

    /// <summary>An axis over <paramref name="values"/>; a fixed end stays where it is, a free one moves out to the next tick.</summary>
    public static ChartAxis Over(
        IEnumerable<double> values, double from, double to, int ticks, double? minimum = null, double? maximum = null,
        bool logarithmic = false)
    {
        // Sums and differences of the largest doubles overflow; nobody reads a chart beyond this.
        double[] usable = [.. values.Where(v => double.IsFinite(v) && Math.Abs(v) < 1e150 && (!logarithmic || v > 0))];
        double low = minimum ?? (usable.Length > 0 ? usable.Min() : logarithmic ? 1 : 0);
        double high = maximum ?? (usable.Length > 0 ? usable.Max() : low + 1);
        if (!(high > low)) (low, high) = logarithmic ? (low / 2, Math.Max(low, high) * 2) : (low - 0.5, Math.Max(low, high) + 0.5);
        double step = NiceStep((high - low) / Math.Max(1, ticks));
        if (!logarithmic)
        {
            if (minimum is null) low = Math.Floor(low / step + 1e-9) * step;
            if (maximum is null) high = Math.Ceiling(high / step - 1e-9) * step;
        }
        return new ChartAxis(low, high, from, to, logarithmic, step);
    }

    /// <summary>The same numbers over other pixels.</summary>
    public ChartAxis Between(double from, double to) => new(Low, High, from, to, _logarithmic, Step);

    /// <summary>The pixel of a number.</summary>
    public double At(double value)
    {
        double share = _logarithmic
            ? (Math.Log(Math.Max(value, double.Epsilon)) - Math.Log(Low)) / (Math.Log(High) - Math.Log(Low))
            : (value - Low) / (High - Low);
        return _from + Math.Clamp(share, -10, 10) * (_to - _from);
    }

    /// <summary>Whether a number lies on the axis.</summary>
    public bool Holds(double value) => double.IsFinite(value) && value >= Low - 1e-12 && value <= High + 1e-12;

    /// <summary>The numbers to mark.</summary>
    public IReadOnlyList<double> Ticks()
    {
        var ticks = new List<double>();
        if (_logarithmic)
        {
            for (double power = Math.Floor(Math.Log10(Low)); power <= Math.Log10(High) + 1e-9 && ticks.Count < MaximumTicks; power++)
                if (Math.Pow(10, power) >= Low * 0.999) ticks.Add(Math.Pow(10, power));
            return ticks.Count > 1 ? ticks : [Low, High];
        }
        double first = Math.Ceiling(Low / Step - 1e-9);
        for (int i = 0; i < MaximumTicks && (first + i) * Step <= High + Step * 1e-6; i++)
            ticks.Add(Math.Abs((first + i) * Step) < Step * 1e-9 ? 0 : (first + i) * Step);
        return ticks;
    }

    /// <summary>The label of a tick.</summary>
    public string Label(double tick, bool percent) =>
        _logarithmic ? FigureNumber.Text(tick, percent) : FigureNumber.Tick(tick, Step, percent);

    private static double NiceStep(double rough)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(rough, 1e-300))));
        double lead = rough / power;
        return power * (lead < 1.4142 ? 1 : lead < 3.1623 ? 2 : lead < 7.0711 ? 5 : 10);
    }
}
