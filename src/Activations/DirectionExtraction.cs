using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Activations;

/// <summary>The positions of an episode at which activations are read.</summary>
public enum ReadPositions
{
    /// <summary>The one that predicts the reply's first token: where a character decides what to do.</summary>
    Opening,

    /// <summary>Those that predict a token of the reply.</summary>
    Reply,

    /// <summary>All of the episode's own tokens but the last of the reply, behind which nothing is predicted.</summary>
    Episode,
}

/// <summary>What is subtracted from a persona's mean activations.</summary>
public enum DirectionBaseline
{
    /// <summary>Those of the same episodes without any context.</summary>
    Bare,

    /// <summary>The mean over the personas.</summary>
    Mean,
}

/// <summary>Directions as they were read off a model.</summary>
/// <param name="Set">The directions.</param>
/// <param name="Cut">The episodes that did not fit the model whole, or that it could not read, and what was left out of each.</param>
public sealed record ExtractedDirections(DirectionSet Set, IReadOnlyList<(Episode Episode, EpisodeCut Cut)> Cut);

/// <summary>
/// Reads the directions of personas off a model: mean activations with a persona's context before the episodes, less a baseline.
/// </summary>
public sealed class DirectionExtraction
{
    private const int RowsPerBatch = 512;

    private readonly Transformer _model;
    private readonly string _site;
    private readonly ReadPositions _positions;
    private readonly Interventions _edits;
    private readonly int _slot;

    /// <summary>An extraction at one site.</summary>
    /// <param name="model">The model; not a steered view.</param>
    /// <param name="site">The site, except <c>final</c>.</param>
    /// <param name="positions">Which positions count.</param>
    /// <exception cref="ArgumentException">A steered model, or no such site.</exception>
    public DirectionExtraction(Transformer model, string site, ReadPositions positions = ReadPositions.Opening)
    {
        if (model.Interventions is not null)
            throw new ArgumentException("Directions are read off a model that is not steered.", nameof(model));
        if (site == "final") throw new ArgumentException("The last site has rows for predicted tokens only.", nameof(site));
        (_model, _site, _positions) = (model, site, positions);
        _edits = new Interventions(model.Config);
        _slot = _edits.Capture(site);
    }

    /// <summary>Extracts one direction per persona.</summary>
    /// <param name="personas">The personas by the contexts that put them before the model; alternatives are averaged.</param>
    /// <param name="episodes">What comes after the context: the data under audit, or any other dialogues.</param>
    /// <param name="baseline">What is subtracted.</param>
    /// <param name="strict">Whether an episode that does not fit, or that cannot be read, is an error; otherwise it is cut alike for every
    /// persona and for none.</param>
    /// <param name="progress">Told about contexts done.</param>
    /// <param name="cancellation">Stops between contexts.</param>
    /// <exception cref="ArgumentException">There is nothing to read.</exception>
    /// <exception cref="UserErrorException"><c>persona-too-long</c>, <c>no-episodes</c> where nothing can be read; when strict,
    /// <c>prompt-too-long</c> or a word that the model does not know.</exception>
    public ExtractedDirections OfContexts(IReadOnlyList<PresentedPersona> personas, IReadOnlyList<Episode> episodes,
        DirectionBaseline baseline = DirectionBaseline.Bare, bool strict = false, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        if (personas.Count == 0 || episodes.Count == 0) throw new ArgumentException("There is nothing to read.", nameof(episodes));
        (int Persona, IReadOnlyList<Turn> Context)[] jobs = [(-1, []), .. personas.SelectMany((p, h) => p.Contexts.Select(c => (h, c)))];
        Kept[] kept = Fit(personas, episodes, strict);
        double[][] means = Means([.. jobs.Select(j => (j.Context, kept))], progress, cancellation);
        double[][] found = [.. personas.Select((_, h) =>
            Average([.. Enumerable.Range(0, jobs.Length).Where(j => jobs[j].Persona == h).Select(j => means[j])]))];
        double[] zero = baseline == DirectionBaseline.Bare ? means[0] : Average(found);
        return Less(zero, found, Origin(baseline, $"mean activations over {episodes.Count} episodes", kept),
            personas.Select(p => p.Persona), kept);
    }

