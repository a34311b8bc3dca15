using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Evidence;

/// <summary>
/// Examples of a persona as earlier turns of a conversation: as many as fit into half of the model's context, in several draws.
/// </summary>
internal static class ShownExamples
{
    // Examples in a row that do not fit before a draw is called full.
    private const int Patience = 8;

    /// <summary>Characters of examples that a model of unknown length is shown.</summary>
    internal const int RoomAtServer = 6000;

    /// <summary>The contexts of one persona.</summary>
    /// <param name="examples">Its examples.</param>
    /// <param name="model">The model.</param>
    /// <param name="draws">How many contexts; fewer when there are few examples.</param>
    /// <param name="rng">Draws the examples; the same stream for every persona.</param>
    /// <exception cref="UserErrorException"><c>few-examples</c>: none fits.</exception>
    internal static IReadOnlyList<IReadOnlyList<Turn>> Contexts(PersonaExamples examples, ILanguageModel model, int draws, RngStream rng)
    {
        // A server keeps the length of its context to itself, and every character shown is paid for in every question.
        int room = model.ContextLength == int.MaxValue ? RoomAtServer : PresentationOptions.ShownTokens(model);
        return Contexts(examples, room, turns =>
        {
            try
            {
                return model.Template.EncodeContext(model.Tokenizer, turns).Length;
            }
            catch (UserErrorException e) when (e.Code is "unknown-word" or "template-refuses")
            {
                return int.MaxValue;
            }
        }, draws, rng);
    }

    /// <summary>The same in a room of any unit.</summary>
    internal static IReadOnlyList<IReadOnlyList<Turn>> Contexts(PersonaExamples examples, int room, Func<IReadOnlyList<Turn>, int> length,
        int draws, RngStream rng)
    {
        var contexts = new List<IReadOnlyList<Turn>>();
        for (int d = 0; d < Math.Min(draws, examples.Learnt.Count); d++)
        {
            int[] order = [.. Enumerable.Range(0, examples.Learnt.Count)];
            rng.Child("draw", d).Shuffle<int>(order);
            var turns = new List<Turn>();
            int missed = 0;
            foreach (int i in order)
            {
                // A system turn opens a conversation and would not be an example's alone.
                Turn[] one = [.. examples.Learnt[i].Context.Where(t => t.Role != "system"),
                    new Turn("assistant", examples.Learnt[i].Reply)];
                if (length([.. turns, .. one]) <= room) turns.AddRange(one);
                else if (++missed == Patience) break;
            }
            if (turns.Count > 0) contexts.Add(turns);
        }
        if (contexts.Count == 0)
            throw new UserErrorException("few-examples",
                $"No example of the persona '{examples.Persona.Name}' can be shown: none fits into the {room} that they may take.",
                "Give it shorter examples, or 'given: adapter'.");
        return contexts;
    }
}
