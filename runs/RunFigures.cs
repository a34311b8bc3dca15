using PersonaSelection.Report;

namespace PersonaSelection.Runs;

/// <summary>Results as SVG files.</summary>
internal static class RunFigures
{
    public static void Write(IReadOnlyList<object> results, string folder)
    {
        MedicalResult[] medical = [.. results.OfType<MedicalResult>()];
        if (medical.Length == 0) return;
        int[] examples = [.. medical[0].Rows.Where(r => r.Way == "by example").Select(r => r.Examples)];
        LineSeries Mean(string way, string name) => new(name, [.. examples.Select(n => (double)n)],
            [.. examples.Select(n => medical.Average(m => m.Rows.First(r => r.Way == way && r.Examples == n).Auroc))]);
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
                        Mean("by example", "personas by example"),
                        Mean("model alone", "the fitted model alone"),
                        Mean("naive Bayes", "naive Bayes"),
                    ],
                    Maximum = 1,
                },
            ],
        }, Path.Combine(folder, "medical.svg"));
    }
}
