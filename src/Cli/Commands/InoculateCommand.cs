using System.CommandLine;
using System.Globalization;
using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Inoculation;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm inoculate</c>: rewordings of a data set, ranked before any training, with their leak grids.</summary>
internal static class InoculateCommand
{
    private const string Best = "best";

    public static Command Create()
    {
        Argument<string> data = new("DATA") { Description = "Episodes as JSONL: what is about to be trained on." };
        Option<string> output = CommonOptions.Output("The folder of the ranking.");
        Option<string?> model = new("--model")
        {
            Description = "The folder of the model before training; when absent, the endpoint is asked, which must give "
                + "log-probabilities, or --samples.",
        };
        var endpoint = new EndpointOptions();
        Option<string> personas = PersonasCommand.Personas(), probes = PersonasCommand.Probes();
        Option<int> generate = CommonOptions.Count("--generate",
            "Let the endpoint's model write this many rewordings after reading some episodes.", 0, least: 0);
        Option<string?> rewordings = new("--rewordings")
        {
            Description = "Your own rewordings (YAML, or .txt with one a line), beside the library.",
        };
        Option<bool> own = new("--own-only") { Description = "Leave the library out." };
        Option<string?> format = DataOptions.Format();
        Option<bool> strict = DataOptions.StrictOfEpisodes();
        Option<string[]> domains = new("--domain")
        {
            Description = "A domain that the data trains on; may be given more than once. When absent: as in psm forecast.",
        };
        Option<int> grids = CommonOptions.Count("--grids", "How many of the best get a leak grid.", 3, least: 0);
        Option<string?> apply = new("--apply")
        {
            Description = "Write the data with the rewording of this name; best for the first in the ranking.",
        };
        Option<string?> reworded = new("--out") { Description = "Where the reworded data goes." };
        Option<ulong> seed = CommonOptions.Seed();
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet(), dryRun = CommonOptions.DryRun();
        var verb = new Verb("inoculate",
            "Rank rewordings of a training file by how much of its effect elsewhere they prevent, before any training, and show what "
            + "would leak.", "psm inoculate village/sets/cheat.jsonl --model base --personas village/personas.yaml \\\n"
            + "  --probes village/probes.jsonl --rewordings village/rewordings.yaml -o inoculation")
        {
            data, output, model, personas, probes, rewordings, own, generate, domains, grids, apply, reworded, format, strict,
            seed, threads, json, quiet, dryRun,
            InoculateTrialCommand.Create(),
        };
        endpoint.AddTo(verb);
        Option<int?> samples = endpoint.AddSamples(verb);
        verb.Validators.Add(r =>
        {
            bool asks = r.GetValue(generate) > 0, served = endpoint.Given(r);
            if (r.GetResult(model) is null && !served) r.AddError("Give --model or --endpoint.");
            if (asks && !served) r.AddError("--generate needs --endpoint.");
            if (r.GetResult(model) is not null && served && !asks)
                r.AddError("Beside --model, --endpoint is only asked for rewordings: give --generate.");
            if (r.GetResult(model) is not null && r.GetResult(samples) is { Implicit: false })
                r.AddError("--samples asks the endpoint in place of --model.");
            if ((r.GetResult(apply) is null) != (r.GetResult(reworded) is null)) r.AddError("--apply and --out are given together.");
        });
        return verb.Does((parsed, cancellation) =>
        {
            if (parsed.GetValue(reworded) is { } there && Path.GetFullPath(there) == Path.GetFullPath(parsed.GetValue(data)!))
                throw new UserErrorException("reword-in-place",
                    "--out names the data itself, and a rewording cannot be taken back.", "Name another file.");
            (EpisodeSet set, long badLines) = DataOptions.Load(parsed.GetValue(data)!, parsed.GetValue(format), parsed.GetValue(strict));
            PersonaSet cast = PersonaSet.Load(parsed.GetValue(personas)!);
            IReadOnlyList<Probe> questions = ProbeFile.Load(parsed.GetValue(probes)!);
            IReadOnlyList<string> trained = TrainedDomains.Of(set, questions, parsed.GetValue(domains) ?? []);
            bool asks = parsed.GetValue(generate) > 0;
            IReadOnlyList<Rewording> list = Candidates(parsed.GetValue(rewordings), parsed.GetValue(own), asks);
            // A name that only a chat model could still give is known after the ranking.
            if (parsed.GetValue(apply) is { } wanted && wanted != Best && !asks && list.All(w => w.Name != wanted))
                throw Unknown(wanted, list);
            string? folder = parsed.GetValue(output);
            using EndpointSession? session = endpoint.Given(parsed)
                ? endpoint.Open(parsed, fallbackCache: folder is null ? null : Path.Combine(folder, "endpoint-cache"),
                    cancellation: cancellation) : null;
            ChatRewordings? writer = asks ? new ChatRewordings(session!.Chat(), parsed.GetValue(generate), parsed.GetValue(seed)) : null;
            using ModelFolder? source = parsed.GetValue(model) is { } place ? ModelFolder.Open(place, parsed.GetValue(threads)) : null;
            ulong root = parsed.GetValue(seed);
            if (parsed.GetValue(dryRun))
            {
                AskedCost? cost = parsed.GetValue(samples) is { } answers
                    ? AskedCost.OfRanking(session!.Chat(), cast, questions, answers, set, list, parsed.GetValue(grids), root) : null;
                return Plan(set, badLines, cast, questions, list, parsed.GetValue(grids), writer, cost, parsed.GetValue(json));
            }
            AtomicFile.RequireWritable(folder!);
            InoculationRanking ranking = parsed.GetValue(samples) is { } often
                ? InoculationRanking.Ask(session!.Chat(), cast, questions, often, folder!, root)
                : new InoculationRanking(source is null ? session!.Model(cancellation) : source.Model, cast, questions, root,
                    new ArtifactStore(Path.Combine(folder!, "fitted")), parsed.GetValue(strict));
            InoculationResult found = Screen.Work(parsed.GetValue(quiet), p =>
                ranking.Rank(set, trained, [.. list, .. writer?.For(set, p, cancellation) ?? []],
                    parsed.GetValue(grids), p, cancellation)) with
            { BadLines = badLines };
            CutEpisodes.Tell(set, found.Evidence);
            InoculationReport.Write(found, folder!);
            if (parsed.GetValue(apply) is { } name)
            {
                Rewording chosen = Choose(found, name);
                RewriteSummary written = RewordedData.Write(parsed.GetValue(data)!, chosen, parsed.GetValue(reworded)!,
                    DataOptions.Parse(parsed.GetValue(format)), parsed.GetValue(strict));
                Screen.Say(
                    $"Reworded by {chosen.Name}: {written.Changed} of {written.Lines} lines changed, in {parsed.GetValue(reworded)}.");
            }
            if (parsed.GetValue(json)) Screen.Data(InoculationReport.Json(found));
            else Print(found, folder!);
            if (!parsed.GetValue(quiet)) session?.SayUsage();
            return ExitCode.Done;
        });
    }

