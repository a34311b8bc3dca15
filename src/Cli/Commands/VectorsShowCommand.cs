using System.CommandLine;
using PersonaSelection.Activations;
using PersonaSelection.Numerics;
using static PersonaSelection.Report.FigureNumber;

namespace PersonaSelection.Cli.Commands;

/// <summary>How the data was read that directions were just read off.</summary>
/// <param name="BadLines">Lines that were passed over.</param>
/// <param name="Cut">Different episodes that did not fit the model, or that it could not read.</param>
/// <param name="Unread">Those of them of which nothing could be read.</param>
internal sealed record DataRead(long BadLines, int Cut, int Unread);

/// <summary><c>psm vectors show</c>: what directions there are, how long, and how alike.</summary>
internal sealed class VectorsShowCommand
{
    private const int RandomPairs = 2000, WidestTable = 14;

    private readonly Argument<string> _folder = new("FOLDER") { Description = "The folder of directions." };
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Verb _verb;

    private VectorsShowCommand()
    {
        _verb = new Verb("show", "Show directions: their names, lengths, and the cosines between them, beside those of random directions.",
            "psm vectors show directions")
        {
            _folder, _json,
        };
        _verb.Does(Run);
    }

    public static Command Create() => new VectorsShowCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        string folder = parsed.GetValue(_folder)!;
        Tell(folder, DirectionSet.Load(folder), parsed.GetValue(_json));
        return ExitCode.Done;
    }

    /// <summary>Prints a set, with how the data was read where it was just read off.</summary>
    internal static void Tell(string folder, DirectionSet set, bool json, DataRead? data = null)
    {
        float[][] values = set.Values;
        double[] lengths = [.. values.Select(v => DirectionStrengthFit.Length(v))];
        double[][] cosines = [.. values.Select(a => values.Select(b => Cosine(a, b)).ToArray())];
        if (json) PrintJson(folder, set, lengths, cosines, data);
        else Print(folder, set, lengths, cosines, data);
    }

    private static void PrintJson(string folder, DirectionSet set, double[] lengths, double[][] cosines, DataRead? data)
    {
        (double mean, double high) = Chance(set.Width);
        Screen.Data(new
        {
            Id = set.Id.ToString(),
            Folder = folder,
            data?.BadLines,
            data?.Cut,
            data?.Unread,
            set.Origin.Model,
            set.Origin.Site,
            set.Origin.Positions,
            set.Origin.Baseline,
            set.Origin.Subject,
            set.Origin.Extraction,
            set.Width,
            set.Strength,
            Directions = set.Names.Select((name, i) => new
            {
                Name = name,
                Norm = lengths[i],
                Cosines = set.Names.Index().ToDictionary(n => n.Item, n => cosines[i][n.Index]),
            }),
            Chance = new { Mean = mean, High = high },
        });
    }

    private static void Print(string folder, DirectionSet set, double[] lengths, double[][] cosines, DataRead? data)
    {
        TextTable.PrintFacts(("directions", set.Id), ("model", set.Origin.Model),
            ("at", $"{set.Origin.Site}, positions {set.Origin.Positions}, less {set.Origin.Baseline}, width {set.Width}"),
            ("from", set.Origin.Extraction), ("strength", Strength(set.Strength)), ("folder", folder));
        if (data is { Cut: > 0 }) Console.Out.WriteLine("\n" + CutEpisodes.Count(data.Cut, data.Unread));
        Console.Out.WriteLine();
        bool whole = set.Names.Count <= WidestTable;
        var table = new TextTable(whole
            ? [set.Origin.Subject, "norm", .. set.Names] : [set.Origin.Subject, "norm", "most alike", "cos", "least alike", "cos"]);
        for (int i = 0; i < lengths.Length; i++)
        {
            int[] others = [.. Enumerable.Range(0, lengths.Length).Where(j => j != i).OrderByDescending(j => cosines[i][j])];
            table.Add(whole ? [set.Names[i], $"{lengths[i]:0.00}", .. cosines[i].Select(c => Signed(c))]
                : [set.Names[i], $"{lengths[i]:0.00}", set.Names[others[0]], Signed(cosines[i][others[0]]), set.Names[others[^1]],
                    Signed(cosines[i][others[^1]])]);
        }
        table.Print();
        (double mean, double high) = Chance(set.Width);
        Console.Out.WriteLine(
            FormattableString.Invariant($"\nBy chance: two random directions of this width have |cos| {mean:0.00} on average, ")
                + FormattableString.Invariant($"below {high:0.00} in 95 of 100 pairs.") + (set.Origin.Baseline == "bare"
                && set.Origin.Subject == "personas" ? " What any context adds is in all of these: --baseline mean takes it out." : ""));
    }

    private static string Strength(DirectionStrength? strength) => strength is not { } s
        ? "not measured; 1 is the length as extracted"
        : FormattableString.Invariant(
            $"{s.Amount:0.##}{(s.Amount >= DirectionStrengthFit.Largest ? ", the most that is tried" : "")}: the steered model's evidence ")
        + FormattableString.Invariant($"correlates with that of the contexts at r = {Signed(s.Agreement)}, ")
            + FormattableString.Invariant($"slope {Signed(s.Slope)}, over {s.Episodes} episodes (random directions: {s.Random:0.00})")
            + (s.Agreement > s.Random ? "" : ". That is no better than random: steering does not stand in for these contexts");

    private static double Cosine(IReadOnlyList<float> a, IReadOnlyList<float> b)
    {
        double scale = DirectionStrengthFit.Length(a) * DirectionStrengthFit.Length(b);
        return scale > 0 ? a.Zip(b, (x, y) => (double)x * y).Sum() / scale : 0;
    }

    private static (double Mean, double High) Chance(int width)
    {
        RngStream random = RngStream.Root(1).Child("cosines");
        float[] any = new float[width];
        any[0] = 1;
        float[] Draw(string side, int i) => DirectionStrengthFit.Random(any, random.Child(side, i));
        double[] drawn = [.. Enumerable.Range(0, RandomPairs).Select(i => Math.Abs(Cosine(Draw("a", i), Draw("b", i))))];
        return (Statistics.Mean(drawn), Statistics.Quantile(drawn, 0.95));
    }
}
