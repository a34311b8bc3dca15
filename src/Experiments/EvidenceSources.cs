using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>Where an audit gets its evidence from, by the name of the kind.</summary>
public static class EvidenceSources
{
    /// <summary>The kinds that can be asked for.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["likelihood", "gradient", "adaptive", "in-context", "judgement"];

    /// <summary>
    /// As how many observations all data count where nobody says, by kind of evidence; null where the dose is fitted to the data's own
    /// replies. What showing an episode does is the effect of one: training moves a model about as far as showing one of its episodes
    /// (<see cref="Posterior.InContextForecast"/>), and evidence that is no probability of the replies has no gain to fit a dose to.
    /// </summary>
    public static double? Observations(string kind) => kind == "in-context" ? 1 : null;

    /// <summary>
    /// Episodes whose exact evidence first-order evidence is fitted to; fewer different ones than the least leave it as it is.
    /// </summary>
    internal const int CalibrationEpisodes = 96, LeastCalibration = 32;

    /// <summary>
    /// Held-out examples of a persona that calibration reads through a server, and contexts of one that is shown: each is paid for.
    /// </summary>
    internal const int ServedExamples = 16, ServedDraws = 2;

    /// <summary>Evidence from the probabilities of a model: likelihood, gradient, adaptive or in-context.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="model">The model; it must outlive the session.</param>
    /// <param name="progress">Told how far fitting, calibrating and cells are.</param>
    /// <param name="cancellation">Stops; fitted personas and cells stay in the folder.</param>
    /// <exception cref="UserErrorException"><c>unknown-evidence</c>, <c>needs-weights</c>, <c>adaptive-data</c>, <c>other-audit</c>, or a
    /// persona cannot be put before the model.</exception>
    public static EvidenceSession Open(EvidenceRequest request, ILanguageModel model, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        if (request.Kind is not ("likelihood" or "gradient" or "adaptive" or "in-context"))
            throw new UserErrorException("unknown-evidence", $"A model's probabilities give no evidence of the kind '{request.Kind}'.",
                $"Choose one of {string.Join(", ", Kinds)}.");
        bool first = request.Kind == "gradient";
        if (first && model is not Transformer)
            throw new UserErrorException("needs-weights",
                "Evidence by gradients needs the weights of the model; a server keeps them to itself.",
                "Use --model with a folder, or --evidence likelihood, adaptive, in-context or judgement.");
        RequireKin(request);
        // A gradient is taken along contexts, so every persona is described.
        PresentationOptions options = Presenting(request.Personas, model, new ArtifactStore(Path.Combine(request.Folder, "fitted")),
            first ? Presentation.Described : null) with
        {
            Strict = request.Strict,
            Calibrate = request.Kind != "in-context",
        };
        PresentedPersonas presented = PresentedPersonas.Of(request.Personas, model, options, progress, cancellation);
        try
        {
            return request.Kind switch
            {
                "gradient" => new EvidenceSession(Gradient(request, presented, progress, cancellation), presented),
                "adaptive" => Adaptive(request, presented, progress, cancellation),
                "in-context" => new EvidenceSession(InContext(request, presented, model, progress, cancellation), presented),
                _ => new EvidenceSession(presented.Source, presented),
            };
        }
        catch
        {
            presented.Dispose();
            throw;
        }
    }

    /// <summary>
    /// How personas are put before a model, for an audit, a forecast and a check alike: as their file says unless one way is given for all.
    /// </summary>
    /// <param name="personas">The personas.</param>
    /// <param name="model">The model.</param>
    /// <param name="store">Where fitted personas are kept; null for a folder that is deleted at the end.</param>
    /// <param name="given">The way for all that can be given in it; null to follow the file.</param>
    /// <exception cref="UserErrorException">As <see cref="DirectedPersonas.Of(PersonaSet, ILanguageModel)"/>.</exception>
    public static PresentationOptions Presenting(PersonaSet personas, ILanguageModel model, ArtifactStore? store,
        Presentation? given = null)
    {
        var options = new PresentationOptions
        {
            Given = given,
            Store = store,
            Directions = given is null ? DirectedPersonas.Of(personas, model) : new Dictionary<string, DirectedBy>(),
        };
        return model is Transformer ? options : options with { CalibrationExamples = ServedExamples, Draws = ServedDraws };
    }

