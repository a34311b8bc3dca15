namespace PersonaSelection.Model;

/// <summary>The log-probabilities of scored continuations, in nats.</summary>
/// <param name="TokenLogProbabilities">Indexed [request][continuation][token].</param>
public sealed record ScoreTable(float[][][] TokenLogProbabilities)
{
    /// <summary>log p(continuation | prefix) in nats: the sum over its tokens.</summary>
    public double LogProbability(int request, int continuation)
    {
        double sum = 0;
        foreach (float x in TokenLogProbabilities[request][continuation]) sum += x;
        return sum;
    }
}
