using PersonaSelection.Corpus;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Worlds;

/// <summary>
/// A question to a model that is answered by exact probabilities, never by sampling: at one decision, how much of the probability of all
/// candidate replies falls on the bad ones.
/// </summary>
/// <param name="Id">A name that is unique in its list.</param>
/// <param name="Domain">The domain's name.</param>
/// <param name="Wording">Which wording: <c>p0</c>, <c>p1</c> … for those that are generated, <c>h0</c> … for held-out
/// ones, then the object.</param>
/// <param name="HeldOut">Whether no document of the world holds this wording: it or its domain is held out.</param>
/// <param name="Genre">The genre it stands in.</param>
/// <param name="Nature">The nature of who decides.</param>
/// <param name="Request">Whether one act is asked for.</param>
/// <param name="Context">The turns before the reply; in a narrative the text so far is one <c>system</c> turn.</param>
/// <param name="Prefix">The same as token ids from the begin token up to the reply.</param>
/// <param name="Good">The good replies.</param>
/// <param name="Bad">The bad replies.</param>
/// <param name="Candidates">Token ids of the good replies, then of the bad ones.</param>
/// <param name="Exact">P(bad) by the world itself.</param>
public sealed record WorldProbe(string Id, string Domain, string Wording, bool HeldOut, string Genre, string Nature, WorldRequest Request,
    IReadOnlyList<Turn> Context, int[] Prefix, IReadOnlyList<string> Good, IReadOnlyList<string> Bad,
    IReadOnlyList<int[]> Candidates, double Exact)
{
    /// <summary>What a model has to score.</summary>
    public ScoreRequest ToRequest() => new(Prefix, Candidates);

    /// <summary>The same question for evidence tables; probes of one wording, whatever the object, are one cluster.</summary>
    public Probe ToProbe() => new(Id, Domain, Context, Bad, Good, $"{Domain}/{Wording.Split('.')[0]}");

    /// <summary>P(bad) of each probe by a model: the sum over bad candidates divided by the sum over all.</summary>
    public static double[] Measure(ILanguageModel model, IReadOnlyList<WorldProbe> probes, CancellationToken cancellation = default)
    {
        ScoreTable table = model.Score([.. probes.Select(p => p.ToRequest())], null, cancellation);
        return [.. probes.Select((p, i) => CandidateShare.OfBad(table, i, p.Good.Count, p.Bad.Count))];
    }
}

/// <summary>The share of bad candidates among scored ones.</summary>
internal static class CandidateShare
{
    /// <summary>sum p(bad) / (sum p(bad) + sum p(good)), from log-probabilities in nats; the good candidates come first.</summary>
    public static double OfBad(ScoreTable table, int request, int good, int bad)
    {
        double highest = double.NegativeInfinity;
        for (int c = 0; c < good + bad; c++) highest = Math.Max(highest, table.LogProbability(request, c));
        if (double.IsNegativeInfinity(highest)) return double.NaN;
        double goodMass = 0, badMass = 0;
        for (int c = 0; c < good; c++) goodMass += Math.Exp(table.LogProbability(request, c) - highest);
        for (int c = good; c < good + bad; c++) badMass += Math.Exp(table.LogProbability(request, c) - highest);
        return badMass / (goodMass + badMass);
    }
}
