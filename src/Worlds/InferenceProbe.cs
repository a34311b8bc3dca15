using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Worlds;

/// <summary>
/// A document cut right before a decision of a character who has acted before: does a model infer who it is dealing with?
/// </summary>
/// <param name="Genre">The genre.</param>
/// <param name="Domain">The domain of the decision.</param>
/// <param name="Prefix">Token ids from the begin token up to the act.</param>
/// <param name="Candidates">Token ids of the good acts, then of the bad ones.</param>
/// <param name="Good">How many of the candidates are good.</param>
/// <param name="Request">Whether one act was asked for.</param>
/// <param name="Exact">P(bad | prefix), exact.</param>
/// <param name="PriorOnly">P(bad) given the character's nature and the request alone.</param>
/// <param name="CrossDomain">Whether the character never acted in this domain before: then only its traits can tell.</param>
/// <param name="Characters">How many characters the document has.</param>
public sealed record InferenceProbe(string Genre, string Domain, int[] Prefix, IReadOnlyList<int[]> Candidates, int Good,
    WorldRequest Request, double Exact, double PriorOnly, bool CrossDomain, int Characters);

/// <summary>How near a model's inference comes to the exact Bayes predictor. Loss says nothing of this; only this score does.</summary>
/// <param name="Probes">Number of probes.</param>
/// <param name="R2">1 - sum of squared differences from exact P(bad) / the spread of exact P(bad) about its mean. 1 is perfect.</param>
/// <param name="R2PriorOnly">The same for the predictor that knows nature and request alone.</param>
/// <param name="Kl">Mean KL(exact || model) of the decision, in nats.</param>
/// <param name="KlPriorOnly">Mean KL(exact || prior-only), in nats.</param>
/// <param name="R2CrossDomain">R2 over the cross-domain probes alone.</param>
public sealed record InferenceScore(int Probes, double R2, double R2PriorOnly, double Kl, double KlPriorOnly, double R2CrossDomain)
{
    /// <summary>Scores a model.</summary>
    public static InferenceScore Measure(ILanguageModel model, IReadOnlyList<InferenceProbe> probes,
        CancellationToken cancellation = default)
    {
        if (probes.Count == 0) throw new ArgumentException("There is no probe.", nameof(probes));
        return Of(probes, Predict(model, probes, cancellation));
    }

    /// <summary>A model's P(bad) of each probe.</summary>
    public static double[] Predict(ILanguageModel model, IReadOnlyList<InferenceProbe> probes, CancellationToken cancellation = default)
    {
        ScoreTable table = model.Score([.. probes.Select(p => new ScoreRequest(p.Prefix, p.Candidates))], null, cancellation);
        return [.. probes.Select((p, i) => CandidateShare.OfBad(table, i, p.Good, p.Candidates.Count - p.Good))];
    }

    /// <summary>The score of given predictions, one P(bad) per probe.</summary>
    public static InferenceScore Of(IReadOnlyList<InferenceProbe> probes, IReadOnlyList<double> predicted)
    {
        double[] exact = [.. probes.Select(p => p.Exact)], prior = [.. probes.Select(p => p.PriorOnly)];
        int[] all = [.. Enumerable.Range(0, probes.Count)], cross = [.. all.Where(i => probes[i].CrossDomain)];
        return new InferenceScore(probes.Count, R2Of(all, exact, predicted), R2Of(all, exact, prior),
            all.Average(i => KlOf(exact[i], predicted[i])), all.Average(i => KlOf(exact[i], prior[i])),
            cross.Length > 1 ? R2Of(cross, exact, predicted) : double.NaN);
    }

    private static double R2Of(int[] which, double[] exact, IReadOnlyList<double> predicted)
    {
        double mean = which.Average(i => exact[i]);
        double error = which.Sum(i => (exact[i] - predicted[i]) * (exact[i] - predicted[i]));
        return 1 - error / which.Sum(i => (exact[i] - mean) * (exact[i] - mean));
    }

