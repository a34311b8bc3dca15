using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;

namespace PersonaSelection.Experiments;

/// <summary>Preferences from rows with <c>chosen</c> and <c>rejected</c>, each of which the reader turns into two episodes.</summary>
internal static class PreferenceData
{
    /// <summary>The pairs of a set, in its order: a reply of positive weight, then the one of negative weight that it was preferred to.
    /// </summary>
    /// <exception cref="UserErrorException"><c>no-pairs</c>: the set is not made of such pairs; or a word is unknown.</exception>
    public static IReadOnlyList<PreferencePair> Pairs(EpisodeSet set, ITokenizer tokenizer, ChatTemplate template)
    {
        var pairs = new List<PreferencePair>();
        for (int i = 0; i < set.Episodes.Count; i += 2)
        {
            Episode chosen = set.Episodes[i];
            Episode? rejected = i + 1 < set.Episodes.Count ? set.Episodes[i + 1] : null;
            // Two lines of KTO may look like a pair the wrong way round; only a row can be one with a weight that is wrong.
            if (rejected is not null && !(chosen.Weight > 0) && chosen.Weight == -rejected.Weight
                && chosen.Source?.Line == rejected.Source?.Line && chosen.Context.SequenceEqual(rejected.Context))
                throw new UserErrorException("no-pairs",
                    $"{chosen.Named} begins a pair of the weight {chosen.Weight}.",
                    "Give the row a positive weight, or take it out.");
            // Two lines that are labelled as wanted and unwanted were never compared.
            if (rejected is null || !(chosen.Weight > 0) || !(rejected.Weight < 0) || rejected.Preferred != chosen.Reply
                || !chosen.Context.SequenceEqual(rejected.Context))
            {
                throw new UserErrorException("no-pairs", $"{chosen.Named} has no rejected reply beside it.",
                    "Preference tuning needs rows with \"prompt\", \"chosen\" and \"rejected\"; use --loss sft for anything else.");
            }
            TuneExample told = TuneExample.From(chosen, tokenizer, template);
            pairs.Add(new PreferencePair(told.Prefix, told.Reply, TuneExample.From(rejected, tokenizer, template).Reply, chosen.Weight)
            {
                Named = chosen.Named,
            });
        }
        return pairs;
    }
}