    /// <summary>Evidence from a chat model that gives no probabilities: judgement, or in-context with sampled answers.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="chat">The chat model.</param>
    /// <param name="progress">Told about questions.</param>
    /// <param name="cancellation">Stops between questions.</param>
    /// <exception cref="UserErrorException"><c>other-audit</c>, or as <see cref="PersonaJudge.Of"/> and <see cref="SampledAnswers"/>.
    /// </exception>
    public static EvidenceSession Ask(EvidenceRequest request, IChatModel chat, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        RequireKin(request);
        if (request.Samples is not { } samples)
            return new EvidenceSession(PersonaJudge.Of(request.Personas, chat, request.Folder, progress, cancellation), null);
        var answers = new SampledAnswers(chat, request.Personas, samples, cancellation);
        InContextSource source = InContextSource.Of(answers, request.Probes, answers.Rates(request.Probes, progress, cancellation));
        return new EvidenceSession(source, null, answers.Overlap);
    }

    /// <summary>
    /// What <see cref="Ask"/> would take, of everything that is not in the cache yet; null when it costs nothing but time.
    /// </summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="chat">The chat model.</param>
    /// <param name="cancellation">Stops between episodes.</param>
    public static EndpointEstimate? EstimateAsked(EvidenceRequest request, IChatModel chat, CancellationToken cancellation = default)
    {
        IEnumerable<Episode> different = AuditCost.Different(request.Data, cancellation);
        if (request.Samples is not { } samples) return PersonaJudge.Estimate(request.Personas, different, chat, cancellation);
        var answers = new SampledAnswers(chat, request.Personas, samples, cancellation);
        return ByBlock(answers.EstimateUnderPersonas(request.Probes), different, b => answers.EstimateShown(request.Probes, b),
            cancellation);
    }

    /// <summary>An estimate and those of episodes, block by block; null when nothing costs anything but time.</summary>
    internal static EndpointEstimate? ByBlock(EndpointEstimate? total, IEnumerable<Episode> episodes,
        Func<Episode[], EndpointEstimate?> estimate, CancellationToken cancellation)
    {
        foreach (Episode[] block in episodes.Chunk(AuditEvidence.BlockSize))
        {
            cancellation.ThrowIfCancellationRequested();
            if (estimate(block) is { } part) total = total?.Plus(part) ?? part;
        }
        return total;
    }

    private static void RequireKin(EvidenceRequest request) =>
        new AuditFolder(request.Folder).RequireKin(request.Kind, request.Personas.Personas.Select(p => p.Name));

    private static InContextSource InContext(EvidenceRequest request, PresentedPersonas presented, ILanguageModel model,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        PersonaContrast answers = PersonaContrast.Measure(presented.Personas, model, request.Probes, progress, cancellation);
        return InContextSource.Of(new ShownShifts(model, request.Probes, answers.BareLow,
            new LikelihoodOptions { Strict = request.Strict }), answers, presented.Source);
    }

    private static GradientEvidence Gradient(EvidenceRequest request, PresentedPersonas presented, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        GradientEvidence gradient = Raw(request, presented);
        // A gradient is that of one reply, so a rejected one is compared with its own probability and not with that of a choice.
        Episode[] some = [.. request.Data.Sample(CalibrationEpisodes, RngStream.Root(1).Child("gradient"), cancellation)
            .Select(e => e with { Preferred = null })];
        bool enough = some.DistinctBy(e => e.TextId).Count() >= LeastCalibration;
        return enough ? gradient.Calibrated(presented.Source, some, progress, cancellation) : gradient;
    }

    private static GradientEvidence Raw(EvidenceRequest request, PresentedPersonas presented) =>
        GradientEvidence.OfContexts(presented.Personas, new LikelihoodOptions { Strict = request.Strict });

    private static EvidenceSession Adaptive(EvidenceRequest request, PresentedPersonas presented, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        DataSurvey survey = request.Data.Survey(null, null, cancellation);
        // Gradients tell what to expect where every persona is a context before one model of ours.
        bool guided = presented.Personas.Count > 1 && presented.Personas[0].Model is Transformer model
            && presented.Personas.All(p => p.Way == Presentation.Described && p.Model == model);
        using CellLog cells = CellLog.Open(Path.Combine(request.Folder, AuditFolder.CellsName), survey.Id, presented.Source, progress);
        using CellLog? guide = guided
            ? CellLog.Open(Path.Combine(request.Folder, AuditFolder.GuideName), survey.Id, Raw(request, presented)) : null;
        AdaptiveCells table = AdaptiveCells.Of(survey, request.Personas, cells, request.EffectiveObservations,
            new CompletionPlan { MaximumShare = request.Cells }, guide, cancellation);
        // A table at another dose or of more cells follows from the same cells, and so does what is told of it.
        new AuditFolder(request.Folder).ForgetOther(survey, table);
        return new EvidenceSession(table, presented) { CellsNow = cells.Asked };
    }
}
