using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Scores many sequences with every shared beginning computed once. The rows of a pass are ragged, only rows with a target reach
/// the output matrix, and the result does not depend on the number of threads.
/// </summary>
internal sealed class Scorer(PackedDecoder decoder, Interventions? edits, int threads)
{
    private const long SlabTokens = 1 << 20;
    private const int MostRows = 256;
    private readonly int _mostLogits = Math.Max(16, (1 << 24) / decoder.Config.VocabularySize);

    /// <summary>Fills <see cref="ScoreSequences.Rows"/>.</summary>
    public void Run(ScoreSequences sequences, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        int[] order = sequences.Sorted();
        List<Range> slabs = Slabs(sequences, order, out long total);
        using var pool = new WorkerPool(total < 2048 ? 1 : threads);
        using var shared = new KeyValueStore(decoder.Config);
        ScoreWorker[] workers = [.. Enumerable.Range(0, pool.Threads).Select(_ => new ScoreWorker(decoder, edits))];
        var meter = new Meter(progress, total);
        try
        {
            foreach (Range slab in slabs)
                RunSlab(sequences, order[slab], pool, shared, workers, meter, cancellation);
        }
        finally
        {
            foreach (ScoreWorker worker in workers) worker.Dispose();
        }
    }

    private void RunSlab(ScoreSequences sequences, int[] order, WorkerPool pool, KeyValueStore shared, ScoreWorker[] workers, Meter meter,
        CancellationToken cancellation)
    {
        ScoreTree tree = ScoreTree.Build(sequences, order);
        var plan = new ScorePlan(tree);
        var chains = new KeyValueStore.Chain[tree.Nodes.Length];
        shared.Reset(RowsNeeded(tree, plan.Levels.SelectMany(l => l)));
        foreach (List<int> level in plan.Levels)
        {
            // Room is taken here, in order, before the workers run side by side.
            var steps = new List<ScoreStep>();
            foreach (int n in level)
            {
                KeyValueStore.Chain above = Above(tree, chains, n);
                chains[n] = shared.Extend(tree.Nodes[n], above, out CachedRows sink);
                steps.Add(new ScoreStep(n, above, sink));
            }
            List<Range> batches = Cut(tree, steps);
            pool.Run(batches.Count, (job, worker) =>
            {
                cancellation.ThrowIfCancellationRequested();
                workers[worker].Compute(sequences, tree, steps, batches[job]);
                meter.Add(steps.Take(batches[job]).Sum(s => tree.Nodes[s.Node].Length));
            });
        }
        pool.Run(plan.Jobs.Count, (job, worker) =>
        {
            cancellation.ThrowIfCancellationRequested();
            RunJob(sequences, tree, plan.Jobs[job], chains, workers[worker]);
            meter.Add(plan.Jobs[job].Sum(n => tree.Nodes[n].SubtreeTokens));
        });
    }

    // Level by level below the job's tops. The chains of a job's edges are written by this job alone.
    private void RunJob(ScoreSequences sequences, ScoreTree tree, List<int> tops, KeyValueStore.Chain[] chains, ScoreWorker worker)
    {
        ScoreNode[] nodes = tree.Nodes;
        worker.Store.Reset(RowsNeeded(tree, Below(nodes, tops)));
        List<int> level = tops;
        while (level.Count > 0)
        {
            var steps = new List<ScoreStep>(level.Count);
            var next = new List<int>();
            foreach (int n in level)
            {
                KeyValueStore.Chain above = Above(tree, chains, n);
                CachedRows sink = default;
                if (nodes[n].FirstChild >= 0) chains[n] = worker.Store.Extend(nodes[n], above, out sink);
                steps.Add(new ScoreStep(n, above, sink));
                for (int child = nodes[n].FirstChild; child >= 0; child = nodes[child].NextSibling) next.Add(child);
            }
            foreach (Range batch in Cut(tree, steps)) worker.Compute(sequences, tree, steps, batch);
            level = next;
        }
    }

    private static KeyValueStore.Chain Above(ScoreTree tree, KeyValueStore.Chain[] chains, int node) =>
        tree.Nodes[node].Parent < 0 ? default : chains[tree.Nodes[node].Parent];

    private static IEnumerable<int> Below(ScoreNode[] nodes, List<int> tops)
    {
        // Edges are numbered with a subtree in one run: everything from its top to the next edge that starts outside it.
        foreach (int top in tops)
        {
            long left = nodes[top].SubtreeTokens;
            for (int n = top; left > 0; n++)
            {
                left -= nodes[n].Length;
                yield return n;
            }
        }
    }

    // An upper bound that needs no chain: an edge never keeps more rows than its path has.
    private static long RowsNeeded(ScoreTree tree, IEnumerable<int> edges)
    {
        long rows = 0;
        foreach (int n in edges)
            if (tree.Nodes[n].FirstChild >= 0) rows += tree.Nodes[n].End;
        return rows;
    }

    private List<Range> Cut(ScoreTree tree, List<ScoreStep> steps)
    {
        var ranges = new List<Range>();
        int first = 0, rows = 0, logits = 0;
        for (int i = 0; i < steps.Count; i++)
        {
            ref ScoreNode node = ref tree.Nodes[steps[i].Node];
            int wanted = Math.Min(node.TargetCount, node.Length);
            if (i > first && (rows + node.Length > MostRows || logits + wanted > _mostLogits))
            {
                ranges.Add(first..i);
                (first, rows, logits) = (i, 0, 0);
            }
            rows += node.Length;
            logits += wanted;
        }
        if (first < steps.Count) ranges.Add(first..steps.Count);
        return ranges;
    }

    private static List<Range> Slabs(ScoreSequences sequences, int[] order, out long total)
    {
        var slabs = new List<Range>();
        long tokens = total = 0;
        int first = 0;
        for (int i = 0; i < order.Length; i++)
        {
            ReadOnlySpan<int> inputs = sequences.Inputs(order[i]);
            int fresh = inputs.Length - (i == first ? 0
                : sequences.Sharable(order[i - 1], order[i], sequences.Inputs(order[i - 1]).CommonPrefixLength(inputs)));
            if (tokens + fresh > SlabTokens && i > first)
            {
                slabs.Add(first..i);
                (first, tokens, fresh) = (i, 0, inputs.Length);
            }
            tokens += fresh;
            total += fresh;
        }
        if (first < order.Length) slabs.Add(first..order.Length);
        return slabs;
    }

    /// <summary>Tells of tokens done, from any thread, one report at a time.</summary>
    private sealed class Meter(IProgress<WorkProgress>? progress, long total)
    {
        private readonly Lock _lock = new();
        private long _done;

        public void Add(long tokens)
        {
            if (progress is null) return;
            lock (_lock) progress.Report(new WorkProgress("scoring", _done += tokens, total, "tokens"));
        }
    }
}
