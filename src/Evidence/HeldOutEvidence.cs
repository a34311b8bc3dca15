using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>What the model and the word counts say of examples that neither was made from: what calibrations are fitted to.</summary>
/// <param name="set">All personas.</param>
/// <param name="options">How many examples of a persona.</param>
/// <param name="counted">Whether words are counted; every persona then has examples.</param>
/// <param name="store">Where it is kept, block by block, for the next time.</param>
/// <param name="progress">Told how far it is.</param>
/// <param name="cancellation">Stops between batches.</param>
internal sealed class HeldOutEvidence(PersonaSet set, PresentationOptions options, bool counted, ArtifactStore store,
    IProgress<WorkProgress>? progress, CancellationToken cancellation)
{
    /// <summary>Held-out examples of all personas together from which two scales are fitted without more of them.</summary>
    internal const int Enough = 200;

    private const int BlockSize = 512;

    private readonly List<double[]> _nats = [], _counts = [];
    private readonly List<int> _truth = [];
    private readonly string[] _names = [.. set.Personas.Select(p => p.Name)];

    /// <summary>How many examples are known.</summary>
    public int Count => _truth.Count;

    /// <summary>Asks personas about the examples held out of them.</summary>
    public void Add(IReadOnlyList<PresentedPersona> personas, IReadOnlyList<PersonaExamples> examples)
    {
        var raw = new LikelihoodSource(personas);
        (Episode Episode, int Persona)[] known = [.. examples.SelectMany(e =>
            e.HeldOut.Take(options.CalibrationExamples).Select(x => (x, set.IndexOf(e.Persona.Name))))];
        if (known.Length == 0) return;
        WordCounts? words = counted ? WordCounts.Of([.. examples.Select(e => e.Learnt)]) : null;
        (Episode Episode, int Persona)[][] blocks = [.. known.Chunk(BlockSize)];
        for (int b = 0; b < blocks.Length; b++)
        {
            ProgressShare? share = progress is null ? null : new(progress, "calibrating", b, blocks.Length, "blocks", "");
            EvidenceTable table = Of([.. blocks[b].Select(k => k.Episode)], raw, share);
            for (int i = 0; i < blocks[b].Length; i++)
            {
                if (table.Rows[i].Tokens == 0) continue;
                _nats.Add(table.LogLikelihood.Row(i).ToArray());
                _truth.Add(blocks[b][i].Persona);
                if (words is not null) _counts.Add(words.Evidence(blocks[b][i].Episode.Reply));
            }
        }
    }

    /// <summary>The model alone.</summary>
    public EvidenceCalibration Calibrate() => EvidenceCalibration.Fit(_names, _nats, _truth);

    /// <summary>Word counts alone.</summary>
    public EvidenceCalibration CalibrateCounts() => EvidenceCalibration.FitCounts(_names, _counts, _truth);

    /// <summary>Both, added.</summary>
    public EvidenceCalibration CalibrateBoth() => EvidenceCalibration.Fit(_names, _nats, _counts, _truth);

    private EvidenceTable Of(Episode[] episodes, LikelihoodSource source, IProgress<WorkProgress>? share)
    {
        string[] provenance = [.. ContentId.Parts(source.Provenance)];
        ContentId id = ContentId.Of("held-out", [.. provenance, .. episodes.Select(e => (object)e.TextId)]);
        string path = store.PathOf(id);
        if (!store.Contains(id))
        {
            EvidenceBlock block = source.Compute(episodes, progress: share, cancellation: cancellation);
            EvidenceRow[] rows = [.. block.Tokens.Select((t, i) => new EvidenceRow($"{i}", 1, t, $"{i}"))];
            var nats = new LabelledMatrix(rows.Select(r => r.Id), source.Personas, [.. block.Nats.SelectMany(n => n)]);
            new EvidenceTable(source.Kind, nats, rows, source.Provenance).Save(path);
        }
        try
        {
            return EvidenceTable.Load(path);
        }
        catch (UserErrorException e)
        {
            throw new UserErrorException(e.Code, e.Problem, "Delete it; it is computed again.", e);
        }
    }
}
