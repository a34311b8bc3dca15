using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>
/// What evidence would take from a model of this machine, equal episodes once: at most, as what an earlier run has done is not taken off.
/// </summary>
/// <param name="Reading">What is read for it.</param>
/// <param name="Fitted">Personas that may have to be fitted first, which is not counted.</param>
public sealed record AuditCost(ReadingCost Reading, int Fitted)
{
    private const int SampledEpisodes = 256;

    /// <summary>Both together.</summary>
    public AuditCost Plus(AuditCost other) => new(Reading.Plus(other.Reading), Math.Max(Fitted, other.Fitted));

    /// <summary>The cost of evidence from a model of this machine.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="model">The model.</param>
    /// <param name="cancellation">Stops between lines.</param>
    public static AuditCost Of(EvidenceRequest request, Transformer model, CancellationToken cancellation = default)
    {
        long episodes = Different(request.Data, cancellation).Count();
        var reading = new ModelReading(model, request.Personas,
            request.Data.Sample(SampledEpisodes, RngStream.Root(1).Child("cost"), cancellation));
        bool gradient = request.Kind == "gradient";
        IReadOnlyList<double> openings = gradient ? reading.ToldOpenings : reading.Openings;
        int fitted = gradient ? 0 : FittedOf(request.Personas);
        double episode = reading.Episode, blocks = Math.Ceiling((double)episodes / AuditEvidence.BlockSize);
        double table = (episodes * openings.Count * episode) + (blocks * openings.Sum());
        return new AuditCost(reading.Cost(request.Kind switch
        {
            // Forward and backward, which is twice as much; and exact evidence of some, where there are enough of them.
            "gradient" => (3 * episodes * (episode + openings.Average())) + (episodes < EvidenceSources.LeastCalibration ? 0
                : Math.Min(EvidenceSources.CalibrationEpisodes, episodes) * openings.Count * episode),
            // Every probe after every episode, and under every persona.
            "in-context" => (request.Probes.Sum(reading.TokensOf) * (episodes + openings.Count + 1)) + (episodes * episode)
                + (openings.Sum() * request.Probes.Count),
            "adaptive" => (Share(request, episodes) * table) + (fitted == 0 ? 3 * episodes * (episode + openings.Average()) : 0),
            _ => table,
        }), fitted);
    }

    /// <summary>
    /// The cost of likelihoods from a server: every reply under every context is a request, and brings along
    /// everything that stands before it.
    /// </summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="prices">What tokens cost.</param>
    public static EndpointEstimate Served(EvidenceRequest request, TokenPrices prices)
    {
        IReadOnlyList<long> openings = ServedOpenings(request.Personas);
        long[] episodes = [.. Different(request.Data).Select(e => ServedTokens(e.Context) + EndpointEstimate.Tokens(e.Reply))];
        if (request.Kind == "in-context")
        {
            long[] asked = [.. AskedBy(request.Probes)];
            long befores = openings.Count + episodes.Length + 1,
                read = (befores * asked.Sum()) + (asked.Length * (openings.Sum() + episodes.Sum()));
            return new EndpointEstimate(befores * asked.Length, 0, read, 0, prices.Of(read, 0));
        }
        double share = request.Kind == "adaptive" ? Share(request, episodes.Length) : 1;
        // Held-out examples are taken for as long as the episodes.
        double count = (share * episodes.Length) + ServedCalibration(request.Personas);
        long tokens = (long)((count * openings.Sum()) + (count * openings.Count * episodes.Average()));
        return new EndpointEstimate((long)(count * openings.Count), 0, tokens, 0, prices.Of(tokens, 0));
    }

    /// <summary>The cost of measuring what probes tell of personas, and of the model as it is.</summary>
    /// <param name="personas">The personas.</param>
    /// <param name="probes">The probes, at least one.</param>
    /// <param name="model">The model.</param>
    public static ReadingCost Contrast(PersonaSet personas, IReadOnlyList<Probe> probes, Transformer model)
    {
        var reading = new ModelReading(model, personas, [.. probes.Select(p => new Episode(p.Id, p.Context, p.Low[0]))]);
        return reading.Cost(((reading.Openings.Count + 1) * probes.Sum(reading.TokensOf)) + reading.Openings.Sum());
    }

    /// <summary>The cost of measuring from a server what probes tell of personas, and of the model as it is.</summary>
    /// <param name="personas">The personas.</param>
    /// <param name="probes">The probes.</param>
    /// <param name="prices">What tokens cost.</param>
    public static EndpointEstimate ServedContrast(PersonaSet personas, IReadOnlyList<Probe> probes, TokenPrices prices)
    {
        long contexts = 1 + Contexts(personas, served: true), before = ServedOpenings(personas).Sum();
        long[] asked = [.. AskedBy(probes)];
        long tokens = (contexts * asked.Sum()) + (asked.Length * before);
        return new EndpointEstimate(contexts * asked.Length, 0, tokens, 0, prices.Of(tokens, 0));
    }

    // Tokens of every reply to a probe, with the question before it.
    private static IEnumerable<long> AskedBy(IEnumerable<Probe> probes) =>
        probes.SelectMany(p => p.Low.Concat(p.High).Select(r => ServedTokens(p.Context) + EndpointEstimate.Tokens(r)));

    /// <summary>Personas that may have to be fitted to their examples first.</summary>
    internal static int FittedOf(PersonaSet personas) =>
        personas.Personas.Count(p => p.IsExemplified && p.Given is null or Presentation.Vector or Presentation.Adapter);

    /// <summary>Contexts of all personas: one of a persona that is fitted or directed, one or several of another.</summary>
    /// <param name="personas">The personas.</param>
    /// <param name="served">Whether a server is asked, which is shown all examples.</param>
    public static int Contexts(PersonaSet personas, bool served = false) => personas.Personas.Sum(p => !p.IsExemplified
        ? p.IsDirected ? 1 : Math.Max(1, p.Contexts.Count)
        : served ? EvidenceSources.ServedDraws : p.Given is Presentation.Shown ? new PresentationOptions().Draws : 1);

    /// <summary>Tokens before an episode at a server, by context of every persona.</summary>
    internal static IReadOnlyList<long> ServedOpenings(PersonaSet personas) => [.. personas.Personas.SelectMany(p => p.IsExemplified
        ? Enumerable.Repeat((long)ShownExamplesTokens, EvidenceSources.ServedDraws)
        : PresentedPersona.WithContexts(p).Contexts.Select(ServedTokens))];

    /// <summary>Tokens of turns at a server, whose tokenizer and template are not known here.</summary>
    internal static long ServedTokens(IReadOnlyList<Turn> turns) => turns.Sum(t => EndpointEstimate.Tokens(t.Text) + 3);

    /// <summary>Held-out examples that calibrate what a server says.</summary>
    internal static long ServedCalibration(PersonaSet personas) =>
        personas.Personas.Count(p => p.IsExemplified) is var given && given > 1 ? (long)given * EvidenceSources.ServedExamples : 0;

    private const int ShownExamplesTokens = 1500;

    private static double Share(EvidenceRequest request, long episodes) => Math.Min(1, Math.Max(request.Cells,
        ((double)SoftmaxCompletion.LeastRows / episodes) + ((double)SoftmaxCompletion.LeastPivots / request.Personas.Personas.Count)));

    /// <summary>Equal episodes once: each is asked about once.</summary>
    internal static IEnumerable<Episode> Different(AuditData data, CancellationToken cancellation = default) =>
        data.Episodes(cancellation).DistinctBy(e => e.TextId);
}
