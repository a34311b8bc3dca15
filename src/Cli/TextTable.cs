using System.Text;
using PersonaSelection.Report;
using Spectre.Console;

namespace PersonaSelection.Cli;

/// <summary>
/// A table of plain text on stdout: words to the left, numbers to the right, two spaces between columns. Where it is wider than the
/// terminal, words go on in the next line of their column, and columns that still find no room follow in a table of their own.
/// </summary>
internal sealed class TextTable(params string[] columns)
{
    private const int Gap = 2, NarrowestText = 20, NarrowestName = 14;
    private readonly string[] _heads = Array.ConvertAll(columns, VisibleText.Line);
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add(Array.ConvertAll(cells, VisibleText.Line));

    public void Print()
    {
        bool[] numeric = [.. _heads.Select((_, i) => _rows.Count > 0 && _rows.All(r => IsNumber(r[i])))];
        List<List<int>> tables = [[0]];
        for (int i = 1; i < _heads.Length; i++)
            if (tables[^1].Count < 2 || Widths([.. tables[^1], i], numeric).Fit) tables[^1].Add(i);
            else tables.Add([0, i]);
        foreach ((int n, List<int> shown) in tables.Index())
        {
            if (n > 0) Console.Out.WriteLine();
            int[] widths = Widths(shown, numeric).Widths;
            // Heads stand on the row below them, words hang from the row they belong to.
            Lines(_heads, atBottom: true);
            foreach (string[] row in _rows) Lines(row, atBottom: false);

            void Lines(string[] row, bool atBottom)
            {
                IReadOnlyList<string>[] cells = [.. shown.Select((c, i) => Wrap(row[c], widths[i], breakWords: true))];
                int height = cells.Max(c => c.Count);
                for (int line = 0; line < height; line++)
                    Console.Out.WriteLine(string.Join("  ", cells.Select((c, i) => Pad(
                        c.ElementAtOrDefault(atBottom ? line - height + c.Count : line) ?? "", widths[i], numeric[shown[i]]))).TrimEnd());
            }
        }
    }

    // As wide as the widest cell, or as narrow as the terminal asks: numbers and words of a head are never broken.
    private (int[] Widths, bool Fit) Widths(List<int> shown, bool[] numeric)
    {
        int[] cells = [.. shown.Select(c => _rows.Select(r => r[c].GetCellWidth()).Append(0).Max())];
        int[] widths = [.. shown.Select((c, i) => Math.Max(cells[i], _heads[c].GetCellWidth()))];
        int[] least = [.. shown.Select((c, i) => Math.Max(_heads[c].Split(' ').Max(w => w.GetCellWidth()),
            numeric[c] ? cells[i] : Math.Min(cells[i], c > 0 ? NarrowestText : Math.Max(NarrowestName, Screen.Columns / 4))))];
        while (widths.Sum() + Gap * (widths.Length - 1L) > Screen.Columns)
        {
            int widest = Enumerable.Range(0, widths.Length).Where(i => widths[i] > least[i]).OrderByDescending(i => widths[i])
                .FirstOrDefault(-1);
            if (widest < 0) return (widths, false);
            widths[widest]--;
        }
        return (widths, true);
    }

    // By the cells of a terminal: a Chinese character takes two. What is written from right to left does not turn round its neighbours.
    private static string Pad(string cell, int width, bool toTheRight)
    {
        string space = new(' ', Math.Max(0, width - cell.GetCellWidth())), shown = NameText.Plain(cell);
        return toTheRight ? space + shown : shown + space;
    }

    private static bool IsNumber(string cell) => cell.Length == 0 || cell == FigureNumber.Missing || "+-−0123456789".Contains(cell[0]);

    /// <summary>Names with their values, one per line; the words of a long value go on below its beginning.</summary>
    public static void PrintFacts(params (string Name, object? Value)[] facts)
    {
        int width = facts.Max(f => f.Name.GetCellWidth()), room = Math.Max(NarrowestText, Screen.Columns - width - Gap);
        foreach ((string name, object? value) in facts)
        {
            if (value is null) continue;
            // A path or an id stays in one piece, to be copied.
            string text = VisibleText.Of(FormattableString.Invariant($"{value}")).ReplaceLineEndings("\n").TrimEnd('\n');
            foreach ((int i, string line) in text.Split('\n').SelectMany(l => Wrap(l, room, breakWords: false)).Index())
                Console.Out.WriteLine($"{Pad(i == 0 ? name : "", width, false)}  {line}".TrimEnd());
        }
    }

    // Names and paths break where they are put together.
    private static IEnumerable<string> Parts(string word)
    {
        for (int at = 0, end; at < word.Length; at = end)
        {
            int joint = word.AsSpan(at).IndexOfAny("-_/.,");
            end = joint < 0 ? word.Length : at + joint + 1;
            yield return word[at..end];
        }
    }

    /// <summary>A text in lines of so many cells, broken at spaces; longer words are broken too, or stand in a line too long.</summary>
    private static List<string> Wrap(string text, int width, bool breakWords)
    {
        if (text.GetCellWidth() <= width) return [text];
        List<string> lines = [];
        var line = new StringBuilder();
        int used = 0;
        foreach (string word in text.Split(' '))
        {
            int wide = word.GetCellWidth();
            if (used > 0 && used + 1 + wide > width) End();
            else if (used > 0) Add(" ", 1);
            if (wide <= width || !breakWords)
            {
                Add(word, wide);
                continue;
            }
            foreach (string part in Parts(word))
            {
                if (used > 0 && used + part.GetCellWidth() > width) End();
                foreach (string piece in part.EnumerateRunes().Select(r => r.ToString()))
                {
                    if (used > 0 && used + piece.GetCellWidth() > width) End();
                    Add(piece, piece.GetCellWidth());
                }
            }
        }
        End();
        return lines;

        void Add(string piece, int wide)
        {
            line.Append(piece);
            used += wide;
        }

        void End()
        {
            lines.Add(line.ToString());
            line.Clear();
            used = 0;
        }
    }
}
