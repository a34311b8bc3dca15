using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// Every question under every context of every persona, persona by persona, so that the model computes a persona's context once.
/// </summary>
internal sealed class PersonaQuestions
{
    private readonly int _questions;
    private readonly int[] _starts;

    internal PersonaQuestions(IReadOnlyList<Persona> personas, IReadOnlyList<Question> questions)
    {
        _questions = questions.Count;
        _starts = new int[personas.Count + 1];
        var all = new List<Question>();
        for (int h = 0; h < personas.Count; h++)
        {
            foreach (IReadOnlyList<Turn> context in ContextsOf(personas[h]))
                all.AddRange(questions.Select(q => new Question(DialogueJoin.Of(context, q.Context), q.Replies)));
            _starts[h + 1] = all.Count;
        }
        All = all;
    }

    internal IReadOnlyList<Question> All { get; }

    /// <summary>log mean_c p(reply | c, question) for one persona, indexed [question][reply].</summary>
    internal double[][] MeanOverAlternatives(double[][] scores, int persona)
    {
        var result = new double[_questions][];
        int alternatives = (_starts[persona + 1] - _starts[persona]) / Math.Max(1, _questions);
        var column = new double[alternatives];
        for (int q = 0; q < _questions; q++)
        {
            result[q] = new double[scores[_starts[persona] + q].Length];
            for (int r = 0; r < result[q].Length; r++)
            {
                for (int c = 0; c < alternatives; c++) column[c] = scores[_starts[persona] + (c * _questions) + q][r];
                result[q][r] = LogSpace.LogMeanExp(column);
            }
        }
        return result;
    }

    /// <summary>The content id of personas as they are put before a model: names and contexts. Priors and traits do not enter.</summary>
    internal static ContentId IdOf(IReadOnlyList<Persona> personas) =>
        ContentId.Of("persona-contexts", [.. personas.SelectMany(p => Parts(p.Name, p.Contexts))]);

    /// <summary>
    /// The content id of personas as they are put before models; that of their contexts where nothing else puts them there.
    /// </summary>
    internal static ContentId IdOf(IReadOnlyList<PresentedPersona> personas) => personas.All(p => p.Way == Presentation.Described)
        ? IdOf([.. personas.Select(AsAsked)]) : ContentId.Of("presented", [.. personas.Select(p => (object)p.Id)]);

    /// <summary>The persona with the contexts that it is put before its model by.</summary>
    internal static Persona AsAsked(PresentedPersona p) =>
        p.Persona with { Contexts = ReferenceEquals(p.Contexts, PresentedPersona.Bare) ? [] : p.Contexts };

    /// <summary>A persona's name and contexts, as parts of a content id.</summary>
    internal static IEnumerable<object> Parts(string name, IReadOnlyList<IReadOnlyList<Turn>> contexts)
    {
        yield return name;
        yield return contexts.Count;
        foreach (IReadOnlyList<Turn> context in contexts)
        {
            yield return context.Count;
            foreach (Turn turn in context)
            {
                yield return turn.Role;
                yield return turn.Text;
            }
        }
    }

    private static IReadOnlyList<IReadOnlyList<Turn>> ContextsOf(Persona persona) =>
        persona.Contexts.Count == 0 ? PresentedPersona.Bare : persona.Contexts;
}
