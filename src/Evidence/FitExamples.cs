using PersonaSelection.Corpus;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>The examples of the personas of a fit, as token ids of what fits the model.</summary>
/// <param name="Learnt">[persona]: what it is fitted to.</param>
/// <param name="Asked">The held-out replies that all personas are asked about, about as many of each.</param>
internal sealed record FitExamples(IReadOnlyList<IReadOnlyList<TuneExample>> Learnt, FitCurve Asked)
{
    private const int MostHeldOut = 256, LeastHeldOut = 8;

    /// <summary>Encodes what personas said.</summary>
    /// <param name="model">The model that is fitted.</param>
    /// <param name="personas">The personas.</param>
    public static FitExamples Of(Transformer model, IReadOnlyList<PersonaExamples> personas)
    {
        int each = Math.Max(LeastHeldOut, MostHeldOut / personas.Count);
        List<TuneExample>[] heldOut = [.. personas.Select(p => Encode(model, p.HeldOut))];
        return new FitExamples([.. personas.Select(p => Encode(model, p.Learnt))], new FitCurve(
            [.. heldOut.SelectMany((e, h) => e.Take(each).Select(x => (h, new ScoreRequest(x.Prefix, [x.Reply]))))]));
    }

    /// <summary>Mean tokens of a reply that a persona is fitted to.</summary>
    public double MeanReply(int persona) => Learnt[persona].Average(x => (double)x.Reply.Length);

    /// <summary>Token ids of what fits: a context loses its beginning, a reply its end.</summary>
    private static List<TuneExample> Encode(Transformer model, IReadOnlyList<Episode> episodes)
    {
        var fit = new EpisodeFit(model, model.ContextLength, new LikelihoodOptions(),
            [PresentedPersona.AsGiven(new Persona("bare", "", "", new Dictionary<string, double>()), model)]);
        var result = new List<TuneExample>(episodes.Count);
        foreach (Episode episode in episodes)
        {
            EpisodeFit.Kept kept = fit.Of(episode);
            if (kept.Reply.Length > 0) result.Add(new TuneExample(model.Template.EncodeContext(model.Tokenizer, kept.Context), kept.Reply));
        }
        return result;
    }
}