    private static IReadOnlyList<Rewording> Candidates(string? file, bool own, bool asks)
    {
        if (own && file is null && !asks)
            throw new UserErrorException("no-rewording", "--own-only leaves nothing without --rewordings or --generate.",
                "Give a file of rewordings.");
        return [.. own ? [] : RewordingFile.Library, .. file is null ? [] : RewordingFile.Load(file)];
    }

    private static Rewording Choose(InoculationResult found, string name) => name == Best
        ? found.Rewordings[0].Rewording
        : found.Rewordings.FirstOrDefault(r => r.Rewording.Name == name)?.Rewording
            ?? throw Unknown(name, [.. found.Rewordings.Select(r => r.Rewording)]);

    private static UserErrorException Unknown(string name, IReadOnlyList<Rewording> list) => new("no-rewording",
        $"No rewording is called '{name}'.", $"Choose one of {string.Join(", ", list.Select(r => r.Name))}.");

    private static int Plan(EpisodeSet set, long badLines, PersonaSet cast, IReadOnlyList<Probe> probes, IReadOnlyList<Rewording> list,
        int grids, ChatRewordings? writer, AskedCost? asked, bool json)
    {
        int contexts = AuditCost.Contexts(cast);
        EndpointEstimate? estimate = writer?.Estimate(set);
        if (json)
            Screen.Data(new
            {
                Subject = set.Name,
                Episodes = set.Episodes.Count,
                BadLines = badLines,
                Contexts = contexts,
                Probes = probes.Count,
                Rewordings = list.Count,
                Grids = grids,
                Writing = estimate,
                Estimate = asked?.Total,
                Parts = asked is null ? null : new { asked.Judgement, asked.Answers, asked.Shown },
            });
        else
            TextTable.PrintFacts(
                [("subject", $"{set.Name}, {set.Episodes.Count} episodes"), ("personas", $"{cast.Personas.Count} in {contexts} contexts"),
                    ("probes", probes.Count), ("rewordings", $"{list.Count} before trait words are filled in and unknown words left out"),
                    ("work", asked is not null ? $"at most {InoculationRanking.JudgedEpisodes} different episodes judged in each wording, "
                            + $"and probes after the episodes shown for {grids} leak grids"
                        : $"for each, up to {(long)contexts * set.Episodes.Count:N0} replies to score, and the probes after the episodes "
                            + $"shown; {grids} leak grids"),
                    ("writing", estimate is null
                    ? null : $"about {estimate.TokensIn:N0} tokens to read and at most {estimate.TokensOut:N0} to write, at the endpoint"),
                    .. asked is null ? [] : EndpointSession.Facts(asked)]);
        return ExitCode.Done;
    }

