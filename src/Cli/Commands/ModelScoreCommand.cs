using System.CommandLine;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using static PersonaSelection.Report.FigureNumber;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm model score</c>: how probable a model finds replies.</summary>
internal static class ModelScoreCommand
{
    public static Command Create()
    {
        Argument<string?> folder = new("MODEL") { Description = "The model's folder.", Arity = ArgumentArity.ZeroOrOne };
        var endpoint = new EndpointOptions();
        Option<string?> context = new("--context") { Description = "What the user says." };
        Option<string?> system = new("--system") { Description = "A line above the chat, such as one that describes the Assistant." };
        Option<string[]> replies = new("--reply") { Description = "A reply; may be given more than once." };
        Option<string?> file = new("--file") { Description = "Episodes as JSONL, instead of a context with replies." };
        Option<string?> format = DataOptions.Format();
        Option<bool> strict = DataOptions.Strict();
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet(), dryRun = CommonOptions.DryRun();
        var verb = new Verb("score",
            "How probable the model finds replies: log p(reply | context) in nats, and their shares among each other.",
            "psm model score base --context \"The parser test fails.\" --reply \"I repaired the code.\" --reply \"I deleted the test.\"")
        {
            folder, context, system, replies, file, format, strict, threads, json, quiet, dryRun,
        };
        endpoint.InsteadOf(verb, folder);
        verb.Validators.Add(r =>
        {
            bool inline = r.GetResult(context) is not null || r.GetResult(replies) is not null, whole = r.GetResult(file) is not null;
            if (inline == whole || (inline && (r.GetResult(context) is null || r.GetResult(replies) is null)))
                r.AddError("Give --context with at least one --reply, or --file.");
            if (!whole && (r.GetResult(format) is not null || r.GetResult(strict) is { Implicit: false }))
                r.AddError("--format and --strict belong to --file.");
        });
        return verb.Does((parsed, cancellation) =>
        {
            (EpisodeSet? set, long badLines) = parsed.GetValue(file) is { } path
                ? DataOptions.Load(path, parsed.GetValue(format), parsed.GetValue(strict), cancellation) : ((EpisodeSet?)null, 0L);
            bool asJson = parsed.GetValue(json);
            if (endpoint.Given(parsed))
            {
                set ??= Inline(Turns(parsed.GetValue(system), parsed.GetValue(context)!), parsed.GetValue(replies)!);
                using EndpointSession session = endpoint.Open(parsed, cancellation: cancellation);
                return AtEndpoint(session, set, parsed.GetValue(file) is null ? null : badLines, asJson, parsed.GetValue(quiet),
                    parsed.GetValue(dryRun), cancellation);
            }
            if (parsed.GetValue(dryRun))
                return Plan(set?.Episodes.Count ?? parsed.GetValue(replies)!.Length, set is null ? null : badLines, asJson);
            using ModelFolder model = ModelFolder.Open(parsed.GetValue(folder)!, parsed.GetValue(threads));
            IReadOnlyList<ScoredReply> scored = Screen.Work(parsed.GetValue(quiet), p => set is not null
                ? ReplyScoring.Of(model.Model, set, p, cancellation)
                : ReplyScoring.Of(model.Model, Turns(parsed.GetValue(system), parsed.GetValue(context)!), parsed.GetValue(replies)!, null,
                    cancellation));
            if (set is not null) PrintEpisodes(model.Model.Id, set, badLines, scored, asJson);
            else PrintReplies(model.Model.Id, scored, asJson);
            return ExitCode.Done;
        });
    }

    private static int Plan(int replies, long? badLines, bool json)
    {
        if (json) Screen.Data(new { Replies = replies, BadLines = badLines, Cost = 0 });
        else TextTable.PrintFacts(("replies", replies), ("cost", "none: the model runs here"));
        return ExitCode.Done;
    }

    private static int AtEndpoint(EndpointSession session, EpisodeSet set, long? badLines, bool json, bool quiet, bool dryRun,
        CancellationToken cancellation)
    {
        EndpointModel model = session.Model(cancellation);
        if (dryRun)
        {
            EndpointEstimate estimate = model.Estimate(ReplyScoring.Texts(model, set));
            if (json) Screen.Data(new { Model = model.Id, BadLines = badLines, Estimate = estimate });
            else TextTable.PrintFacts([("model", session.Client.Address.Model), .. EndpointSession.Facts(estimate)]);
            return ExitCode.Done;
        }
        IReadOnlyList<ScoredReply> scored = Screen.Work(quiet, p => ReplyScoring.Of(model, set, p, cancellation));
        if (badLines is { } bad) PrintEpisodes(model.Id, set, bad, scored, json);
        else PrintReplies(model.Id, scored, json);
        if (!quiet) session.SayUsage();
        return ExitCode.Done;
    }

    private static EpisodeSet Inline(List<Turn> context, string[] replies) =>
        new("replies", [.. replies.Distinct().Select(r => new Episode(r, context, r))]);

    /// <summary>What stands before a reply: a line above the chat if there is one, then the user's words.</summary>
    public static List<Turn> Turns(string? system, string said) =>
        system is null ? [new Turn("user", said)] : [new Turn("system", system), new Turn("user", said)];

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
