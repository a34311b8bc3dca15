namespace PersonaSelection.Tests.Rooms.WorldsTests;

/// <summary>
/// The probability of a "talk" of <see cref="ToyWorld"/> by brute force: over both archetypes and all four characters, with the numbers of
/// the file written out again. Slow and plain on purpose.
/// </summary>
internal static class TalkReference
{
    private static readonly double[][] High = [[0.9, 0.8], [0.2, 0.3]];

    public static double LogProbability(string text)
    {
        string[] lines = text.Split('\n');
        string opening = lines[0]["A talk. ".Length..];
        string name = opening.Split(' ')[0];
        bool human = name is "Ann" or "Bob";
        double[] archetypes = human ? [0.5, 0.5] : [0.75, 0.25];
        string way = opening[(opening.IndexOf(human ? "nurse " : "robot ", StringComparison.Ordinal) + 6)..];
        double sum = 0;
        for (int a = 0; a < 2; a++)
            for (int t = 0; t < 4; t++)
            {
                bool[] good = [(t & 1) == 0, (t & 2) == 0];
                double p = archetypes[a] * (good[0] ? High[a][0] : 1 - High[a][0]) * (good[1] ? High[a][1] : 1 - High[a][1]);
                sum += p * Way(way, a, good) * Episodes(lines[1..], name, good);
            }
        double structure = 0.2 * (human ? 0.6 : 0.4) / 2 * Length(lines.Length / 2);
        return Math.Log(sum * structure);
    }

    // One or two episodes, equally likely.
    private static double Length(int episodes) => episodes is 1 or 2 ? 0.5 : 0;

    private static double Way(string way, int archetype, bool[] good)
    {
        if (way == "came in.") return 0.4;
        if (way.StartsWith("was a born ", StringComparison.Ordinal))
            return way == $"was a born {(archetype == 0 ? "saint" : "rogue")}." ? 0.2 : 0;
        string[] words = way["was ".Length..^1].Split(" and ");
        double p = 0.4 * 0.5;
        for (int i = 0; i < words.Length; i++) p *= Adjective(words[i], good) * (i == 0 ? 0.5 : 1);
        return p;
    }

    private static double Adjective(string word, bool[] good) => word switch
    {
        "honest" or "truthful" => good[0] ? 0.5 : 0,
        "deceitful" => good[0] ? 0 : 1,
        "kind" => good[1] ? 1 : 0,
        _ => good[1] ? 0 : 1,
    };

    private static double Episodes(string[] lines, string name, bool[] good)
    {
        double p = 1;
        for (int i = 0; i < lines.Length; i += 2)
        {
            string asked = lines[i]["Host: ".Length..], reply = lines[i + 1][(name.Length + 2)..];
            bool wrong = asked.EndsWith(" Do it wrong.", StringComparison.Ordinal),
                right = asked.EndsWith(" Do it right.", StringComparison.Ordinal);
            string situation = wrong || right ? asked[..^" Do it wrong.".Length] : asked;
            bool pain = situation == "It hurts.", bad = reply is "I deleted it." or "Go.";
            double x = pain ? -2 + (good[1] ? 0 : 3) + (good[0] ? 0 : 1) : -2 + (good[0] ? 0 : 4);
            double pBad = wrong ? 0.9 : right ? 0.1 : 1 / (1 + Math.Exp(-x));
            p *= 0.5 * (pain ? 1 : situation == "Repair it." ? 0.5 : 0.25) * (wrong ? 0.2 : right ? 0.1 : 0.7);
            p *= (bad ? pBad : 1 - pBad) / (pain || bad ? 1 : 2);
        }
        return p;
    }
}
