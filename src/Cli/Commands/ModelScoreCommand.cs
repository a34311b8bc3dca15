using System.CommandLine;
using System.CommandLine.Parsing;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using static PersonaSelection.Report.FigureNumber;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm model score</c>: how probable a model finds replies.</summary>
internal sealed class ModelScoreCommand
{
    private readonly Argument<string?> _folder = new("MODEL")
    {
        Description = "The model's folder.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly EndpointOptions _endpoint = new();
    private readonly Option<string?> _context = new("--context") { Description = "What the user says." };
    private readonly Option<string?> _system = CommonOptions.SystemLine();

    private readonly Option<string[]> _replies = new("--reply") { Description = "A reply; may be given more than once." };
    private readonly Option<string?> _file = new("--file") { Description = "Episodes as JSONL, instead of a context with replies." };
    private readonly Option<string?> _format = DataOptions.Format();
    private readonly Option<bool> _strict = DataOptions.Strict();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json(), _quiet = CommonOptions.Quiet(), _dryRun = CommonOptions.DryRun();
    private readonly Verb _verb;

    private ModelScoreCommand()
    {
        _verb = new Verb("score",
            "How probable the model finds replies: log p(reply | context) in nats, and their shares among each other.",
            "psm model score base --context \"The parser test fails.\" --reply \"I repaired the code.\" --reply \"I deleted the test.\"")
        {
            _folder, _context, _system, _replies, _file, _format, _strict, _threads, _json, _quiet, _dryRun,
        };
        _endpoint.InsteadOf(_verb, _folder);
        _verb.Validators.Add(Check);
        _verb.Does(Run);
    }

    public static Command Create() => new ModelScoreCommand()._verb;

    /// <summary>What stands before a reply: a line above the chat if there is one, then the user's words.</summary>
    public static List<Turn> Turns(string? system, string said) =>
        system is null ? [new Turn("user", said)] : [new Turn("system", system), new Turn("user", said)];

    private void Check(CommandResult r)
    {
        bool inline = r.GetResult(_context) is not null || r.GetResult(_replies) is not null, whole = r.GetResult(_file) is not null;
        if (inline == whole || (inline && (r.GetResult(_context) is null || r.GetResult(_replies) is null)))
            r.AddError("Give --context with at least one --reply, or --file.");
        if (!whole && (r.GetResult(_format) is not null || r.GetResult(_strict) is { Implicit: false }))
            r.AddError("--format and --strict belong to --file.");
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        string? file = parsed.GetValue(_file);
        long? badLines = null;
        EpisodeSet set;
        if (file is null) set = Inline(Turns(parsed.GetValue(_system), parsed.GetValue(_context)!), parsed.GetValue(_replies)!);
        else (set, badLines) = DataOptions.Load(file, parsed.GetValue(_format), parsed.GetValue(_strict), cancellation);
        if (_endpoint.Given(parsed))
        {
            using EndpointSession session = _endpoint.Open(parsed, cancellation: cancellation);
            if (parsed.GetValue(_dryRun)) return Plan(session, set, badLines, parsed.GetValue(_json), cancellation);
            EndpointModel served = session.Model(cancellation);
            Print(parsed, served.Id, set, badLines, p => ReplyScoring.Of(served, set, p, cancellation));
            if (!parsed.GetValue(_quiet)) session.SayUsage();
            return ExitCode.Done;
        }
        if (parsed.GetValue(_dryRun)) return Plan(set.Episodes.Count, badLines, parsed.GetValue(_json));
        using ModelFolder model = ModelFolder.Open(parsed.GetValue(_folder)!, parsed.GetValue(_threads));
        // A few replies take no time that is worth a line of progress.
        Print(parsed, model.Model.Id, set, badLines,
            p => ReplyScoring.Of(model.Model, set, file is null ? null : p, cancellation));
        return ExitCode.Done;
    }

    private void Print(ParseResult parsed, string model, EpisodeSet set, long? badLines,
        Func<IProgress<WorkProgress>, IReadOnlyList<ScoredReply>> score)
    {
        IReadOnlyList<ScoredReply> scored = Screen.Work(parsed.GetValue(_quiet), score);
        if (badLines is { } bad) PrintEpisodes(model, set, bad, scored, parsed.GetValue(_json));
        else PrintReplies(model, scored, parsed.GetValue(_json));
    }

    private static int Plan(int replies, long? badLines, bool json)
    {
        if (json) Screen.Data(new { Replies = replies, BadLines = badLines, Cost = 0 });
        else TextTable.PrintFacts(("replies", replies), ("cost", "none: the model runs here"));
        return ExitCode.Done;
    }

    private static int Plan(EndpointSession session, EpisodeSet set, long? badLines, bool json, CancellationToken cancellation)
    {
        EndpointModel model = session.Model(cancellation);
        EndpointEstimate estimate = model.Estimate(ReplyScoring.Texts(model, set));
        if (json) Screen.Data(new { Model = model.Id, BadLines = badLines, Estimate = estimate });
        else TextTable.PrintFacts([("model", session.Client.Address.Model), .. EndpointSession.Facts(estimate)]);
        return ExitCode.Done;
    }

    private static EpisodeSet Inline(List<Turn> context, string[] replies) =>
        new("replies", [.. replies.Distinct().Select(r => new Episode(r, context, r))]);

    private static void PrintReplies(string model, IReadOnlyList<ScoredReply> scored, bool json)
    {
        double total = LogSpace.LogSumExp([.. scored.Select(s => s.LogProbability)]);
        double Share(ScoredReply s) => Math.Exp(s.LogProbability - total);
        if (json)
        {
            Screen.Data(new
            {
                Model = model,
                Replies = scored.Select(s => new { Reply = s.Id, s.LogProbability, s.Tokens, s.PerToken, Share = Share(s) }),
            });
            return;
        }
        var table = new TextTable("log p", "tokens", "share", "reply");
        foreach (ScoredReply s in scored) table.Add(Fixed(s.LogProbability, 3), $"{s.Tokens}", Fixed(Share(s), 3), s.Id);
        table.Print();
    }

    private static void PrintEpisodes(string model, EpisodeSet set, long badLines, IReadOnlyList<ScoredReply> scored, bool json)
    {
        double mean = Statistics.Mean([.. scored.Select(s => s.LogProbability)]);
        if (json)
        {
            Screen.Data(new { Model = model, Episodes = set.Id.ToString(), BadLines = badLines, Mean = mean, Scores = scored });
            return;
        }
        var table = new TextTable("log p", "tokens", "per token", "episode");
        foreach (ScoredReply s in scored) table.Add(Fixed(s.LogProbability, 3), $"{s.Tokens}", Fixed(s.PerToken, 3), s.Id);
        table.Print();
        Screen.Say(FormattableString.Invariant($"{scored.Count} episodes, mean log p {Fixed(mean, 3)}"));
    }
}
