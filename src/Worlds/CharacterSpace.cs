namespace PersonaSelection.Worlds;

/// <summary>
/// The characters that are possible: every vector of poles, 2^K of them for K traits. Bit k of a character's number is set when the
/// character has the LOW pole of trait k. Priors and the probabilities of acts are exact tables over this space.
/// </summary>
internal sealed class CharacterSpace
{
    public CharacterSpace(WorldDefinition definition)
    {
        int traits = definition.Traits.Count;
        Traits = traits;
        Size = 1 << traits;
        Given = [.. definition.Archetypes.Select(a => Product(a.High))];
        ArchetypePrior = [.. definition.Natures.Select(n => n.Archetypes)];
        Prior = [.. definition.Natures.Select(n => Mixture(n.Archetypes, definition.IndependentTraits))];
        Bad = [.. definition.Domains.Select(BadTable)];
    }

    /// <summary>Number of traits K.</summary>
    public int Traits { get; }

    /// <summary>2^K.</summary>
    public int Size { get; }

    /// <summary>[archetype][character]: P(character | archetype).</summary>
    public double[][] Given { get; }

    /// <summary>[nature][archetype].</summary>
    public double[][] ArchetypePrior { get; }

    /// <summary>[nature][character]: P(character | nature).</summary>
    public double[][] Prior { get; }

    /// <summary>[domain][character]: P(bad act | character), nobody having asked.</summary>
    public double[][] Bad { get; }

    /// <summary>P(archetype | nature, belief): how much of each character an archetype accounts for, averaged over the belief.</summary>
    public double[] ArchetypesOf(int nature, ReadOnlySpan<double> belief)
    {
        var posterior = new double[Given.Length];
        for (int t = 0; t < Size; t++)
        {
            double total = 0;
            for (int a = 0; a < posterior.Length; a++) total += ArchetypePrior[nature][a] * Given[a][t];
            if (!(total > 0)) continue;
            for (int a = 0; a < posterior.Length; a++) posterior[a] += belief[t] * ArchetypePrior[nature][a] * Given[a][t] / total;
        }
        return posterior;
    }

    /// <summary>sum_t p(t) x(t).</summary>
    public static double Mean(ReadOnlySpan<double> p, ReadOnlySpan<double> x)
    {
        double sum = 0;
        for (int t = 0; t < p.Length; t++) sum += p[t] * x[t];
        return sum;
    }

    private double[] Product(double[] high)
    {
        var p = new double[Size];
        for (int t = 0; t < Size; t++)
        {
            p[t] = 1;
            for (int k = 0; k < Traits; k++) p[t] *= (t >> k & 1) == 1 ? 1 - high[k] : high[k];
        }
        return p;
    }

    private double[] Mixture(double[] archetypes, bool independent)
    {
        var p = new double[Size];
        for (int a = 0; a < archetypes.Length; a++)
            for (int t = 0; t < Size; t++) p[t] += archetypes[a] * Given[a][t];
        if (!independent) return p;
        var high = new double[Traits];
        for (int t = 0; t < Size; t++)
            for (int k = 0; k < Traits; k++)
                if ((t >> k & 1) == 0) high[k] += p[t];
        return Product(high);
    }

    private double[] BadTable(DomainDefinition domain)
    {
        var p = new double[Size];
        for (int t = 0; t < Size; t++)
        {
            double x = domain.Bias;
            for (int k = 0; k < Traits; k++)
                if ((t >> k & 1) == 1) x += domain.Weights[k];
            p[t] = 1 / (1 + Math.Exp(-x));
        }
        return p;
    }
}
