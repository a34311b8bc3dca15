using PersonaSelection.Model;

namespace PersonaSelection.Experiments;

/// <summary>What is asked of a chat model that gives no probabilities; what is in the cache is counted for nothing.</summary>
/// <param name="Judgement">Who would have given each reply.</param>
/// <param name="Answers">What the model as it is and every persona answer.</param>
/// <param name="Shown">What the model answers after episodes.</param>
public sealed record AskedCost(EndpointEstimate Judgement, EndpointEstimate Answers, EndpointEstimate Shown)
{
    /// <summary>All three.</summary>
    public EndpointEstimate Total => Judgement.Plus(Answers).Plus(Shown);
}
