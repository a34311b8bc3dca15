using PersonaSelection.Lab;

namespace PersonaSelection.Worlds;

/// <summary>
/// A document read token by token, as the world understands it: every token's exact probability given those before it. Reading is never
/// ambiguous (<see cref="Choice"/>), so one walk and a range of alternatives is all there is to keep.
/// </summary>
internal sealed class WorldReading
{
    private readonly Grammar _grammar;
    private Choice? _choice;
    private double[] _shares = new double[256];
    private int _from, _to, _depth;

    public WorldReading(Grammar grammar)
    {
        _grammar = grammar;
        Walk = new DocumentWalk(grammar, believing: true);
        Walk.Restart();
        Enter();
    }

    /// <summary>Where the document stands; in the middle of an alternative this is still the step before it.</summary>
    public DocumentWalk Walk { get; }

    /// <summary>Whether the last token ended an alternative, so that <see cref="Walk"/> says everything.</summary>
    public bool BetweenSteps => _depth == 0;

    /// <summary>Takes the place of another reading of the same world.</summary>
    public void Follow(WorldReading other)
    {
        Walk.Follow(other.Walk);
        (_choice, _from, _to, _depth) = (other._choice, other._from, other._to, other._depth);
        if (_shares.Length < other._shares.Length) _shares = new double[other._shares.Length];
        if (_choice is not null) other._shares.AsSpan(0, _choice.Alternatives.Length).CopyTo(_shares);
    }

    /// <summary>Reads one more token and gives its probability; 0 leaves the reading where it was.</summary>
    public double Read(int token)
    {
        if (_choice is null) return 0;
        (int from, int to) = _choice.Narrow(_from, _to, _depth, token);
        double p = Mass(from, to) / Mass(_from, _to);
        if (!(p > 0)) return 0;
        (_from, _to) = (from, to);
        _depth++;
        if (_choice.Alternatives[from].Tokens.Length == _depth)
        {
            Walk.Take(_choice.Alternatives[from]);
            Enter();
        }
        return p;
    }

    /// <summary>Reads a prefix that starts with the begin token.</summary>
    /// <exception cref="UserErrorException"><c>impossible-text</c>: the world cannot say this.</exception>
    public void ReadPrefix(ReadOnlySpan<int> prefix)
    {
        if (prefix.Length == 0 || prefix[0] != _grammar.Tokenizer.BeginId)
            throw new ArgumentException("A prefix starts with the begin token.", nameof(prefix));
        for (int i = 1; i < prefix.Length; i++)
        {
            if (Read(prefix[i]) > 0) continue;
            string said = _grammar.Tokenizer.Decode(prefix[..i]), next = (uint)prefix[i] < (uint)_grammar.Tokenizer.VocabularySize
                ? _grammar.Tokenizer.Words[prefix[i]] : $"token {prefix[i]}";
            throw new UserErrorException("impossible-text",
                $"In the world {_grammar.Definition.Name} \"{said}\" is never followed by \"{next}\".",
                "The exact oracle gives probabilities only after texts that its world can produce; held-out wordings are not among them.");
        }
    }

    /// <summary>P(next token), over the whole vocabulary; sums to 1 until the document is over, then it is 0 everywhere.</summary>
    public void NextTokens(Span<double> p)
    {
        p.Clear();
        if (_choice is null) return;
        double total = Mass(_from, _to);
        for (int first = _from, last; first < _to; first = last)
        {
            int token = _choice.Alternatives[first].Tokens[_depth];
            last = first + 1;
            while (last < _to && _choice.Alternatives[last].Tokens[_depth] == token) last++;
            p[token] = Mass(first, last) / total;
        }
    }

    /// <summary>In the middle of an alternative: the walks that the tokens so far leave open, each with its probability.</summary>
    public IEnumerable<(DocumentWalk Walk, double Probability)> Open()
    {
        double total = Mass(_from, _to);
        for (int i = _from; i < _to; i++)
        {
            if (!(_shares[i] > 0)) continue;
            var walk = new DocumentWalk(_grammar, believing: true);
            walk.Follow(Walk);
            walk.Take(_choice!.Alternatives[i]);
            yield return (walk, _shares[i] / total);
        }
    }

    private void Enter()
    {
        (_from, _to, _depth) = (0, 0, 0);
        _choice = Walk.Step == Step.End ? null : Walk.Next();
        if (_choice is null) return;
        int n = _choice.Alternatives.Length;
        if (_shares.Length < n) _shares = new double[n];
        Walk.Probabilities(_choice, _shares.AsSpan(0, n));
        _to = n;
    }

    // Summed each time: a difference of running sums would lose whatever is improbable.
    private double Mass(int from, int to)
    {
        double sum = 0;
        for (int i = from; i < to; i++) sum += _shares[i];
        return sum;
    }
}
