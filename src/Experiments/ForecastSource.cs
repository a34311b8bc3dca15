using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;

namespace PersonaSelection.Experiments;

/// <summary>Where a forecast gets its evidence and its answers from.</summary>
/// <param name="Answers">How probes are answered.</param>
/// <param name="Evidence">What an episode says of the personas.</param>
/// <param name="Personas">The personas, as they compete.</param>
/// <param name="Original">The persona in the user's file, by name.</param>
/// <param name="ContextRead">The context of an episode as far as the model reads it; null where it reads nothing.</param>
internal sealed record ForecastSource(IProbeAnswers Answers, IEvidenceSource Evidence, PersonaSet Personas,
    IReadOnlyDictionary<string, string> Original, Func<Episode, IReadOnlyList<Turn>?> ContextRead) : IDisposable
{
    // Situations of the data that a dose is fitted to, where every answer is paid for.
    internal const int PaidSituations = 12;

    private PresentedPersonas? _presented;

    /// <summary>Tells which episodes are among the examples of personas.</summary>
    public ExampleOverlap? Overlap { get; private init; }

    /// <summary>What came of holding exact evidence against examples of known source; null where there were none.</summary>
    public EvidenceCheck? Check => EvidenceCheck.Of(_presented?.Calibration);

    /// <summary>How episodes are read where probabilities are exact.</summary>
    public LikelihoodOptions Reading { get; private init; } = new();

    /// <summary>Different episodes whose evidence is asked for, at most.</summary>
    public int Judged { get; private init; } = int.MaxValue;

    /// <summary>Situations of the data that the dose is fitted to, at most.</summary>
    public int Situations { get; private init; } = int.MaxValue;

    /// <summary>Bounds of the dose.</summary>
    public DosePlan Dose { get; private init; } = new();

    /// <summary>What to tell of having asked, by the number of different episodes; null where probabilities are exact.</summary>
    public Func<int, AskedForecast>? Asked { get; private init; }

    /// <summary>Exact probabilities, of personas put before the model as for an audit.</summary>
    /// <param name="model">The model; it must outlive the source.</param>
    /// <param name="personas">The personas.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told about fitting and calibrating.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static ForecastSource Of(ILanguageModel model, PersonaSet personas, ForecastingOptions options,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        // Each way of describing a persona is a hypothesis of its own: an update selects among them too, and forecasts better for it.
        PersonaSet apart = personas.Apart(out IReadOnlyDictionary<string, string> original);
        PresentationOptions presenting = EvidenceSources.Presenting(apart, model, options.Fitted);
        PresentedPersonas presented = PresentedPersonas.Of(apart, model, presenting, progress, cancellation);
        var reading = new LikelihoodOptions { Strict = options.Strict, Independent = false };
        var evidence = new LikelihoodSource(presented.Personas,
            reading with { Calibration = presented.Calibration, WordCounts = presented.WordCounts });
        return new ForecastSource(new ScoredAnswers(model, presented.Personas, reading), evidence, apart, original, evidence.ContextRead)
        {
            _presented = presented,
            Overlap = presented.Overlap,
            Reading = reading,
        };
    }

    /// <summary>Judgements and choices of a chat model that gives no probabilities.</summary>
    /// <param name="chat">The chat model.</param>
    /// <param name="personas">The personas.</param>
    /// <param name="asking">How it is asked.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between questions.</param>
    public static ForecastSource Ask(IChatModel chat, PersonaSet personas, AskingOptions asking, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        var answers = new SampledAnswers(chat, personas, asking.Samples, cancellation);
        JudgementEvidence judge = PersonaJudge.Of(personas, chat, asking.Folder, progress, cancellation);
        return new ForecastSource(answers, judge, personas, personas.Personas.ToDictionary(p => p.Name, p => p.Name), e => e.Context)
        {
            Overlap = answers.Overlap,
            Judged = asking.Judged,
            Situations = PaidSituations,
            // A judge's nats have a unit of their own, so that no number of observations is too much: what the target
            // tells bounds the dose alone.
            Dose = new DosePlan(MaximumEffectiveObservations: 40),
            Asked = set => new AskedForecast(asking.Samples, Math.Min(asking.Judged, set), set, answers.Answered, answers.Unreadable,
                judge.Calibration, judge.Reliability),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _presented?.Dispose();
}
