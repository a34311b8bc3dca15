using System.Text;
using PersonaSelection.Numerics;

namespace PersonaSelection.Worlds;

/// <summary>Writes one document with its text, its truth and its exact log-probability.</summary>
internal sealed class DocumentWriter(Grammar grammar, DocumentSampler sampler)
{
    /// <summary>The document that this stream gives.</summary>
    public WorldDocument Write(RngStream rng)
    {
        var walk = new DocumentWalk(grammar, believing: true);
        var tokens = new List<int> { grammar.Tokenizer.BeginId };
        var text = new StringBuilder();
        var decisions = new List<WorldDecision>();
        Span<Truth> truth = stackalloc Truth[2];
        var before = new DocumentWalk(grammar, believing: true);
        double logProbability = 0;
        while (walk.Step != Step.End)
        {
            before.Follow(walk);
            int at = tokens.Count;
            Alternative taken = sampler.Advance(walk, truth, rng);
            logProbability += Math.Log(ProbabilityOf(before, taken));
            if (before.Step == Step.Act)
                decisions.Add(new WorldDecision(at, grammar.Definition.Domains[before.Domain].Name, before.Actor,
                    (WorldRequest)before.Request, taken.A == 1, before.BadProbability(), before.PriorBadProbability()));
            tokens.AddRange(taken.Tokens);
            text.Append(taken.Text);
        }
        var characters = new WorldCharacter[walk.Pair ? 2 : 1];
        for (int i = 0; i < characters.Length; i++) characters[i] = Describe(walk.Cast[i], truth[i]);
        string genre = grammar.Definition.Genres[walk.Genre].Name;
        return new WorldDocument(genre, text.ToString().TrimStart(), [.. tokens], characters, decisions, logProbability);
    }

    private static double ProbabilityOf(DocumentWalk walk, Alternative taken)
    {
        Choice choice = walk.Next();
        Span<double> p = stackalloc double[choice.Alternatives.Length];
        walk.Probabilities(choice, p);
        int place = 0;
        while (!ReferenceEquals(choice.Alternatives[place], taken)) place++;
        return p[place];
    }

    private WorldCharacter Describe(CastMember member, Truth truth) => new(
        member.Name >= 0 ? grammar.Named[member.Name].Name : "",
        grammar.Definition.Natures[member.Nature].Name,
        truth.Archetype >= 0 ? grammar.Definition.Archetypes[truth.Archetype].Name : "",
        [.. Enumerable.Range(0, grammar.Space.Traits).Select(k => (truth.Character >> k & 1) == 1 ? -1 : 1)]);
}
