using Spectre.Console;

namespace PersonaSelection.Cli;

/// <summary>A table of plain text on stdout: words to the left, numbers to the right, two spaces between columns.</summary>
internal sealed class TextTable(params string[] columns)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add(cells);

    public void Print()
    {
        int[] widths = [.. columns.Select((c, i) => _rows.Select(r => r[i].GetCellWidth()).Append(c.GetCellWidth()).Max())];
        bool[] numeric = [.. columns.Select((_, i) => _rows.Count > 0 && _rows.All(r => IsNumber(r[i])))];
        foreach (string[] row in _rows.Prepend(columns))
            Console.Out.WriteLine(string.Join("  ", row.Select(Pad)).TrimEnd());

        // By the cells of a terminal: a Chinese character takes two.
        string Pad(string cell, int i)
        {
            string space = new(' ', widths[i] - cell.GetCellWidth());
            return numeric[i] ? space + cell : cell + space;
        }
    }

    private static bool IsNumber(string cell) => cell.Length == 0 || "+-−0123456789".Contains(cell[0]);

    /// <summary>Names with their values, one per line.</summary>
    public static void PrintFacts(params (string Name, object? Value)[] facts)
    {
        int width = facts.Max(f => f.Name.Length);
        foreach ((string name, object? value) in facts)
            if (value is not null) Console.Out.WriteLine(FormattableString.Invariant($"{name.PadRight(width)}  {value}"));
    }
}
