using PersonaSelection.Report;

namespace PersonaSelection.Runs;

/// <summary>Results as SVG files.</summary>
internal static class RunFigures
{
    public static void Write(IReadOnlyList<object> results, string folder)
    {
        MedicalResult[] medical = [.. results.OfType<MedicalResult>()];
        if (medical.Length == 0) return;
        double[] examples = [.. ByExample(medical[0]).Select(r => (double)r.Examples)];
        double Mean(int row, Func<MedicalRow, double> of) => medical.Average(m => of(ByExample(m)[row]));
        SvgFigure.Write(new LinesFigure
        {
            Id = "medical",
            Title = "Careless and sound medical answers told apart, by examples per persona",
            Caption = "Area under the ROC curve on 2,000 held-out prompts, both answers to each. "
                + "The model was trained from nothing on the training prompts' answers, not told which are which.",
            XLabel = "examples of each persona",
            LogX = true,
            Panels =
            [
                new LinePanel("AUROC")
                {
                    Series =
                    [
                        new LineSeries("personas by example", examples, [.. examples.Select((_, i) => Mean(i, r => r.Auroc))]),
                        new LineSeries("naive Bayes", examples, [.. examples.Select((_, i) => Mean(i, r => r.NaiveBayes))]),
                    ],
                    Maximum = 1,
                },
            ],
        }, Path.Combine(folder, "medical.svg"));
    }

    private static MedicalRow[] ByExample(MedicalResult m) => [.. m.Rows.Where(r => r.Way == "by example")];
}
