using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// Answers to probes sampled from a chat model that gives no probabilities: those of every persona, put before it by contexts or examples,
/// and what showing an episode does to those of the model as it is. The same draws for all, so that what favours a reply cancels.
/// </summary>
public sealed class SampledAnswers : IShownShifts
{
    /// <summary>
    /// Answers to a probe are asked so many times more often of the personas and the model as it is: their errors are in
    /// every episode's evidence.
    /// </summary>
    public const int OftenerBefore = 4;

    private const int ExampleDraws = 2;
    private readonly IChatModel _model;
    private readonly int _samples;
    private readonly double[] _bare;

    private SampledAnswers(IChatModel model, IReadOnlyList<Probe> probes, int samples, double[] bare, LabelledMatrix low) =>
        (_model, Probes, _samples, _bare, Low) = (model, probes, samples, bare, low);

    /// <summary>The probes.</summary>
    public IReadOnlyList<Probe> Probes { get; }

    /// <summary>Probes x personas: P(low).</summary>
    public LabelledMatrix Low { get; }

    /// <summary>Where the answers come from.</summary>
    public required IReadOnlyDictionary<string, string> Provenance { get; init; }

    private static RngStream Random => RngStream.Root(1).Child("sampled-answers");

    /// <summary>Asks every persona, and the model as it is.</summary>
    /// <param name="model">The chat model.</param>
    /// <param name="personas">The personas.</param>
    /// <param name="probes">The probes, with different ids and replies at both poles.</param>
    /// <param name="samples">Answers for each probe after each episode: even, from 2.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between questions.</param>
    /// <exception cref="UserErrorException"><c>needs-weights</c>: a persona can only be fitted or directed; <c>judge-unreadable</c>; or
    /// the model fails.</exception>
    public static SampledAnswers Measure(IChatModel model, PersonaSet personas, IReadOnlyList<Probe> probes, int samples,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        SampledProbes.RequireEven(samples);
        IReadOnlyList<IReadOnlyList<Turn>>[] contexts = [.. personas.Personas.Select(p => ContextsOf(personas, p))];
        SampledShare[][] low = SampledProbes.Ask(model, [[], .. contexts.SelectMany(c => c)], probes, Random, OftenerBefore * samples,
            progress, cancellation).Low;
        int[] first = [.. contexts.Select((_, h) => 1 + contexts.Take(h).Sum(c => c.Count))];
        return new SampledAnswers(model, probes, samples, [.. low[0].Select(s => s.Share)],
            new LabelledMatrix(probes.Select(p => p.Id), personas.Personas.Select(p => p.Name),
                (i, h) => Enumerable.Range(first[h], contexts[h].Count).Average(c => low[c][i].Share)))
        {
            Provenance = new Dictionary<string, string>
            {
                ["model"] = model.Id,
                ["personas"] = PersonaQuestions.IdOf([.. personas.Personas.Select((p, h) => p with { Contexts = contexts[h] })]).ToString(),
                ["sampled"] = SampledProbes.Described(samples),
            },
        };
    }

    /// <summary>What it would take; null where it costs nothing but time.</summary>
    /// <param name="model">The chat model.</param>
    /// <param name="personas">The personas.</param>
    /// <param name="probes">The probes.</param>
    /// <param name="samples">As for <see cref="Measure"/>.</param>
    public static EndpointEstimate? Estimate(IChatModel model, PersonaSet personas, IReadOnlyList<Probe> probes, int samples) =>
        model.Estimate(
            [.. SampledProbes.Questions([[], .. personas.Personas.SelectMany(p => ContextsOf(personas, p))], probes, Random,
                OftenerBefore * samples)]);

    /// <summary>What showing episodes would take.</summary>
    /// <param name="model">The chat model.</param>
    /// <param name="episodes">The episodes, all different.</param>
    /// <param name="probes">The probes.</param>
    /// <param name="samples">As for <see cref="Measure"/>.</param>
    public static EndpointEstimate? Estimate(IChatModel model, IReadOnlyList<Episode> episodes, IReadOnlyList<Probe> probes, int samples) =>
        model.Estimate([.. SampledProbes.Questions([.. episodes.Select(SampledProbes.After)], probes, Random, samples)]);

    /// <inheritdoc/>
    public ShownBlock Compute(IReadOnlyList<Episode> episodes, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        SampledShare[][] low = SampledProbes.Ask(_model, [.. episodes.Select(SampledProbes.After)], Probes, Random, _samples,
            progress, cancellation).Low;
        return new ShownBlock([.. low.Select(l => l.Select((s, i) => s.Share - _bare[i]).ToArray())], new int[episodes.Count], [])
        {
            Contexts = [.. episodes.Select(e => e.Context)],
        };
    }

    private static IReadOnlyList<IReadOnlyList<Turn>> ContextsOf(PersonaSet personas, Persona persona)
    {
        if (persona.IsDirected || (persona.IsExemplified && persona.Given is Presentation.Vector or Presentation.Adapter))
            throw new UserErrorException("needs-weights",
                $"The persona '{persona.Name}' is to be given by the weights or activations of a model; a server keeps them to itself.",
                "Use --model with a folder, or write 'given: shown' or 'given: described' in the personas' file.");
        return persona.IsExemplified
            ? ShownExamples.Contexts(PersonaExamples.Load(personas, persona), ShownExamples.RoomAtServer,
                t => ChatTemplate.Plain.RenderTurns(t).Length, ExampleDraws, RngStream.Root(1).Child("shown"))
            : PresentedPersona.WithContexts(persona).Contexts;
    }
}
