namespace PersonaSelection.Model;

/// <summary>
/// How a tree is computed: edges with much below them first, level by level, their keys and values kept for all; then jobs of whole
/// subtrees, each small enough for one worker's memory. It depends on the requests alone, never on the number of threads.
/// </summary>
internal sealed class ScorePlan
{
    private const long LeastJob = 512;
    private const long LargestJob = 4096;

    /// <summary>Plans a tree.</summary>
    public ScorePlan(ScoreTree tree)
    {
        long job = Math.Clamp(tree.Tokens / 64, LeastJob, LargestJob);
        ScoreNode[] nodes = tree.Nodes;
        var levels = new List<List<int>>();
        var jobs = new List<List<int>>();
        var current = new List<int>();
        long tokens = 0;
        var depth = new int[nodes.Length];
        for (int n = 0; n < nodes.Length; n++)
        {
            int parent = nodes[n].Parent;
            depth[n] = parent < 0 ? 0 : depth[parent] + 1;
            bool upper = nodes[n].SubtreeTokens > job && nodes[n].FirstChild >= 0;
            if (upper)
            {
                if (depth[n] == levels.Count) levels.Add([]);
                levels[depth[n]].Add(n);
            }
            else if (parent < 0 || nodes[parent].SubtreeTokens > job)
            {
                if (tokens > 0 && tokens + nodes[n].SubtreeTokens > job)
                {
                    jobs.Add(current);
                    (current, tokens) = ([], 0);
                }
                current.Add(n);
                tokens += nodes[n].SubtreeTokens;
            }
        }
        if (current.Count > 0) jobs.Add(current);
        Levels = levels;
        Jobs = jobs;
    }

    /// <summary>Edges to be computed first, by their depth.</summary>
    public List<List<int>> Levels { get; }

    /// <summary>The tops of the subtrees of each job.</summary>
    public List<List<int>> Jobs { get; }
}
