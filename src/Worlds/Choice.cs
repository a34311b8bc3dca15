namespace PersonaSelection.Worlds;

/// <summary>One way in which a document can go on.</summary>
/// <param name="Text">What is written, with the white space before it.</param>
/// <param name="Tokens">The same as token ids; at least one.</param>
/// <param name="Weight">Its share of the choice where that does not depend on the document so far; otherwise 1.</param>
/// <param name="A">What it decides; the meaning belongs to the step (<see cref="DocumentWalk"/>).</param>
/// <param name="B">What else it decides.</param>
/// <param name="C">What else it decides.</param>
/// <param name="Line">The line of the world file it comes from.</param>
internal sealed record Alternative(string Text, int[] Tokens, double Weight = 1, int A = 0, int B = 0, int C = 0, int Line = 0);

/// <summary>
/// A point where a document can go on in several ways. No alternative is the beginning of another, so the tokens tell at once which one
/// was taken: that is what makes every document readable in exactly one way. Alternatives are sorted by their tokens; those that
/// begin alike stand side by side.
/// </summary>
internal sealed class Choice
{
    private readonly int[] _sortedPlace;

    /// <summary>Sorts the alternatives and tells <paramref name="say"/> of every pair that a reader could not tell apart.</summary>
    public Choice(IReadOnlyList<Alternative> alternatives, Action<int, string> say)
    {
        int[] order = [.. Enumerable.Range(0, alternatives.Count)];
        Array.Sort(order, (i, j) => Compare(alternatives[i].Tokens, alternatives[j].Tokens));
        Alternatives = [.. order.Select(i => alternatives[i])];
        _sortedPlace = new int[order.Length];
        for (int i = 0; i < order.Length; i++) _sortedPlace[order[i]] = i;
        for (int i = 0; i + 1 < Alternatives.Length; i++)
        {
            (Alternative a, Alternative b) = (Alternatives[i], Alternatives[i + 1]);
            if (b.Tokens.AsSpan().StartsWith(a.Tokens))
                say(Math.Max(a.Line, b.Line), $"\"{a.Text.Trim()}\" and \"{b.Text.Trim()}\" stand in the same place and one begins like "
                    + "the whole other: a reader could not tell which was meant");
        }
    }

    /// <summary>The alternatives, sorted by tokens.</summary>
    public Alternative[] Alternatives { get; }

    /// <summary>Where the alternative that was given as number <paramref name="given"/> stands now.</summary>
    public int PlaceOf(int given) => _sortedPlace[given];

    /// <summary>
    /// Among the alternatives [from, to), which agree before <paramref name="depth"/>, those whose token there is <paramref name="token"/>.
    /// </summary>
    public (int From, int To) Narrow(int from, int to, int depth, int token)
    {
        int first = from;
        while (first < to && Alternatives[first].Tokens[depth] < token) first++;
        int last = first;
        while (last < to && Alternatives[last].Tokens[depth] == token) last++;
        return (first, last);
    }

    private static int Compare(int[] a, int[] b)
    {
        int common = Math.Min(a.Length, b.Length);
        for (int i = 0; i < common; i++)
            if (a[i] != b[i]) return a[i].CompareTo(b[i]);
        return a.Length.CompareTo(b.Length);
    }
}