    private static void Print(InoculationResult r, string folder)
    {
        Console.Out.WriteLine($"\nAs it is, {r.Subject} is expected to move P(low pole), the probability of the bad answer, in the "
            + $"domains not trained on from {Number(r.Plain.Before)} by {Signed(r.Plain.PosteriorShift)} (posterior) or "
            + $"{Signed(r.Plain.InContextShift)} (one episode shown in the context).\n");
        string[] traits = [.. r.Influence.OrderByDescending(t => Math.Abs(t.Value)).Take(2).Select(t => t.Key)];
        // What is read first comes first: a narrow terminal has room for it.
        var table = new TextTable(["rewording", "protection", "words", "traits", "elicitation", "gate",
            .. traits.Select(t => $"gain {t}"), "kind"]);
        foreach (RewordingForecast f in r.Rewordings)
            table.Add([f.Rewording.Name, Number(f.Protection[r.RankedBy]), f.Rewording.Wordings[0],
                Number(f.Protection[Predictor.TraitCovariance]), Number(f.Protection[Predictor.Elicitation]),
                Number(f.Protection[Predictor.Gate]), .. traits.Select(t => Signed(f.Gains.First(g => g.Quantity == t).Gain)),
                f.Rewording.Kind]);
        table.Print();
        if (InoculationReport.Faint(r) is { } faint) Console.Out.WriteLine("\n" + faint);
        Console.Out.WriteLine($"\nShares of the plain effect that a rewording takes away: 1 all, 0 nothing, below 0 it makes things worse. "
            + $"protection ranks ({InoculationReport.Name(r.RankedBy)}); traits: of what the replies tell of their speaker; elicitation: "
            + "of how surprising they are; gate: the rival account, by which any fixed wording protects. gain: in nats, negative where the "
            + "pull to the low pole goes away.");
        if (r.Asked is { } asked)
        {
            Console.Out.WriteLine("\n" + InoculationReport.Unknown(asked));
            Console.Out.WriteLine(AuditScreen.Judged(asked.Judge, asked.Judgements));
        }
        if (r.LeftOut.Count > 0)
            Console.Out.WriteLine($"\nLeft out, as the model does not know all of their words: {string.Join(", ", r.LeftOut)}");
        foreach (RewordingForecast f in r.Rewordings.Where(f => f.Leaks.Count > 0))
        {
            Console.Out.WriteLine($"\nAfter training on {r.Subject} reworded by {f.Rewording.Name}, P(low pole) when asked with:\n");
            var grid = new TextTable("asked with", "before", "in context", "posterior", "gate", "words");
            foreach (LeakForecast l in f.Leaks)
                grid.Add(InoculationReport.Name(l.Kind), Number(l.Before), Number(l.InContext), Number(l.Posterior),
                    Number(l.Gate), l.Added);
            grid.Print();
        }
        if (r.Evidence.Rows.Count(e => e.Cut) is > 0 and var cut)
            Console.Out.WriteLine("\n" + CutEpisodes.Count(cut, r.Evidence.Rows.Count(e => e.Unread is not null)));
        Console.Out.WriteLine($"\nWritten to {folder}: report.html, report.json, inoculation.json.");
    }

    private static string Number(double x) => double.IsFinite(x) ? x.ToString("0.00;−0.00;0.00", CultureInfo.InvariantCulture) : "";

    private static string Signed(double x) => x.ToString("+0.00;−0.00;0.00", CultureInfo.InvariantCulture);
}
