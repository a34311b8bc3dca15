using PersonaSelection.Activations;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>What adding a direction does to the probes of one trait or domain, and of all together.</summary>
/// <param name="Name">The trait; the domain of probes that name none.</param>
/// <param name="Probes">How many probes.</param>
/// <param name="Minus">Mean P(low) with the direction subtracted.</param>
/// <param name="Zero">Mean P(low) of the model as it is.</param>
/// <param name="Plus">Mean P(low) with the direction added.</param>
/// <param name="Effect">(plus - minus) / 2: what both signs share, which any vector does, is taken out.</param>
/// <param name="Random">The root mean square of the effects of random directions of the same length: how large an
/// effect is by chance.</param>
public sealed record SteeringRow(string Name, int Probes, double Minus, double Zero, double Plus, double Effect, double Random);

/// <summary>Steers a model along a direction: measures what that does, and keeps the steered model.</summary>
public static class Steering
{
    private const int Controls = 8;

    /// <summary>Measures the effect on probes, with random directions of the same length beside.</summary>
    /// <param name="model">The model as it is.</param>
    /// <param name="vector">What is added, strength and all.</param>
    /// <param name="probes">The probes.</param>
    /// <param name="random">Where random directions come from.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>A row for each trait or domain, after one for all.</returns>
    public static IReadOnlyList<SteeringRow> Measure(Transformer model, SteeringVector vector, IReadOnlyList<Probe> probes,
        RngStream random, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        int done = 0;
        double[] Low(IReadOnlyList<float> added, float sign)
        {
            double[] low =
                ProbeMeasurement.Of(sign == 0 ? model : model.With(new SteeringVector(vector.Site, [.. added]).Apply(model.Config, sign)),
                    probes, null, null, cancellation);
            progress?.Report(new WorkProgress("steering", ++done, 3 + (2 * Controls), "models"));
            return low;
        }
        double[] Effect(double[] minus, double[] plus) => [.. minus.Zip(plus, (m, p) => (p - m) / 2)];
        double[] zero = Low(vector.Values, 0), down = Low(vector.Values, -1), up = Low(vector.Values, 1), effect = Effect(down, up);
        double[][] chance = [.. Enumerable.Range(0, Controls).Select(i =>
            DirectionStrengthFit.Random(vector.Values, random.Child("direction", i))).Select(v => Effect(Low(v, -1), Low(v, 1)))];
        SteeringRow Row(string name, int[] some) => new(name, some.Length, some.Average(i => down[i]), some.Average(i => zero[i]),
            some.Average(i => up[i]), some.Average(i => effect[i]), Math.Sqrt(chance.Average(c => Math.Pow(some.Average(i => c[i]), 2))));
        return [Row("all", [.. Enumerable.Range(0, probes.Count)]),
            .. probes.Index().GroupBy(p => p.Item.Trait ?? p.Item.Domain).Select(g => Row(g.Key, [.. g.Select(p => p.Index)]))];
    }

    /// <summary>
    /// Writes the model with the vector beside its weights, for every command to add; nothing where it is there and the folder cannot be
    /// written to.
    /// </summary>
    /// <param name="source">The model as it is.</param>
    /// <param name="vector">What is added, strength and all.</param>
    /// <param name="what">What the vector is, in one line.</param>
    /// <param name="folder">Where the model goes.</param>
    /// <returns>The content id of the steered model.</returns>
    /// <exception cref="ArgumentException">The model carries a vector already; a folder holds one.</exception>
    /// <exception cref="UserErrorException"><c>other-run</c>: the folder holds another model; another process writes it, or it
    /// cannot be written.</exception>
    public static string Save(ModelFolder source, SteeringVector vector, string what, string folder)
    {
        if (source.Vector is not null) throw new ArgumentException("The model carries a steering vector already.", nameof(source));
        Transformer model = source.Model;
        string id = model.With(vector.Apply(model.Config)).Id;
        using FolderLock? held = FolderLock.TakeUnlessDone(folder, ModelFolder.Holds(folder));
        ModelFolder.RequireFree(folder, id);
        if (held is null) return id;
        ModelFolder.Save(folder, id, model,
            new ModelProvenance($"A model that is steered by {what}. The weights are those it was made from; the vector is in vector.json.")
            {
                ParentId = model.Id,
            }, vector);
        return id;
    }
}
