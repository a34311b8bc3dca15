using System.Runtime.CompilerServices;

namespace PersonaSelection.Corpus;

/// <summary>Tokens as parsers go through them, and how deep they are in.</summary>
internal sealed class JinjaTokens(List<JinjaToken> tokens)
{
    // Each level of brackets takes a dozen calls on the stack.
    private const int Deepest = 100;

    private int _at;
    private int _depth;

    /// <summary>The token that comes next.</summary>
    public JinjaToken Current => tokens[_at];

    /// <summary>The one behind it.</summary>
    public JinjaToken Following => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    /// <summary>Takes the next token; the end stays.</summary>
    public JinjaToken Take() => tokens[_at < tokens.Count - 1 ? _at++ : _at];

    /// <summary>Takes a name or a sign, if it comes next.</summary>
    public bool Skip(string text)
    {
        if (!Current.Is(text)) return false;
        Take();
        return true;
    }

    /// <summary>Takes what must come next.</summary>
    public JinjaToken Expect(JinjaTokenKind kind) => Current.Kind == kind ? Take() : throw Fail(Current, kind switch
    {
        JinjaTokenKind.Name => $"{Current} where a name is expected",
        _ => $"{Current} where the tag should end",
    });

    /// <summary>Takes the name or sign that must come next.</summary>
    public void Expect(string text)
    {
        if (!Skip(text)) throw Fail(Current, $"{Current} where '{text}' is expected");
    }

    /// <summary>Goes one level in, until what it gives is disposed.</summary>
    public Level Nest()
    {
        if (++_depth > Deepest || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw Fail(Current, $"nested more than {Deepest} deep");
        return new Level(this);
    }

    /// <summary>An error at a token.</summary>
    public FormatException Fail(JinjaToken at, string problem) => new($"line {at.Line}: {problem}");

    /// <summary>A level that is being read.</summary>
    internal readonly ref struct Level(JinjaTokens tokens)
    {
        public void Dispose() => tokens._depth--;
    }
}
