namespace PersonaSelection.Model;

/// <summary>One edge of the tree: a run of tokens that all sequences below it share.</summary>
internal struct ScoreNode
{
    /// <summary>The edge above; -1 at the top.</summary>
    public int Parent;

    /// <summary>Position of the first token, and the number of tokens.</summary>
    public int Start, Length;

    /// <summary>A sequence that passes through: its tokens at <see cref="Start"/> are the edge's.</summary>
    public int Sequence;

    /// <summary>Links to the edges below and beside; -1 when there are none.</summary>
    public int FirstChild, NextSibling;

    /// <summary>Tokens of this edge and all below it.</summary>
    public long SubtreeTokens;

    /// <summary>Where this edge's targets are in <see cref="ScoreTree.Targets"/>.</summary>
    public int FirstTarget, TargetCount;

    public readonly int End => Start + Length;
}

/// <summary>A log-probability that is wanted: that of <paramref name="Token"/> after row <paramref name="Row"/> of an edge.</summary>
internal readonly record struct ScoreTarget(int Row, int Token, int Sequence, int Index);

/// <summary>
/// The prefix tree of a list of token sequences: tokens that sequences have in common, counted from their start, occur once. Edges are
/// numbered so that a parent comes before its children and the children of one parent are in the order of their tokens.
/// </summary>
internal sealed class ScoreTree
{
    private ScoreTree(ScoreNode[] nodes, ScoreTarget[] targets, int[] tops)
    {
        Nodes = nodes;
        Targets = targets;
        Tops = tops;
    }

    public ScoreNode[] Nodes { get; }

    public ScoreTarget[] Targets { get; }

    /// <summary>The edges without a parent.</summary>
    public int[] Tops { get; }

    /// <summary>Tokens in all edges: what a forward pass has to compute.</summary>
    public long Tokens => Tops.Sum(t => Nodes[t].SubtreeTokens);

    /// <summary>Builds the tree of some sequences.</summary>
    /// <param name="sequences">Where the tokens are.</param>
    /// <param name="order">The sequences to take, in the order of their tokens.</param>
    public static ScoreTree Build(ScoreSequences sequences, int[] order)
    {
        var nodes = new List<ScoreNode>(2 * order.Length);
        var path = new Stack<int>();
        var ends = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            ReadOnlySpan<int> tokens = sequences.Inputs(order[i]);
            int common = i == 0 ? 0 : sequences.Sharable(order[i - 1], order[i], sequences.Inputs(order[i - 1]).CommonPrefixLength(tokens));
            int popped = -1;
            while (path.Count > 0 && nodes[path.Peek()].End > common) popped = path.Pop();
            if (popped >= 0 && nodes[popped].Start < common) path.Push(Split(nodes, popped, common));
            if (sequences.HasParts(order[i], out int shared, out int prefix))
            {
                // Parts are edges of their own from the first sequence on, so that no later one can change how they are computed.
                if (shared < prefix) Append(shared);
                Append(prefix);
            }
            Append(tokens.Length);
            ends[i] = path.Peek();

            void Append(int end)
            {
                int length = sequences.Inputs(order[i]).Length;
                if (Math.Min(end, length) <= common) return;
                nodes.Add(new ScoreNode
                {
                    Parent = path.Count > 0 ? path.Peek() : -1,
                    Start = common,
                    Length = Math.Min(end, length) - common,
                    Sequence = order[i],
                });
                common += nodes[^1].Length;
                path.Push(nodes.Count - 1);
            }
        }
        return Number(nodes, ends, sequences, order);
    }

    // The upper part becomes a new edge; the lower part keeps its number, so the sequences that end in it still do.
    private static int Split(List<ScoreNode> nodes, int node, int at)
    {
        ScoreNode lower = nodes[node];
        nodes.Add(lower with { Length = at - lower.Start });
        nodes[node] = lower with { Parent = nodes.Count - 1, Start = at, Length = lower.End - at };
        return nodes.Count - 1;
    }

    private static ScoreTree Number(List<ScoreNode> raw, int[] ends, ScoreSequences sequences, ReadOnlySpan<int> order)
    {
        int count = raw.Count;
        int[] firstChild = new int[count + 1], nextSibling = new int[count];
        Array.Fill(firstChild, -1);
        // Leaves were made in order and a split edge's representative is its first sequence, so going backwards by that order sorts
        // siblings.
        int[] byOrder = [.. Enumerable.Range(0, count)];
        var rank = new Dictionary<int, int>(order.Length);
        for (int i = 0; i < order.Length; i++) rank[order[i]] = i;
        Array.Sort([.. byOrder.Select(n => rank[raw[n].Sequence])], byOrder);
        for (int i = count - 1; i >= 0; i--)
        {
            int n = byOrder[i], parent = raw[n].Parent < 0 ? count : raw[n].Parent;
            nextSibling[n] = firstChild[parent];
            firstChild[parent] = n;
        }
        var nodes = new ScoreNode[count];
        var numbers = new int[count];
        var tops = new List<int>();
        var pending = new Stack<int>();
        if (firstChild[count] >= 0) pending.Push(firstChild[count]);
        int next = 0;
        while (pending.TryPop(out int n))
        {
            if (nextSibling[n] >= 0) pending.Push(nextSibling[n]);
            if (firstChild[n] >= 0) pending.Push(firstChild[n]);
            numbers[n] = next;
            int parent = raw[n].Parent < 0 ? -1 : numbers[raw[n].Parent];
            nodes[next] = raw[n] with { Parent = parent, FirstChild = -1, NextSibling = -1, SubtreeTokens = raw[n].Length };
            if (parent < 0) tops.Add(next);
            next++;
        }
        for (int n = count - 1; n >= 0; n--)
        {
            int parent = nodes[n].Parent;
            if (parent < 0) continue;
            nodes[n].NextSibling = nodes[parent].FirstChild;
            nodes[parent].FirstChild = n;
            nodes[parent].SubtreeTokens += nodes[n].SubtreeTokens;
        }
        return new ScoreTree(nodes, PlaceTargets(nodes, numbers, ends, sequences, order), [.. tops]);
    }

    private static ScoreTarget[] PlaceTargets(ScoreNode[] nodes, int[] numbers, int[] ends, ScoreSequences sequences,
        ReadOnlySpan<int> order)
    {
        for (int i = 0; i < order.Length; i++)
        {
            int first = sequences.FirstTarget(order[i]);
            for (int n = numbers[ends[i]]; n >= 0 && nodes[n].End > first; n = nodes[n].Parent)
                nodes[n].TargetCount += nodes[n].End - Math.Max(nodes[n].Start, first);
        }
        int total = 0;
        for (int n = 0; n < nodes.Length; n++)
        {
            nodes[n].FirstTarget = total;
            total += nodes[n].TargetCount;
            nodes[n].TargetCount = 0;
        }
        var targets = new ScoreTarget[total];
        for (int i = 0; i < order.Length; i++)
        {
            int s = order[i], first = sequences.FirstTarget(s);
            for (int n = numbers[ends[i]]; n >= 0 && nodes[n].End > first; n = nodes[n].Parent)
            {
                for (int p = Math.Max(nodes[n].Start, first); p < nodes[n].End; p++)
                {
                    targets[nodes[n].FirstTarget + nodes[n].TargetCount++] =
                        new ScoreTarget(p - nodes[n].Start, sequences.Token(s, p + 1), s, p - first);
                }
            }
        }
        return targets;
    }
}