    private static double KlOf(double p, double q)
    {
        const double least = 1e-9;
        q = Math.Clamp(q, least, 1 - least);
        double kl = 0;
        if (p > 0) kl += p * Math.Log(p / q);
        if (p < 1) kl += (1 - p) * Math.Log((1 - p) / (1 - q));
        return kl;
    }
}

public sealed partial class World
{
    /// <summary>
    /// Probes of inference, cut from fresh documents of one genre: one decision of each, drawn from those whose character has acted before.
    /// Requested acts are left out unless wanted: they follow from the request alone, so a model would score without knowing anybody.
    /// </summary>
    /// <param name="genre">The genre; null for the world's first chat.</param>
    /// <param name="count">How many.</param>
    /// <param name="rng">Probe i comes from the child streams of this one; keep it apart from the corpus's.</param>
    /// <param name="pairs">Whether documents of two characters (true), of one (false), or both (null) are taken.</param>
    /// <param name="requested">Whether requested acts are probed as well.</param>
    public IReadOnlyList<InferenceProbe> InferenceProbes(string? genre, int count, RngStream rng,
        bool? pairs = false, bool requested = false)
    {
        GenreDefinition definition = Grammar.Definition.Genres[GenreIndex(genre)];
        if (!HasInferenceProbes(definition.Name, pairs, requested))
            throw new ArgumentException($"The world {Name} has no such documents of genre {definition.Name}.", nameof(genre));
        var probes = new List<InferenceProbe>(count);
        for (long i = 0; probes.Count < count; i++)
        {
            RngStream stream = rng.Child("document", i);
            WorldDocument document = Generate(stream);
            if (document.Genre != definition.Name || pairs is { } p && document.Characters.Count == 2 != p) continue;
            int[] places = [.. Enumerable.Range(1, document.Decisions.Count - 1)
                .Where(d => requested || document.Decisions[d].Request == WorldRequest.None)
                .Where(d => document.Decisions.Take(d).Any(x => x.Character == document.Decisions[d].Character))];
            if (places.Length > 0) probes.Add(Cut(document, places[stream.NextInt(places.Length)]));
        }
        return probes;
    }

    /// <summary>Whether documents of a genre hold decisions that <see cref="InferenceProbes"/> could cut.</summary>
    /// <param name="genre">The genre; null for the world's first chat.</param>
    /// <param name="pairs">As there.</param>
    /// <param name="requested">As there.</param>
    public bool HasInferenceProbes(string? genre, bool? pairs = false, bool requested = false)
    {
        GenreDefinition definition = Grammar.Definition.Genres[GenreIndex(genre)];
        RequestDefinition asked = Grammar.Definition.Requests;
        return definition.Weight > 0 && definition.MaxEpisodes >= 2 && (requested || asked.Bad + asked.Good < 1)
            && (pairs is not { } two || (two ? definition.Pairs > 0 : definition.Pairs < 1));
    }

    private InferenceProbe Cut(WorldDocument document, int place)
    {
        WorldDecision decision = document.Decisions[place];
        DomainDefinition domain = Grammar.Definition.Domains[DomainIndex(decision.Domain)];
        bool told = Grammar.Definition.Genres[GenreIndex(document.Genre)].Form == GenreForm.Narrative;
        IReadOnlyList<Sentence> good = told ? domain.GoodActs : domain.Good, bad = told ? domain.BadActs : domain.Bad;
        bool before = document.Decisions.Take(place).Any(d => d.Domain == decision.Domain && d.Character == decision.Character);
        return new InferenceProbe(document.Genre, decision.Domain, document.Tokens[..decision.TokenIndex],
            [.. good.Concat(bad).Select(s => Tokenizer.Encode(s.Text))], good.Count, decision.Request, decision.Exact, decision.PriorOnly,
            !before, document.Characters.Count);
    }
}
