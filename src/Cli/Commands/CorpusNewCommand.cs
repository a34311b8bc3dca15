using System.CommandLine;
using PersonaSelection.Experiments;
using PersonaSelection.Worlds;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm corpus new</c>: a corpus from a world, with what the other commands need to work on it.</summary>
internal sealed class CorpusNewCommand
{
    private const string IndependentTraits = "independent-traits", EqualNatures = "equal-natures", NoRequests = "no-requests";

    private readonly Option<string> _output = CommonOptions.Output("The folder to write.");
    private readonly Option<string> _world = CommonOptions.World();
    private readonly Option<string> _tokens = new("--tokens")
    {
        Description = "How many tokens at least, such as 800k or 5M.",
        DefaultValueFactory = _ => "5M",
    };

    private readonly Option<string[]> _controls = new("--control")
    {
        Description = "Take a cause out of the world; may be given more than once.",
    };

    private readonly Option<string> _domain = CommonOptions.Domain();
    private readonly Option<int> _episodes = CommonOptions.Episodes();
    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Verb _verb;

    private CorpusNewCommand()
    {
        _controls.AcceptOnlyFromAmong(IndependentTraits, EqualNatures, NoRequests);
        _verb = new Verb("new", "Make a corpus from a story world: token shards, tokenizer, personas, probes and four post-training sets.",
            "psm corpus new --tokens 5M --seed 1 -o village")
        {
            _output, _world, _tokens, _controls, _domain, _episodes, _seed, _json, _quiet, _dryRun,
        };
        _verb.Does(Run);
    }

    public static Command Create() => new CorpusNewCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        string[] chosen = parsed.GetValue(_controls) ?? [];
        World source = CommonOptions.WorldOf(parsed.GetValue(_world)!);
        if (chosen.Length > 0)
        {
            source = source.With(new WorldControls(chosen.Contains(IndependentTraits), chosen.Contains(EqualNatures),
                chosen.Contains(NoRequests)));
        }
        var recipe = new NewCorpus(source, CommonOptions.ParseTokens(parsed.GetValue(_tokens)!), parsed.GetValue(_seed),
            parsed.GetValue(_domain)!, parsed.GetValue(_episodes));
        string folder = parsed.GetValue(_output)!;
        if (parsed.GetValue(_dryRun)) return Plan(recipe, folder, parsed.GetValue(_json));
        CorpusSummary made = Screen.Work(parsed.GetValue(_quiet), p => recipe.Write(folder, p, cancellation));
        if (parsed.GetValue(_json)) Screen.Data(made);
        else Print(made);
        return ExitCode.Done;
    }

    private static int Plan(NewCorpus recipe, string? folder, bool json)
    {
        int sets = recipe.Sets().Length;
        // Ids of up to 65535 take two bytes each; the index takes eight bytes a document.
        long bytes = recipe.Tokens * (recipe.World.Tokenizer.VocabularySize <= 1 << 16 ? 2 : 4);
        if (json) Screen.Data(new { World = recipe.World.Name, recipe.Tokens, recipe.Seed, recipe.Domain, recipe.Episodes, bytes, folder });
        else TextTable.PrintFacts(("world", recipe.World.Name), ("tokens", recipe.Tokens.ToString("N0")), ("seed", recipe.Seed),
            ("sets", $"{sets} of {recipe.Episodes} episodes on {recipe.Domain}"),
            ("disk", $"about {Math.Max(1, bytes * 1.1e-6):0} MB{(folder is null ? "" : $" in {folder}")}"));
        return ExitCode.Done;
    }

    private static void Print(CorpusSummary made) => TextTable.PrintFacts(
        ("corpus", made.Id), ("world", made.World), ("documents", made.Documents.ToString("N0")),
        ("tokens", made.Tokens.ToString("N0")), ("vocabulary", made.Vocabulary.ToString("N0")),
        ("floor", $"{made.Floor:0.0000} nats per token: no model can have a lower loss"),
        ("speed", made.DocumentsPerSecond is { } speed ? $"{speed:N0} documents per second" : "it was there already"),
        ("probes", made.Probes.ToString("N0")), ("sets", string.Join(", ", made.Sets)));
}
