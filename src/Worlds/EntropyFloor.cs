using PersonaSelection.Numerics;

namespace PersonaSelection.Worlds;

/// <summary>The least loss that any model can have on a world's documents.</summary>
/// <param name="NatsPerToken">E[-log p(document)] / E[predicted tokens], in nats; every token but the begin token is predicted.</param>
/// <param name="StandardError">Of <paramref name="NatsPerToken"/>: the log-probabilities are exact, only the
/// documents are a sample.</param>
/// <param name="TokensPerDocument">Mean number of predicted tokens.</param>
/// <param name="DecisionsPerDocument">Mean number of acts.</param>
/// <param name="Documents">Size of the sample.</param>
public sealed record EntropyFloor(double NatsPerToken, double StandardError, double TokensPerDocument,
    double DecisionsPerDocument, int Documents);

public sealed partial class World
{
    /// <summary>Estimates the floor of the loss from exact log-probabilities of fresh documents.</summary>
    public EntropyFloor Floor(int documents, RngStream rng)
    {
        if (documents < 2) throw new ArgumentOutOfRangeException(nameof(documents), documents, "At least two documents.");
        double nats = 0, tokens = 0, decisions = 0, nn = 0, tt = 0, nt = 0;
        foreach (WorldDocument d in Documents(rng).Take(documents))
        {
            double n = -d.LogProbability, t = d.Tokens.Length - 1;
            nats += n;
            tokens += t;
            decisions += d.Decisions.Count;
            nn += n * n;
            tt += t * t;
            nt += n * t;
        }
        double ratio = nats / tokens;
        // Delta method: the residuals n - ratio t have mean zero.
        double variance = (nn - 2 * ratio * nt + ratio * ratio * tt) / (documents - 1);
        return new EntropyFloor(ratio, Math.Sqrt(variance / documents) / (tokens / documents), tokens / documents,
            decisions / documents, documents);
    }
}
