using PersonaSelection.Corpus;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>In which way each persona is put before a model.</summary>
internal static class PresentationWays
{
    /// <summary>The way that the options, the file or what there is of a persona decide; null where its examples leave a choice.</summary>
    public static Presentation? Of(Persona persona, PresentationOptions options)
    {
        Presentation? way = options.Given ?? (persona.IsDirected ? Presentation.Directed : persona.Given);
        bool possible = way == Presentation.Directed ? persona.Direction is not null : persona.Examples is not null;
        return possible ? way : Presentation.Described;
    }

    /// <summary>
    /// The ways of a whole set. All that are free to choose go one way: a persona that is fitted and one that is shown do not compete on
    /// equal terms.
    /// </summary>
    /// <param name="set">The personas.</param>
    /// <param name="examples">The examples of those that are given by them.</param>
    /// <param name="options">How they are put.</param>
    /// <param name="canFit">Whether the weights of the model are here.</param>
    public static Presentation[] Of(PersonaSet set, IEnumerable<PersonaExamples> examples, PresentationOptions options, bool canFit)
    {
        bool fits = canFit && examples.Where(e => Of(e.Persona, options) is null).All(IsEnough);
        Presentation free = fits ? Presentation.Adapter : Presentation.Shown;
        return [.. set.Personas.Select(p => Of(p, options) ?? free)];
    }

    private static bool IsEnough(PersonaExamples examples)
    {
        if (examples.Learnt.Count < ExemplifiedFit.EnoughExamples) return false;
        long characters = 0;
        // Four characters to a token, about: a word that the tokenizer does not know is no reason to fail here.
        foreach (Episode episode in examples.Learnt)
            if ((characters += episode.Reply.Length) >= 4 * ExemplifiedFit.EnoughTokens) return true;
        return false;
    }
}
