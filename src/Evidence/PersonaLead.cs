using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Evidence;

/// <summary>
/// Contexts of personas as rows of embeddings, all of the same number of positions, so that they can be averaged and subtracted: what
/// stands at a position is the mean of the embeddings of the tokens that lie there.
/// </summary>
internal static class PersonaLead
{
    /// <summary>Positions that more would cost much and say little.</summary>
    internal const int MostPositions = 24;

    /// <summary>One lead [positions · width] per persona; alternatives are averaged.</summary>
    /// <param name="model">The model whose embeddings are read.</param>
    /// <param name="personas">Personas with contexts.</param>
    /// <param name="positions">How many; the median length of the contexts, at most <see cref="MostPositions"/>, when 0.</param>
    /// <exception cref="UserErrorException"><c>persona-without-context</c>.</exception>
    internal static float[][] Of(Transformer model, IReadOnlyList<PresentedPersona> personas, int positions)
    {
        foreach (PresentedPersona persona in personas)
        {
            if (persona.Contexts.Count == 0 || persona.Contexts.Any(c => c.Count == 0))
                throw new UserErrorException("persona-without-context",
                    $"The persona '{persona.Persona.Name}' has no context, so there is nothing to take a gradient along.", "Give it a "
                    + "context or examples, or use the evidence 'likelihood', where a persona without a context is the model as it is.");
        }
        int[][][] ids = [.. personas.Select(p => p.Contexts.Select(c => model.Template.EncodeLead(model.Tokenizer, c)).ToArray())];
        if (positions == 0)
        {
            double[] lengths = [.. ids.SelectMany(p => p).Select(c => (double)c.Length)];
            positions = Math.Clamp((int)Math.Round(Statistics.Quantile(lengths, 0.5)), 1, MostPositions);
        }
        return [.. ids.Select(alternatives => Mean([.. alternatives.Select(a => Resample(model, a, positions))]))];
    }

    internal static float[] Mean(IReadOnlyList<float[]> rows)
    {
        var sum = new double[rows[0].Length];
        foreach (float[] row in rows)
            for (int i = 0; i < sum.Length; i++) sum[i] += row[i];
        return [.. sum.Select(x => (float)(x / rows.Count))];
    }

    /// <summary>Position i of m is the mean over tokens of [i n / m, (i + 1) n / m), those on the border in part.</summary>
    private static float[] Resample(Transformer model, int[] tokens, int positions)
    {
        int d = model.Config.Width;
        ReadOnlySpan<float> embeddings = model.Embedding;
        var rows = new float[positions * d];
        double width = (double)tokens.Length / positions;
        for (int i = 0; i < positions; i++)
        {
            double from = i * width, to = from + width;
            for (int t = (int)from; t < tokens.Length && t < to; t++)
            {
                float share = (float)((Math.Min(to, t + 1) - Math.Max(from, t)) / width);
                for (int j = 0; j < d && share > 0; j++) rows[(i * d) + j] += share * embeddings[(tokens[t] * d) + j];
            }
        }
        return rows;
    }
}
