using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>What the model and the word counts say of examples that neither was made from: what calibrations are fitted to.</summary>
/// <param name="set">All personas.</param>
/// <param name="options">How many examples of a persona, and the template.</param>
/// <param name="counted">Whether words are counted; every persona then has examples.</param>
/// <param name="progress">Told how far it is.</param>
/// <param name="cancellation">Stops between batches.</param>
internal sealed class HeldOutEvidence(PersonaSet set, PresentationOptions options, bool counted, IProgress<WorkProgress>? progress, CancellationToken cancellation)
{
    /// <summary>Held-out examples of all personas together from which two scales are fitted without more of them.</summary>
    internal const int Enough = 200;

    private readonly List<double[]> _nats = [], _counts = [];
    private readonly List<int> _truth = [];
    private readonly string[] _names = [.. set.Personas.Select(p => p.Name)];

    /// <summary>How many examples are known.</summary>
    public int Count => _truth.Count;

    /// <summary>Asks personas about the examples held out of them.</summary>
    public void Add(IReadOnlyList<PresentedPersona> personas, IReadOnlyList<PersonaExamples> examples)
    {
        var raw = new LikelihoodSource(personas, new LikelihoodOptions { Template = options.Template });
        (Episode Episode, int Persona)[] known = [.. examples.SelectMany(e =>
            e.HeldOut.Take(options.CalibrationExamples).Select(x => (x, set.IndexOf(e.Persona.Name))))];
        if (known.Length == 0) return;
        WordCounts? words = counted ? WordCounts.Of([.. examples.Select(e => e.Learnt)]) : null;
        EvidenceBlock block = raw.Compute([.. known.Select(k => k.Episode)], progress: progress is null ? null : new Renamed(progress), cancellation: cancellation);
        for (int i = 0; i < known.Length; i++)
        {
            if (block.Tokens[i] == 0) continue;
            _nats.Add(block.Nats[i]);
            _truth.Add(known[i].Persona);
            if (words is not null) _counts.Add(words.Evidence(known[i].Episode.Reply));
        }
    }

    /// <summary>The model alone.</summary>
    public EvidenceCalibration Calibrate() => EvidenceCalibration.Fit(_names, _nats, _truth);

    /// <summary>Word counts alone.</summary>
    public EvidenceCalibration CalibrateCounts() => EvidenceCalibration.FitCounts(_names, _counts, _truth);

    /// <summary>Both, added.</summary>
    public EvidenceCalibration CalibrateBoth() => EvidenceCalibration.Fit(_names, _nats, _counts, _truth);

    private sealed class Renamed(IProgress<WorkProgress> to) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => to.Report(value with { Stage = "calibrating" });
    }
}
