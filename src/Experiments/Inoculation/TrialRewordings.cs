using PersonaSelection.Audit;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>The rewordings that a trial in the village tries unless told otherwise.</summary>
public static class TrialRewordings
{
    /// <summary>The list; it was fixed before anything on it was trained on.</summary>
    public static IReadOnlyList<Rewording> Village
    {
        get
        {
            using Stream stream = typeof(TrialRewordings).Assembly.GetManifestResourceStream("village-trial.yaml")!;
            using var reader = new StreamReader(stream);
            return RewordingFile.Parse("village-trial.yaml", reader.ReadToEnd());
        }
    }
}
