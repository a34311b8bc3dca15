using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>Every prefix with one of its continuations, laid end to end.</summary>
internal sealed class ScoreSequences
{
    private readonly int[] _tokens, _prefixLengths, _shared;
    private readonly long[] _starts;

    /// <summary>Checks and copies the requests.</summary>
    /// <exception cref="ArgumentException">An empty prefix or continuation, or an id outside the vocabulary.</exception>
    /// <exception cref="UserErrorException">A sequence is longer than the context.</exception>
    public ScoreSequences(IReadOnlyList<ScoreRequest> requests, int vocabulary, int contextLength)
    {
        int count = requests.Sum(r => r.Continuations.Count);
        (_starts, _prefixLengths, _shared) = (new long[count + 1], new int[count], new int[count]);
        Results = new float[requests.Count][][];
        Rows = new float[count][];
        int s = 0;
        for (int r = 0; r < requests.Count; r++)
        {
            ScoreRequest request = requests[r];
            Check(request.Prefix, vocabulary, "prefix", r);
            Results[r] = new float[request.Continuations.Count][];
            for (int c = 0; c < request.Continuations.Count; c++, s++)
            {
                int[] continuation = request.Continuations[c];
                Check(continuation, vocabulary, "continuation", r);
                int length = request.Prefix.Length + continuation.Length;
                if (length > contextLength) throw TooLong(length, contextLength);
                Results[r][c] = Rows[s] = new float[continuation.Length];
                _prefixLengths[s] = request.Prefix.Length;
                _shared[s] = request.Shared is { } shared ? Math.Clamp(shared, 0, request.Prefix.Length) : -1;
                _starts[s + 1] = _starts[s] + length;
            }
        }
        _tokens = new int[checked((int)_starts[count])];
        s = 0;
        foreach (ScoreRequest request in requests)
        {
            foreach (int[] continuation in request.Continuations)
            {
                Span<int> to = _tokens.AsSpan((int)_starts[s++]);
                request.Prefix.CopyTo(to);
                continuation.CopyTo(to[request.Prefix.Length..]);
            }
        }
    }

    /// <summary>Number of sequences.</summary>
    public int Count => _prefixLengths.Length;

    /// <summary>The log-probabilities, [request][continuation][token].</summary>
    public float[][][] Results { get; }

    /// <summary>The same, [sequence][token].</summary>
    public float[][] Rows { get; }

    /// <summary>The tokens a model reads: all but the last.</summary>
    public ReadOnlySpan<int> Inputs(int sequence) =>
        _tokens.AsSpan((int)_starts[sequence], (int)(_starts[sequence + 1] - _starts[sequence]) - 1);

    /// <summary>One token.</summary>
    public int Token(int sequence, int position) => _tokens[_starts[sequence] + position];

    /// <summary>The position after which the first continuation token is predicted.</summary>
    public int FirstTarget(int sequence) => _prefixLengths[sequence] - 1;

    /// <summary>
    /// Whether a sequence shares only whole parts (<see cref="ScoreRequest.Shared"/>), and where those end: what all of its kind begin
    /// with, and the prefix.
    /// </summary>
    public bool HasParts(int sequence, out int shared, out int prefix)
    {
        (shared, prefix) = (_shared[sequence], _prefixLengths[sequence]);
        return shared >= 0;
    }

    /// <summary>How many tokens two sequences compute once, given how many they have in common.</summary>
    public int Sharable(int a, int b, int common)
    {
        bool partsOfA = HasParts(a, out int sharedA, out int prefixA), partsOfB = HasParts(b, out int sharedB, out int prefixB);
        if (!partsOfA && !partsOfB) return common;
        if (!partsOfA || !partsOfB || sharedA != sharedB) return 0;
        return prefixA == prefixB && prefixA <= common ? prefixA : sharedA <= common ? sharedA : 0;
    }

    /// <summary>The sequences in the order of their inputs, so that those that start alike are neighbours.</summary>
    public int[] Sorted()
    {
        int[] order = [.. Enumerable.Range(0, Count)];
        Array.Sort(order, (a, b) =>
        {
            int byTokens = Inputs(a).SequenceCompareTo(Inputs(b));
            return byTokens != 0 ? byTokens : a.CompareTo(b);
        });
        return order;
    }

    internal static UserErrorException TooLong(int length, int contextLength) => new("prompt-too-long",
        $"A text of {length} tokens does not fit into the model's context of {contextLength}.",
        "Shorten the prompt, or train a model with a longer context.");

    private static void Check(int[] tokens, int vocabulary, string what, int request)
    {
        if (tokens.Length == 0) throw new ArgumentException($"Request {request} has an empty {what}.");
        foreach (int token in tokens)
            if ((uint)token >= (uint)vocabulary)
                throw new ArgumentException($"Token {token} in the {what} of request {request} is not below {vocabulary}.");
    }
}
