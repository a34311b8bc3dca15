using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>
/// How probable each persona is: names with normalised log-probabilities in nats. Minus infinity is a persona that is ruled out.
/// </summary>
public sealed class PersonaDistribution
{
    private readonly double[] _log;
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);

    private PersonaDistribution(IReadOnlyList<string> personas, double[] log)
    {
        if (personas.Count != log.Length) throw new ArgumentException("One number per persona is needed.", nameof(log));
        for (int h = 0; h < log.Length; h++)
        {
            if (!_index.TryAdd(personas[h], h)) throw new ArgumentException($"The persona '{personas[h]}' occurs twice.", nameof(personas));
            if (double.IsNaN(log[h])) throw new ArgumentException($"The persona '{personas[h]}' has no number.", nameof(log));
        }
        LogSpace.NormalizeLog(log);
        Personas = personas;
        _log = log;
    }

    /// <summary>Names of the personas.</summary>
    public IReadOnlyList<string> Personas { get; }

    /// <summary>log p(h) in nats, in the order of <see cref="Personas"/>; the exponentials add up to one.</summary>
    public ReadOnlySpan<double> LogProbabilities => _log;

    /// <summary>p(h), in the order of <see cref="Personas"/>.</summary>
    public double[] Probabilities => [.. _log.Select(Math.Exp)];

    /// <summary>The entropy H in nats.</summary>
    public double Entropy => LogSpace.Entropy(_log);

    /// <summary>exp(H): 1 when one persona is certain, the number of personas when all are equally likely.</summary>
    public double EffectivePersonas => Math.Exp(Entropy);

    /// <summary>Equal probabilities.</summary>
    public static PersonaDistribution Uniform(IEnumerable<string> personas)
    {
        string[] names = [.. personas];
        return new PersonaDistribution(names, new double[names.Length]);
    }

    /// <summary>Probabilities in proportion to weights that are not negative; zero rules a persona out.</summary>
    /// <exception cref="ArgumentException">A weight is negative or not finite, or all are zero.</exception>
    public static PersonaDistribution FromWeights(IEnumerable<string> personas, IEnumerable<double> weights)
    {
        double[] log = [.. weights.Select(w => w >= 0 && double.IsFinite(w) ? Math.Log(w)
            : throw new ArgumentException($"A weight must be finite and not negative, not {w}.", nameof(weights)))];
        return new PersonaDistribution([.. personas], log);
    }

    /// <summary>Probabilities in proportion to the exponentials of <paramref name="logWeights"/> (nats, any constant added).</summary>
    public static PersonaDistribution FromLogWeights(IEnumerable<string> personas, IEnumerable<double> logWeights) =>
        new([.. personas], [.. logWeights]);

    /// <summary>The probability of a persona.</summary>
    public double Probability(string persona) => Math.Exp(_log[IndexOf(persona)]);

    /// <summary>The position of a persona.</summary>
    /// <exception cref="ArgumentException">There is no such persona.</exception>
    public int IndexOf(string persona) =>
        _index.TryGetValue(persona, out int h) ? h : throw new ArgumentException($"There is no persona '{persona}'.", nameof(persona));

    /// <summary>sum_h p(h) value(h), with values in the order of <see cref="Personas"/>.</summary>
    public double Mean(ReadOnlySpan<double> values)
    {
        if (values.Length != _log.Length) throw new ArgumentException("One value per persona is needed.", nameof(values));
        double sum = 0;
        for (int h = 0; h < _log.Length; h++)
            if (_log[h] > double.NegativeInfinity) sum += Math.Exp(_log[h]) * values[h];
        return sum;
    }

    /// <summary>The distribution over groups of personas: probabilities of one group are added up.</summary>
    /// <param name="groupOf">The group of each persona by name.</param>
    public PersonaDistribution Together(IReadOnlyDictionary<string, string> groupOf)
    {
        var groups = Personas.Select((name, h) => (Group: groupOf[name], Log: _log[h])).GroupBy(x => x.Group, x => x.Log).ToList();
        return new PersonaDistribution([.. groups.Select(g => g.Key)], [.. groups.Select(g => LogSpace.LogSumExp([.. g]))]);
    }

    /// <summary>Names and numbers as a content id.</summary>
    public ContentId Id => ContentId.Of("personas-distribution", [Personas.Count, .. Personas, _log]);
}
