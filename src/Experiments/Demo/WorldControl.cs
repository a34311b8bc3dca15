using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments.Demo;

/// <summary>
/// How far a change in one trait reaches others: the mean shift of domains that hang on no trait of the trained domain, divided by that of
/// domains that hang on its main trait. A world without persona correlation has a ratio of zero by exact Bayes.
/// </summary>
/// <param name="World">The world's name.</param>
/// <param name="Seed">The pre-training seed.</param>
/// <param name="Tokens">Tokens of pre-training.</param>
/// <param name="R2">Inference in chats.</param>
/// <param name="R2PriorOnly">The same for the prior-only predictor.</param>
/// <param name="SameTrait">Mean measured shift of domains with the trained domain's main trait.</param>
/// <param name="OffTrait">Mean measured shift of domains with none of its traits.</param>
/// <param name="Ratio">Off-trait divided by same-trait.</param>
/// <param name="ExactRatio">The same by exact Bayes after one bad act.</param>
public sealed record WorldControl(string World, ulong Seed, long Tokens, double R2, double R2PriorOnly, double SameTrait, double OffTrait,
    double Ratio, double ExactRatio)
{
    /// <summary>A model that shows less than this share of the exact shift does not let the character decide.</summary>
    private const double LeastShare = 0.5;

    /// <summary>Shift of the trained domain itself when the base model is shown one of the episodes.</summary>
    public required double ShownTrained { get; init; }

    /// <summary>The same by exact Bayes.</summary>
    public required double ExactTrained { get; init; }

    /// <summary>
    /// Whether in the base model the character decides what is done in the trained domain. R² is over all domains, and where traits are
    /// independent they are learned one by one: a model that knows the character and yet acts here by rote learns the replies by rote, and
    /// says nothing of how far a change of character reaches.
    /// </summary>
    public bool HangsOnCharacter => ShownTrained >= LeastShare * ExactTrained;

    /// <summary>A trait counts for a domain when its weight is at least this (in logits): smaller ones hardly move the act.</summary>
    private const double TellingWeight = 1;

    /// <summary>Sums up measured shifts.</summary>
    /// <param name="world">The world.</param>
    /// <param name="trained">The trained domain.</param>
    /// <param name="seed">The pre-training seed.</param>
    /// <param name="learned">What was learned before.</param>
    /// <param name="shift">Measured shift by domain.</param>
    /// <param name="shown">Shift by domain of the base model when it is shown one of the episodes.</param>
    public static WorldControl Of(World world, string trained, ulong seed, BaseResult learned, IReadOnlyDictionary<string, double> shift,
        IReadOnlyDictionary<string, double> shown)
    {
        (string[] same, string[] off) = Split(world, trained);
        double Mean(string[] domains, Func<string, double> of) => domains.Average(of);
        double measuredSame = Mean(same, d => shift[d]), measuredOff = Mean(off, d => shift[d]);
        return new WorldControl(world.Name, seed, learned.Tokens, learned.Inference.R2,
            learned.Inference.R2PriorOnly, measuredSame, measuredOff, measuredOff / measuredSame,
            Mean(off, d => ExactShift(world, trained, d)) / Mean(same, d => ExactShift(world, trained, d)))
        {
            ShownTrained = shown[trained],
            ExactTrained = ExactShift(world, trained, trained),
        };
    }

    /// <summary>Domains that hang on the main trait of the trained one, and domains that hang on none of its traits.</summary>
    public static (string[] Same, string[] Off) Split(World world, string trained)
    {
        WorldDomain at = world.Domains.First(d => d.Name == trained);
        int main = Enumerable.Range(0, at.Weights.Count).MaxBy(k => at.Weights[k]);
        WorldDomain[] others = [.. world.Domains.Where(d => d.Name != trained && !d.HeldOut)];
        int MainOf(WorldDomain d) => Enumerable.Range(0, d.Weights.Count).MaxBy(k => d.Weights[k]);
        bool Apart(WorldDomain d) =>
            Enumerable.Range(0, d.Weights.Count).All(k => d.Weights[k] < TellingWeight || at.Weights[k] < TellingWeight);
        return ([.. others.Where(d => MainOf(d) == main && d.Weights.Count(w => w >= TellingWeight) == 1).Select(d => d.Name)],
            [.. others.Where(Apart).Select(d => d.Name)]);
    }

    /// <summary>
    /// E[P(bad in <paramref name="asked"/>) | one bad act in <paramref name="trained"/>] minus the same without it, for an Assistant.
    /// </summary>
    internal static double ExactShift(World world, string trained, string asked)
    {
        double[] prior = world.Prior(world.AssistantNature), act = world.BadGivenPoles(trained), other = world.BadGivenPoles(asked);
        double evidence = 0, joint = 0, before = 0;
        for (int t = 0; t < prior.Length; t++)
        {
            evidence += prior[t] * act[t];
            joint += prior[t] * act[t] * other[t];
            before += prior[t] * other[t];
        }
        return joint / evidence - before;
    }
}