    /// <summary>
    /// Extracts one direction per persona from what it said itself: mean activations on its own examples, less the mean over the personas.
    /// </summary>
    /// <param name="personas">At least two personas with the examples they are read from.</param>
    /// <param name="progress">Told about personas done.</param>
    /// <param name="cancellation">Stops between personas.</param>
    /// <exception cref="ArgumentException">There are fewer than two personas.</exception>
    /// <exception cref="UserErrorException"><c>no-episodes</c>: nothing that a persona said can be read.</exception>
    public ExtractedDirections OfExamples(IReadOnlyList<PersonaExamples> personas, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        if (personas.Count < 2) throw new ArgumentException("Personas are told apart by their examples: two are needed.", nameof(personas));
        Kept[][] kept = [.. personas.Select(p =>
            Fit([PresentedPersona.AsGiven(p.Persona with { Contexts = [] }, _model)], p.Learnt, strict: false))];
        double[][] means = Means([.. kept.Select(k => ((IReadOnlyList<Turn>)[], k))], progress, cancellation);
        Kept[] all = [.. kept.SelectMany(k => k)];
        return Less(Average(means), means,
            Origin(DirectionBaseline.Mean, $"mean activations over the personas' own examples, {all.Length} in all", all),
            personas.Select(p => p.Persona), all);
    }

    private Kept[] Fit(IReadOnlyList<PresentedPersona> personas, IReadOnlyList<Episode> episodes, bool strict)
    {
        var fit = new EpisodeFit(_model, _model.ContextLength, new LikelihoodOptions { Strict = strict }, personas);
        return [.. episodes.Select(e => new Kept(e, fit.Of(e)))];
    }

    private DirectionOrigin Origin(DirectionBaseline baseline, string how, Kept[] kept)
    {
        int cut = kept.Count(k => k.Part.Cut is not null);
        return new DirectionOrigin(_model.Id, _site, Word(_positions), Word(baseline), "personas",
            cut == 0 ? how : $"{how}, {cut} of them cut to fit the model");
    }

    private static ExtractedDirections Less(double[] zero, double[][] found, DirectionOrigin origin,
        IEnumerable<Persona> personas, Kept[] kept) =>
        new(new DirectionSet(origin, [.. personas.Select(p => p.Name)], [.. found.Select(v => v.Zip(zero, (x, z) => (float)(x - z))
            .ToArray())]), [.. kept.Where(k => k.Part.Cut is not null).Select(k => (k.Episode, k.Part.Cut!))]);

    private sealed record Kept(Episode Episode, EpisodeFit.Kept Part);

    private double[][] Means((IReadOnlyList<Turn> Context, Kept[] Episodes)[] jobs, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        var means = new double[jobs.Length][];
        using var decoder = new Decoder(_model.Config);
        using var pool = new WorkerPool(Math.Min(_model.Threads, jobs.Length));
        int done = 0;
        pool.Run(jobs.Length, (job, _) =>
        {
            cancellation.ThrowIfCancellationRequested();
            means[job] = Mean(decoder, jobs[job].Context, jobs[job].Episodes);
            progress?.Report(new WorkProgress("directions", Interlocked.Increment(ref done), jobs.Length, "contexts"));
        });
        return means;
    }

    private double[] Mean(Decoder decoder, IReadOnlyList<Turn> context, Kept[] episodes)
    {
        int d = _model.Config.Width;
        var sum = new double[d];
        long rows = 0;
        var batch = new TokenBatch(RowsPerBatch);
        var spans = new List<(int Start, int End)>();
        using var workspace = new DecoderWorkspace(_model.Config, forBackward: false);
        foreach (EpisodeFit.Kept episode in episodes.Select(e => e.Part))
        {
            int[] reply = episode.Reply;
            if (reply.Length == 0) continue;
            int[] prefix = _model.Template.EncodeContext(_model.Tokenizer, DialogueJoin.Of(context, episode.Context));
            if (batch.Rows > 0 && batch.Rows + prefix.Length + reply.Length > RowsPerBatch) Flush();
            // A template may open a context that nothing precedes in another way: its own is what both end with.
            int own = TokenRuns.CommonSuffixLength(_model.Template.EncodeContext(_model.Tokenizer, episode.Context).AsSpan(1), prefix);
            int first = batch.AddRows([.. prefix, .. reply[..^1]]), opening = first + prefix.Length - 1;
            spans.Add(_positions switch
            {
                ReadPositions.Opening => (opening, opening + 1),
                ReadPositions.Reply => (opening, batch.Rows),
                _ => (first + prefix.Length - Math.Min(own, prefix.Length), batch.Rows),
            });
        }
        Flush();
        return rows > 0 ? Array.ConvertAll(sum, x => x / rows) : throw new UserErrorException("no-episodes",
            "No episode has a reply that the model can read.", "Give dialogues that the Assistant answers, in words that the model knows.");

        void Flush()
        {
            if (batch.Rows == 0) return;
            decoder.Forward(_model.Weights, batch, workspace, _edits);
            ReadOnlySpan<float> captured = workspace.Captured(_slot);
            foreach ((int start, int end) in spans)
            {
                for (int i = start * d; i < end * d; i++) sum[i % d] += captured[i];
                rows += end - start;
            }
            batch.Clear();
            spans.Clear();
        }
    }

    private static double[] Average(double[][] rows) => [.. Enumerable.Range(0, rows[0].Length).Select(j => rows.Average(r => r[j]))];

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
