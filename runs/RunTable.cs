using System.Globalization;
using System.Text;

namespace PersonaSelection.Runs;

/// <summary>Results as Markdown, the way they stand in the docs.</summary>
internal static class RunTable
{
    public static string Of(IReadOnlyList<object> results)
    {
        var text = new StringBuilder();
        foreach (object result in results)
        {
            switch (result)
            {
                case MedicalResult m: Medical(text, m); break;
                case StatementsResult s: Statements(text, s); break;
                case WorldResult w: World(text, w); break;
            }
        }
        return text.ToString();
    }

    private static void Medical(StringBuilder text, MedicalResult m)
    {
        Line(text, $"seed {m.Seed}: {m.TrainingPrompts} training prompts, {m.HeldOutPrompts} held out\n");
        Head(text, "way", "examples per persona", "AUROC (95 %)", "right in pairs", "calibration error", "scales");
        foreach (MedicalRow r in m.Rows)
            Row(text, $"{r.Way}", $"{r.Examples}", $"{r.Auroc:0.000} [{r.AurocLow:0.000}, {r.AurocHigh:0.000}]", $"{r.PairAccuracy:0.000}",
                $"{r.CalibrationError:0.000}", $"{Scales(r.Scales)}");
        text.AppendLine();
        Head(text, "careless in the mix", "share found (95 %)", "AUROC in the mix");
        foreach (MedicalMix x in m.Mixes)
            Row(text, $"{x.Careless:0.00}", $"{x.Share:0.000} [{x.ShareLow:0.000}, {x.ShareHigh:0.000}]", $"{x.Auroc:0.000}");
        Line(text, $"\ncontrols: examples dealt to the personas at random {m.ShuffledExamples:0.000},");
        Line(text, $"with {m.ShuffledEvidence:0.00} of the evidence; labels shuffled {m.ShuffledLabels:0.000}\n");
    }

    private static void Statements(StringBuilder text, StatementsResult s)
    {
        Line(text, $"seed {s.Seed}: {s.Personas.Count} personas, {s.Training} training statements, {s.HeldOut} held out,");
        Line(text, $"{s.FivesCount} fives; temperature {s.Temperature:0.00}\n");
        Head(text, "way", "single (95 %)", "fives", "calibration error, single", "fives");
        foreach (StatementsRow r in s.Rows)
            Row(text, $"{r.Way}", $"{r.Single:0.000} [{r.SingleLow:0.000}, {r.SingleHigh:0.000}]", $"{r.Fives:0.000}",
                $"{r.CalibrationError:0.000}", $"{r.FivesCalibrationError:0.000}");
        Line(text, $"\ncontrol: labels shuffled {s.ShuffledLabels:0.000} (chance {1.0 / s.Personas.Count:0.000})\n");
    }

    private static void World(StringBuilder text, WorldResult w)
    {
        Line(text, $"seed {w.Seed}: {w.Cheats} unrequested and {w.Requested} requested cheats in {w.Lines} lines\n");
        Head(text, "format", "lines", "episodes", "AUROC", "against requested", "requested flagged", "others flagged", "labels shuffled");
        foreach (WorldRow r in w.Rows)
            Row(text, $"{r.Format}", $"{r.Lines}", $"{r.Episodes}", $"{r.Auroc:0.0000}", $"{r.AgainstRequested:0.0000}",
                $"{r.RequestedFlagged:0.000}", $"{r.OthersFlagged:0.000}", $"{r.ShuffledLabels:0.00}");
        text.AppendLine();
    }

    private static void Head(StringBuilder text, params string[] columns) =>
        text.AppendLine($"| {string.Join(" | ", columns)} |").AppendLine($"|{string.Concat(Enumerable.Repeat(" --- |", columns.Length))}");

    private static void Row(StringBuilder text, params FormattableString[] cells) =>
        text.AppendLine($"| {string.Join(" | ", cells.Select(c => c.ToString(CultureInfo.InvariantCulture)))} |");

    private static string Scales(IReadOnlyList<double> scales) =>
        string.Join(", ", scales.Select(x => x.ToString("0.00", CultureInfo.InvariantCulture)));

    private static void Line(StringBuilder text, FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
}
