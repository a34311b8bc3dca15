using System.CommandLine;
using System.CommandLine.Parsing;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Worlds;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm corpus new</c>: a corpus from a world, with what the other commands need to work on it.</summary>
internal static class CorpusNewCommand
{
    private const string IndependentTraits = "independent-traits", EqualNatures = "equal-natures", NoRequests = "no-requests";

    public static Command Create()
    {
        Option<string> output = CommonOptions.Output("The folder to write.");
        Option<string> world = CommonOptions.World();
        Option<string> tokens = new("--tokens")
        {
            Description = "How many tokens at least, such as 800k or 5M.",
            DefaultValueFactory = _ => "5M",
        };
        Option<string[]> controls = new("--control") { Description = "Take a cause out of the world; may be given more than once." };
        controls.AcceptOnlyFromAmong(IndependentTraits, EqualNatures, NoRequests);
        Option<string> domain = new("--domain")
        {
            Description = "The domain that the post-training sets speak of.",
            DefaultValueFactory = _ => "test",
        };
        Option<int> episodes = CommonOptions.Count("--episodes", "Episodes in each post-training set.", 256);
        Option<ulong> seed = CommonOptions.Seed();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet(), dryRun = CommonOptions.DryRun();
        return new Verb("new", "Make a corpus from a story world: token shards, tokenizer, personas, probes and four post-training sets.",
            "psm corpus new --tokens 5M --seed 1 -o village")
        {
            output, world, tokens, controls, domain, episodes, seed, json, quiet, dryRun,
        }.Does((parsed, cancellation) =>
        {
            string[] chosen = parsed.GetValue(controls) ?? [];
            World source = WorldOf(parsed.GetValue(world)!);
            if (chosen.Length > 0)
            {
                source = source.With(new WorldControls(chosen.Contains(IndependentTraits), chosen.Contains(EqualNatures),
                    chosen.Contains(NoRequests)));
            }
            var recipe = new NewCorpus(source, CommonOptions.ParseTokens(parsed.GetValue(tokens)!), parsed.GetValue(seed),
                parsed.GetValue(domain)!, parsed.GetValue(episodes));
            string folder = parsed.GetValue(output)!;
            return parsed.GetValue(dryRun) ? Plan(recipe, folder, parsed.GetValue(json))
                : Run(recipe, folder, parsed.GetValue(json), parsed.GetValue(quiet), cancellation);
        });
    }

    /// <summary>The built-in world, or the one of a file.</summary>
    public static World WorldOf(string name) => name == "village" ? World.Village
        : File.Exists(name) ? World.Load(name)
        : throw new UserErrorException("no-world", $"There is no world file {name}.",
            "Write village for the built-in world, or the path of a YAML file.");

    private static int Plan(NewCorpus recipe, string? folder, bool json)
    {
        // Ids of up to 65535 take two bytes each; the index takes eight bytes a document.
        long bytes = recipe.Tokens * (recipe.World.Tokenizer.VocabularySize <= 1 << 16 ? 2 : 4);
        if (json) Screen.Data(new { World = recipe.World.Name, recipe.Tokens, recipe.Seed, recipe.Domain, recipe.Episodes, bytes, folder });
        else TextTable.PrintFacts(("world", recipe.World.Name), ("tokens", recipe.Tokens.ToString("N0")), ("seed", recipe.Seed),
            ("sets", $"4 of {recipe.Episodes} episodes on {recipe.Domain}"),
            ("disk", $"about {Math.Max(1, bytes * 1.1e-6):0} MB{(folder is null ? "" : $" in {folder}")}"));
        return ExitCode.Done;
    }

    private static int Run(NewCorpus recipe, string folder, bool json, bool quiet, CancellationToken cancellation)
    {
        CorpusSummary made = Screen.Work(quiet, p => recipe.Write(folder, p, cancellation));
        if (json) Screen.Data(made);
        else TextTable.PrintFacts(("corpus", made.Id), ("world", made.World), ("documents", made.Documents.ToString("N0")),
            ("tokens", made.Tokens.ToString("N0")), ("vocabulary", made.Vocabulary.ToString("N0")),
            ("floor", $"{made.Floor:0.0000} nats per token: no model can have a lower loss"),
            ("speed", made.DocumentsPerSecond is { } speed ? $"{speed:N0} documents per second" : "it was there already"),
            ("probes", made.Probes.ToString("N0")), ("sets", string.Join(", ", made.Sets)));
        return ExitCode.Done;
    }
}
