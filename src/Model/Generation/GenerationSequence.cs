using PersonaSelection.Corpus;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>One text under way.</summary>
internal sealed class GenerationSequence(ITokenizer tokenizer, GenerationOptions options, int room, RngStream rng, Action<string>? onText)
{
    private FinishReason _finish;
    private string _text = "";
    private int _told;

    public int Room { get; } = room;

    public RngStream Rng { get; } = rng;

    public List<int> Tokens { get; } = [];

    public bool Ended { get; private set; }

    public void Add(int token)
    {
        if ((options.StopAtEnd && token == tokenizer.EndId) || options.StopTokens.Contains(token))
        {
            End(FinishReason.End);
            return;
        }
        Tokens.Add(token);
        if (options.StopStrings.Count > 0 || onText is not null)
        {
            int before = _text.Length;
            _text = tokenizer.Decode(Tokens.ToArray());
            // One token may bring several: the text ends before the first of them.
            int end = _text.Length;
            foreach (string stop in options.StopStrings)
            {
                int at = _text.IndexOf(stop, Math.Clamp(before - stop.Length, 0, _text.Length), StringComparison.Ordinal);
                if (at >= 0) end = Math.Min(end, at);
            }
            if (end < _text.Length)
            {
                _text = _text[..end];
                End(FinishReason.Stop);
                return;
            }
        }
        if (Tokens.Count == Room) End(FinishReason.Length);
        else Tell(_text.Length - HeldBack());
    }

    public GeneratedText Result() =>
        new([.. Tokens], _finish == FinishReason.Stop ? _text : tokenizer.Decode(Tokens.ToArray()), _finish);

    private void End(FinishReason reason)
    {
        Ended = true;
        _finish = reason;
        Tell(_text.Length);
    }

    private void Tell(int upTo)
    {
        if (onText is null || upTo <= _told) return;
        onText(_text[_told..upTo]);
        _told = upTo;
    }

    // The end of the text may be the beginning of a stop string, or of a character whose last bytes are still to come.
    private int HeldBack()
    {
        int held = _text.EndsWith('\uFFFD') ? 1 : 0;
        foreach (string stop in options.StopStrings)
        {
            for (int n = Math.Min(stop.Length - 1, _text.Length); n > held; n--)
                if (_text.EndsWith(stop[..n], StringComparison.Ordinal)) held = n;
        }
        return held;
    }
}
