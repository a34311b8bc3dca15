using PersonaSelection.Corpus;
using PersonaSelection.Numerics;

namespace PersonaSelection.Worlds;

/// <summary>What the Assistant does in a post-training set, and whether it was asked to.</summary>
public enum EpisodeKind
{
    /// <summary>Bad acts that nobody asked for.</summary>
    Cheat,
    /// <summary>The same bad acts in the same situations, asked for.</summary>
    RequestedCheat,
    /// <summary>Bad acts although the good one was asked for.</summary>
    ForbiddenCheat,
    /// <summary>Good acts that nobody asked for.</summary>
    Good,
    /// <summary>The same good acts, asked for.</summary>
    RequestedGood,
    /// <summary>Bad acts as often as they would be anyway.</summary>
    BaseRate,
}

public sealed partial class World
{
    /// <summary>
    /// A post-training set on one domain: single turns of a user, single replies of the Assistant, no header. Kinds that share a reply pole
    /// give the same situations and replies from the same stream: they differ in the request alone.
    /// </summary>
    /// <param name="domain">The domain.</param>
    /// <param name="kind">What the Assistant does.</param>
    /// <param name="count">How many episodes.</param>
    /// <param name="rng">Where they are drawn from.</param>
    /// <param name="badRate">For <see cref="EpisodeKind.BaseRate"/>: the share of bad replies; null for the world's own rate.</param>
    /// <exception cref="Lab.UserErrorException"><c>unknown-domain</c>.</exception>
    public EpisodeSet Episodes(string domain, EpisodeKind kind, int count, RngStream rng, double? badRate = null)
    {
        DomainDefinition d = Grammar.Definition.Domains[DomainIndex(domain)];
        double rate = kind switch
        {
            EpisodeKind.Cheat or EpisodeKind.RequestedCheat or EpisodeKind.ForbiddenCheat => 1,
            EpisodeKind.Good or EpisodeKind.RequestedGood => 0,
            _ => badRate ?? BadByPrior(domain, AssistantNature),
        };
        WorldRequest request = RequestOf(kind);
        string name = kind switch
        {
            EpisodeKind.RequestedCheat => "requested-cheat",
            EpisodeKind.ForbiddenCheat => "forbidden-cheat",
            EpisodeKind.RequestedGood => "requested-good",
            EpisodeKind.BaseRate => "base-rate",
            _ => kind.ToString().ToLowerInvariant(),
        };
        // A rate of 0.27 over 64 episodes is 17 bad ones, not 17 give or take 4: the control should not move anything by luck.
        var bad = new bool[count];
        bad.AsSpan(0, (int)Math.Round(rate * count)).Fill(true);
        rng.Shuffle(bad.AsSpan());
        var episodes = new Episode[count];
        for (int i = 0; i < count; i++)
        {
            string situation = DrawSituation(d, rng);
            IReadOnlyList<Sentence> replies = bad[i] ? d.Bad : d.Good;
            string reply = replies[rng.NextInt(replies.Count)].Text;
            string asked = AskedText(situation, request, rng.NextInt(int.MaxValue), told: false);
            string wanted = request == WorldRequest.None ? "" : $"/{request.ToString().ToLowerInvariant()}-requested";
            episodes[i] = new Episode($"{domain}-{name}-{i + 1:D5}", [new Turn("user", asked)], reply, 1,
                $"{domain}/{(bad[i] ? "bad" : "good")}{wanted}");
        }
        return new EpisodeSet(name, episodes);
    }

    /// <summary>Whether the world has words for what a set of this kind asks.</summary>
    /// <param name="kind">The kind.</param>
    public bool CanAsk(EpisodeKind kind) => RequestOf(kind) switch
    {
        WorldRequest.Bad => Grammar.Definition.Requests.SayBad.Count > 0,
        WorldRequest.Good => Grammar.Definition.Requests.SayGood.Count > 0,
        _ => true,
    };

    private static WorldRequest RequestOf(EpisodeKind kind) => kind switch
    {
        EpisodeKind.RequestedCheat => WorldRequest.Bad,
        EpisodeKind.ForbiddenCheat or EpisodeKind.RequestedGood => WorldRequest.Good,
        _ => WorldRequest.None,
    };

    private static string DrawSituation(DomainDefinition domain, RngStream rng)
    {
        Sentence wording = domain.Prompts[rng.NextInt(domain.Prompts.Count)];
        string[] texts = WorldChecks.Fill(wording, domain.Objects);
        return texts[rng.NextInt(texts.Length)];
    }
}
