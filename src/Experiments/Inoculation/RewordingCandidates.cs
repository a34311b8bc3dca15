using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>
/// Which rewordings are tried: those whose words the model knows, trait words filled in for the traits that the data moves.
/// </summary>
/// <param name="Rewordings">Those that are tried, with different names and words.</param>
/// <param name="LeftOut">Names of those that have words the model does not know.</param>
internal sealed record RewordingCandidates(IReadOnlyList<Rewording> Rewordings, IReadOnlyList<string> LeftOut)
{
    /// <summary>Fills and filters.</summary>
    /// <param name="rewordings">The candidates; a later one replaces an earlier one of its name, or of its words in the same place.</param>
    /// <param name="traits">The traits to fill in, each turned so that its low pole is the one that the data moves to.</param>
    /// <param name="canSay">Whether the model knows every word of a text.</param>
    /// <exception cref="UserErrorException"><c>no-rewording</c>: nothing is left.</exception>
    public static RewordingCandidates Of(IEnumerable<Rewording> rewordings, IReadOnlyList<Trait> traits, Func<string, bool> canSay)
    {
        var byName = new Dictionary<string, Rewording>(StringComparer.Ordinal);
        foreach (Rewording rewording in rewordings)
        {
            if (rewording.IsTraitFilled)
                foreach (Trait trait in traits) byName[$"{rewording.Name}-{trait.Name}"] = rewording.Filled(trait);
            else byName[rewording.Name] = rewording;
        }
        Rewording[] sayable = [.. byName.Values.Where(r => Enumerable.Range(0, r.Wordings.Count).All(i => canSay(r.Added(i))))];
        string[] leftOut = [.. byName.Keys.Except(sayable.Select(r => r.Name))];
        // A world's own words for a trait are those of the library, too.
        Rewording[] different = [.. sayable.GroupBy(r => (r.Place, string.Join('\n', r.Wordings))).Select(same => same.Last())];
        return different.Length > 0 ? new RewordingCandidates(different, leftOut) : throw new UserErrorException("no-rewording",
            $"The model knows the words of none of the {leftOut.Length} rewordings.",
            "Give some in its own words with --rewordings; 'psm corpus new' writes rewordings.yaml for a story world.");
    }

    /// <summary>Whether a tokenizer knows every word of a text.</summary>
    public static bool CanSay(ITokenizer tokenizer, string text)
    {
        try
        {
            tokenizer.Encode(text);
            return true;
        }
        catch (UserErrorException)
        {
            return false;
        }
    }
}
