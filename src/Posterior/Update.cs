using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>
/// The update of the persona selection model: what is observed makes the personas that would have done it more probable.
/// Everything stays in log space; a persona without a prior never comes back.
/// </summary>
public static class Update
{
    /// <summary>log p(h|D) = log p0(h) + beta * sum_e w_e L[e,h] - log Z.</summary>
    /// <param name="prior">p0.</param>
    /// <param name="observations">L and w.</param>
    /// <param name="dose">beta, not negative: how much of one observation an observation counts for. 0 returns the prior.</param>
    /// <exception cref="UserErrorException">No persona that has a prior could have produced the observations.</exception>
    public static PersonaDistribution OnEpisodes(PersonaDistribution prior, Observations observations, double dose) =>
        OnTotal(prior, observations.For(prior.Personas).Total(), dose);

    /// <summary>Declarative text: log p(h|T) = log p(h) + gamma * sum_t log p(t | "the Assistant is h") - log Z.</summary>
    /// <param name="prior">p, such as the prior or what the episodes left of it.</param>
    /// <param name="documents">Documents x personas, nats, with weights.</param>
    /// <param name="dose">gamma, not negative.</param>
    /// <exception cref="UserErrorException">No persona that has a prior could have produced the documents.</exception>
    public static PersonaDistribution OnDocuments(PersonaDistribution prior, Observations documents, double dose) =>
        OnTotal(prior, documents.For(prior.Personas).Total(), dose);

    /// <summary>Run time: p(h|D,c) in proportion to p(h|D) p(c|h). A context counts in full.</summary>
    /// <param name="trained">p(h|D).</param>
    /// <param name="logContext">log p(c|h) in nats, in the order of the personas of <paramref name="trained"/>.</param>
    /// <exception cref="UserErrorException">No persona that is left could have produced the context.</exception>
    public static PersonaDistribution OnContext(PersonaDistribution trained, ReadOnlySpan<double> logContext) =>
        OnTotal(trained, logContext, 1);

    /// <summary>The update by a total that has been summed already: log p(h) + dose * total[h] - log Z.</summary>
    /// <param name="prior">p.</param>
    /// <param name="total">One number per persona in nats, in the order of <paramref name="prior"/>.</param>
    /// <param name="dose">Not negative.</param>
    /// <exception cref="UserErrorException">No persona is left.</exception>
    public static PersonaDistribution OnTotal(PersonaDistribution prior, ReadOnlySpan<double> total, double dose)
    {
        if (!(dose >= 0) || double.IsInfinity(dose))
            throw new ArgumentOutOfRangeException(nameof(dose), dose, "A dose is finite and not negative.");
        if (total.Length != prior.Personas.Count) throw new ArgumentException("One number per persona is needed.", nameof(total));
        if (dose == 0) return prior;
        var log = prior.LogProbabilities.ToArray();
        bool any = false;
        for (int h = 0; h < log.Length; h++)
        {
            if (log[h] > double.NegativeInfinity) log[h] += dose * total[h];
            any |= log[h] > double.NegativeInfinity;
        }
        if (!any)
            throw new UserErrorException("impossible-evidence",
                "Every persona with a prior gives what was observed a probability of zero, so no persona is left.",
                "Add a persona that could have done it, or give a persona that could a prior above zero.");
        return PersonaDistribution.FromLogWeights(prior.Personas, log);
    }
}
