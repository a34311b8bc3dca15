using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;

namespace PersonaSelection.Evidence;

/// <summary>
/// What of an episode a model can read, the same for every persona, so that their evidence can be compared: it is decided with the longest
/// of all contexts before it. The reply comes first, as far as a quarter of the room is left to the context; then the latest turns of the
/// context, whole, while they fit; system turns stay longer than others. If not even the last turn fits, its beginning goes, by words.
/// </summary>
public sealed class EpisodeFit
{
    private readonly ILanguageModel _model;
    private readonly IReadOnlyList<IReadOnlyList<Turn>> _before;
    private readonly int _length, _own;
    private readonly bool _strict;

    /// <summary>For the contexts of all personas.</summary>
    /// <param name="model">What reads as their models do: its tokenizer and its template.</param>
    /// <param name="contextLength">Tokens that these read at once.</param>
    /// <param name="options">Whether cutting is an error.</param>
    /// <param name="personas">The personas by their contexts.</param>
    /// <exception cref="UserErrorException"><c>persona-too-long</c>: a context leaves less than a quarter of the model's length to
    /// the episodes.</exception>
    public EpisodeFit(ILanguageModel model, int contextLength, LikelihoodOptions options, IReadOnlyList<PresentedPersona> personas)
    {
        (_model, _strict) = (model, options.Strict);
        _length = contextLength;
        int bare = Tokens([]).Length;
        var lengths = new Dictionary<IReadOnlyList<Turn>, int>(ReferenceEqualityComparer.Instance);
        foreach (PresentedPersona persona in personas)
        {
            foreach (IReadOnlyList<Turn> context in persona.Contexts)
            {
                int own = lengths[context] = Tokens(context).Length - bare;
                if (own > _length - Math.Max(bare + 2, _length / 4))
                    throw new UserErrorException("persona-too-long",
                        $"What puts the persona '{persona.Persona.Name}' before the model has {own} tokens; "
                        + $"the model reads {_length} in all.",
                        "Shorten its description or contexts, or use a model with a longer context.");
                _own = Math.Max(_own, own);
            }
        }
        // Contexts much shorter than the longest never decide.
        _before = [.. lengths.Where(l => l.Value >= _own - 8).Select(l => l.Key)];
    }

    /// <summary>What is kept of one context with one of its replies.</summary>
    /// <param name="Context">The turns that are kept.</param>
    /// <param name="Reply">The tokens that are scored; none when the reply is empty.</param>
    /// <param name="Cut">What was left out, for episode 0; null when nothing was.</param>
    public sealed record Kept(IReadOnlyList<Turn> Context, int[] Reply, EpisodeCut? Cut);

    /// <summary>Cuts an episode to what fits.</summary>
    /// <exception cref="UserErrorException">Strict, and something would have to be left out, or cannot be read.</exception>
    public Kept Of(Episode episode)
    {
        try
        {
            int[] reply = _model.Template.EncodeReply(_model.Tokenizer, episode.Reply);
            // Joining two texts may take a token or two more than both.
            int context = Tokens(episode.Context).Length;
            if (_own + context + reply.Length + 2 <= _length || Length(episode.Context) + reply.Length <= _length)
                return new Kept(episode.Context, reply, null);
            if (_strict)
                throw new UserErrorException("prompt-too-long",
                    $"{episode.Named} has {context + reply.Length} tokens, {_own} more come before it, and the model reads {_length}.",
                    "Shorten it, leave it out, use a model with a longer context, or work without --strict.");
            return Shorten(episode, reply);
        }
        catch (UserErrorException e) when (e.Code is "unknown-word" or "template-refuses")
        {
            if (_strict) throw new UserErrorException(e.Code, $"{episode.Named}: {e.Problem}", e.Remedy, e);
            return new Kept([], [], new EpisodeCut(0, 0, false, 0, e.Problem));
        }
    }

    private Kept Shorten(Episode episode, int[] reply)
    {
        int empty = Length([]), available = _length - empty;
        // Replies are cut only where they and a quarter's worth of context do not go together.
        int wanted = Math.Min(Length(episode.Context) - empty, available / 4);
        int room = _length - Math.Max(1, Math.Min(reply.Length, available - wanted));
        List<Turn> turns = [.. episode.Context];
        // Each turn by itself, to leave out most of a long dialogue without reading it again and again.
        List<int> sizes = [.. turns.Select(t => Tokens([t]).Length)];
        long total = sizes.Sum(s => (long)s);
        while (turns.Count > 1 && (total > room + (8L * turns.Count) || Length(turns) > room))
        {
            int at = Oldest(turns);
            total -= sizes[at];
            turns.RemoveAt(at);
            sizes.RemoveAt(at);
        }
        bool shortened = false;
        if (turns.Count == 1 && Length(turns) > room)
        {
            string end = End(turns[0], room);
            shortened = end.Length > 0;
            turns = shortened ? [turns[0] with { Text = end }] : [];
        }
        int[] kept = reply[..Math.Clamp(_length - Length(turns), 1, reply.Length)];
        return new Kept(turns, kept, new EpisodeCut(0, episode.Context.Count - turns.Count, shortened, reply.Length - kept.Length));
    }

    // The oldest turn that is neither a system turn nor the last; where there is none, the oldest system turn.
    private static int Oldest(List<Turn> turns)
    {
        int at = turns.FindIndex(0, turns.Count - 1, t => t.Role != "system");
        return at < 0 ? 0 : at;
    }

    // The longest end of a turn that fits, from the start of a word where one is near: a tokenizer of words cannot read half of one.
    private string End(Turn turn, int room)
    {
        string text = turn.Text;
        int size = Math.Min(text.Length, 4 * room);
        while (size < text.Length && Fits(text.Length - size)) size = (int)Math.Min(text.Length, 2L * size);
        int low = text.Length - size, high = text.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Fits(middle)) high = middle;
            else low = middle + 1;
        }
        while (low < text.Length && (char.IsLowSurrogate(text[Start(low)]) || !Fits(low))) low++;
        return text[Start(low)..];

        bool Fits(int from) => Length([turn with { Text = text[Start(from)..] }]) <= room;

        int Start(int from)
        {
            for (int i = from; i < Math.Min(text.Length, from + 64); i++)
                if ((i == 0 || char.IsWhiteSpace(text[i - 1])) && !char.IsWhiteSpace(text[i])) return i;
            return from;
        }
    }

    private int[] Tokens(IReadOnlyList<Turn> context) => _model.Template.EncodeContext(_model.Tokenizer, context);

    /// <summary>Tokens of a context, with the longest of the personas' before it.</summary>
    private int Length(IReadOnlyList<Turn> context)
    {
        int most = 0;
        foreach (IReadOnlyList<Turn> before in _before)
            most = Math.Max(most, Tokens(DialogueJoin.Of(before, context)).Length);
        return most;
    }
}
