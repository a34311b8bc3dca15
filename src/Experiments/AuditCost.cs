using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>What evidence would take from a model of this machine: at most, as equal episodes and what an earlier run has done are not known before.</summary>
/// <param name="Tokens">Tokens that go through the model; a token of a backward pass counts as two more.</param>
/// <param name="Flops">Floating-point operations.</param>
/// <param name="Seconds">How long that takes at the measured rate of this machine's matrix products, with nothing else to do.</param>
/// <param name="Fitted">Personas that may have to be fitted first, which is not counted.</param>
public sealed record AuditCost(long Tokens, double Flops, double Seconds, int Fitted)
{
    private const int SampledEpisodes = 256;

    /// <summary>The share of a matrix product's rate that scoring short replies reaches.</summary>
    private const double UsualEfficiency = 0.4;

    /// <summary>The share of the cells that adaptive evidence asks for, and the rows it asks for in any case.</summary>
    private const double AdaptiveShare = 0.1;
    private const int AdaptiveRows = 12;

    /// <summary>Both together.</summary>
    public AuditCost Plus(AuditCost other) => new(Tokens + other.Tokens, Flops + other.Flops, Seconds + other.Seconds, Math.Max(Fitted, other.Fitted));

    /// <summary>The cost of evidence from a model of this machine.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="survey">What a first look at the data found.</param>
    /// <param name="model">The model.</param>
    /// <param name="threads">Threads that compute.</param>
    public static AuditCost Of(EvidenceRequest request, DataSurvey survey, Transformer model, int threads)
    {
        bool gradient = request.Kind == "gradient";
        IReadOnlyList<Episode> some = request.Data.Sample(SampledEpisodes, RngStream.Root(1).Child("cost"));
        double episode = some.Average(e => (double)Math.Min(model.ContextLength, TokensOf(model, e.Context) + TokensOf(model, e.Reply)));
        double[] openings = [.. request.Personas.Personas.SelectMany(p => Openings(p, gradient, model))];
        int fitted = gradient ? 0 : request.Personas.Personas.Count(p => p.Examples is not null && p.Given is null or Presentation.Vector or Presentation.Adapter);
        double blocks = Math.Ceiling((double)survey.Episodes / AuditEvidence.BlockSize);
        double table = (survey.Episodes * openings.Length * episode) + (blocks * openings.Sum());
        double tokens = request.Kind switch
        {
            // Forward and backward, which is twice as much; and exact evidence of some.
            "gradient" => (3 * survey.Episodes * (episode + openings.Average()))
                + (Math.Min(EvidenceSources.CalibrationEpisodes, survey.Episodes) * openings.Length * episode),
            "adaptive" => (Share(survey) * table) + (fitted == 0 ? 3 * survey.Episodes * (episode + openings.Average()) : 0),
            _ => table,
        };
        // A third of a training step is the forward pass.
        double flops = tokens * model.Config.TrainingFlopsPerToken(Math.Min(model.ContextLength, episode + openings.Average())) / 3;
        return new AuditCost((long)tokens, flops, flops * 1e-9 / (MachineRate.MatrixProduct() * UsualEfficiency * threads), fitted);
    }

    /// <summary>The cost of likelihoods from a server: every reply under every context is a request, and brings along everything that stands before it.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="survey">What a first look at the data found.</param>
    /// <param name="prices">What tokens cost.</param>
    public static EndpointEstimate Served(EvidenceRequest request, DataSurvey survey, TokenPrices prices)
    {
        long[] openings = [.. request.Personas.Personas.SelectMany(p => p.Examples is not null && p.Given is not Presentation.Described
            ? Enumerable.Repeat((long)ShownExamplesTokens, EvidenceSources.ServedDraws) : PresentedPersona.WithContexts(p).Contexts.Select(TokensOf))];
        long episodes = request.Data.Episodes().Sum(e => TokensOf(e.Context) + EndpointEstimate.Tokens(e.Reply));
        int given = request.Personas.Personas.Count(p => p.Examples is not null && p.Given is not Presentation.Described);
        double share = request.Kind == "adaptive" ? Share(survey) : 1;
        // Held-out examples calibrate; they are taken for as long as the episodes.
        double calibration = given > 1 ? (double)given * EvidenceSources.ServedExamples : 0, count = (share * survey.Episodes) + calibration;
        long tokens = (long)((count * openings.Sum()) + (count / survey.Episodes * openings.Length * episodes));
        return new EndpointEstimate((long)(count * openings.Length), 0, tokens, 0, prices.Of(tokens, 0));
    }

    private const int ShownExamplesTokens = 1500;

    private static double Share(DataSurvey survey) => Math.Min(1, Math.Max(AdaptiveShare, (double)AdaptiveRows / survey.Episodes));

    // Tokens of what stands before an episode, by context of the persona; a fitted persona needs none.
    private static IEnumerable<double> Openings(Persona persona, bool gradient, Transformer model) =>
        gradient || persona.Examples is null || persona.Given is Presentation.Described
            ? PresentedPersona.WithContexts(persona).Contexts.Select(c => (double)TokensOf(model, c))
            : persona.Given is Presentation.Shown ? Enumerable.Repeat(model.ContextLength / 2.0, new PresentationOptions().Draws) : [0];

    private static int TokensOf(Transformer model, IReadOnlyList<Turn> turns)
    {
        try
        {
            return model.Template.EncodeContext(model.Tokenizer, turns).Length;
        }
        catch (UserErrorException e) when (e.Code == "unknown-word")
        {
            return (int)Math.Min(int.MaxValue, TokensOf(turns));
        }
    }

    private static int TokensOf(Transformer model, string reply)
    {
        try
        {
            return model.Template.EncodeReply(model.Tokenizer, reply).Length;
        }
        catch (UserErrorException e) when (e.Code == "unknown-word")
        {
            return (int)EndpointEstimate.Tokens(reply);
        }
    }

    private static long TokensOf(IReadOnlyList<Turn> turns) => turns.Sum(t => EndpointEstimate.Tokens(t.Text) + 3);
}
