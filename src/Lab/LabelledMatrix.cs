namespace PersonaSelection.Lab;

/// <summary>
/// Numbers with a name for every row and every column. The names carry the meaning: tables are matched by name, never by position.
/// </summary>
public sealed class LabelledMatrix
{
    private readonly double[] _values;
    private readonly Dictionary<string, int> _rowIndex;
    private readonly Dictionary<string, int> _columnIndex;

    /// <summary>A matrix of row-major values; the array is copied.</summary>
    /// <exception cref="ArgumentException">A name occurs twice, or the number of values does not fit.</exception>
    public LabelledMatrix(IEnumerable<string> rows, IEnumerable<string> columns, ReadOnlySpan<double> values)
    {
        Rows = [.. rows];
        Columns = [.. columns];
        if ((long)Rows.Count * Columns.Count != values.Length)
            throw new ArgumentException(
                $"{Rows.Count} x {Columns.Count} needs {(long)Rows.Count * Columns.Count} values, not {values.Length}.", nameof(values));
        _rowIndex = Index(Rows, "row");
        _columnIndex = Index(Columns, "column");
        _values = values.ToArray();
    }

    /// <summary>A matrix whose values are computed from row and column number.</summary>
    public LabelledMatrix(IEnumerable<string> rows, IEnumerable<string> columns, Func<int, int, double> value)
        : this([.. rows], [.. columns], value) { }

    private LabelledMatrix(string[] rows, string[] columns, Func<int, int, double> value)
        : this(rows, columns, Fill(rows.Length, columns.Length, value)) { }

    /// <summary>Names of the rows.</summary>
    public IReadOnlyList<string> Rows { get; }

    /// <summary>Names of the columns.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>The value at a row and a column.</summary>
    public double this[int row, int column] => _values[row * Columns.Count + column];

    /// <summary>The value at a named row and column.</summary>
    /// <exception cref="ArgumentException">There is no such name.</exception>
    public double this[string row, string column] => this[RowOf(row), ColumnOf(column)];

    /// <summary>The values of one row, in the order of <see cref="Columns"/>.</summary>
    public ReadOnlySpan<double> Row(int row) => _values.AsSpan(row * Columns.Count, Columns.Count);

    /// <summary>The values of one column, in the order of <see cref="Rows"/>.</summary>
    public double[] Column(int column)
    {
        var result = new double[Rows.Count];
        for (int r = 0; r < result.Length; r++) result[r] = this[r, column];
        return result;
    }

    /// <summary>The number of a row.</summary>
    /// <exception cref="ArgumentException">There is no such row.</exception>
    public int RowOf(string name) =>
        _rowIndex.TryGetValue(name, out int i) ? i : throw new ArgumentException($"There is no row '{name}'.", nameof(name));

    /// <summary>The number of a column.</summary>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public int ColumnOf(string name) =>
        _columnIndex.TryGetValue(name, out int i) ? i : throw new ArgumentException($"There is no column '{name}'.", nameof(name));

    /// <summary>The same rows with these columns, in this order.</summary>
    /// <exception cref="ArgumentException">A column is missing.</exception>
    public LabelledMatrix WithColumns(IReadOnlyList<string> columns)
    {
        if (Columns.SequenceEqual(columns, StringComparer.Ordinal)) return this;
        int[] from = [.. columns.Select(ColumnOf)];
        return new LabelledMatrix(Rows, columns, (r, c) => this[r, from[c]]);
    }

    /// <summary>The same columns with these rows, in this order.</summary>
    /// <exception cref="ArgumentException">A row is missing.</exception>
    public LabelledMatrix WithRows(IReadOnlyList<string> rows)
    {
        if (Rows.SequenceEqual(rows, StringComparer.Ordinal)) return this;
        int[] from = [.. rows.Select(RowOf)];
        return new LabelledMatrix(rows, Columns, (r, c) => this[from[r], c]);
    }

    /// <summary>Names and values as parts of a <see cref="ContentId"/>.</summary>
    public ContentId ContentId(string kind) =>
        Lab.ContentId.Of(kind, [Rows.Count, .. Rows, Columns.Count, .. Columns, _values]);

    private static double[] Fill(int rows, int columns, Func<int, int, double> value)
    {
        var values = new double[rows * columns];
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++)
                values[r * columns + c] = value(r, c);
        return values;
    }

    private static Dictionary<string, int> Index(IReadOnlyList<string> names, string what)
    {
        var index = new Dictionary<string, int>(names.Count, StringComparer.Ordinal);
        for (int i = 0; i < names.Count; i++)
            if (!index.TryAdd(names[i], i)) throw new ArgumentException($"The {what} name '{names[i]}' occurs twice.");
        return index;
    }
}
