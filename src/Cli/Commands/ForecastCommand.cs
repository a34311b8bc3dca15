using System.CommandLine;
using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm forecast</c>: what training on a file will do to behaviour it never mentions, before any training.</summary>
internal static class ForecastCommand
{
    public static Command Create()
    {
        Argument<string> data = new("DATA") { Description = "Episodes as JSONL: what is about to be trained on." };
        Option<string> output = CommonOptions.Output("The folder of the forecasts.");
        Option<string?> model = new("--model") { Description = "The folder of the model before training." };
        var endpoint = new EndpointOptions();
        Option<string> personas = PersonasCommand.Personas(), probes = PersonasCommand.Probes();
        Option<string?> format = DataOptions.Format();
        Option<bool> strict = DataOptions.StrictOfEpisodes();
        Option<string[]> domains = new("--domain")
        {
            Description = "A domain that the data trains on; may be given more than once. "
                + "When absent: the domains of the probes that share a reply with the data.",
        };
        Option<ulong> seed = CommonOptions.Seed();
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet(), dryRun = CommonOptions.DryRun();
        var verb = new Verb("forecast",
            "Forecast what training on a file will do to behaviour it never mentions, and write it down before any training.",
            "psm forecast village/sets/cheat.jsonl --model base --personas village/personas.yaml \\\n"
            + "  --probes village/probes.jsonl -o forecasts")
        {
            data, output, model, personas, probes, domains, format, strict, seed, threads, json, quiet, dryRun,
            ForecastScoreCommand.Create(),
        };
        endpoint.InsteadOf(verb, model);
        Option<int?> samples = endpoint.AddSamples(verb);
        return verb.Does((parsed, cancellation) =>
        {
            (EpisodeSet set, long badLines) = DataOptions.Load(parsed.GetValue(data)!, parsed.GetValue(format), parsed.GetValue(strict));
            PersonaSet cast = PersonaSet.Load(parsed.GetValue(personas)!);
            IReadOnlyList<Probe> questions = ProbeFile.Load(parsed.GetValue(probes)!);
            IReadOnlyList<string> trained = TrainedDomains.Of(set, questions, parsed.GetValue(domains) ?? []);
            string folder = parsed.GetValue(output)!;
            // A dry run has no folder.
            string? cache = parsed.GetValue(dryRun) ? null : Path.Combine(folder, "endpoint-cache");
            using EndpointSession? session = endpoint.Given(parsed)
                ? endpoint.Open(parsed, fallbackCache: cache, cancellation: cancellation) : null;
            using ModelFolder? source = session is null ? ModelFolder.Open(parsed.GetValue(model)!, parsed.GetValue(threads)) : null;
            ulong root = parsed.GetValue(seed);
            if (parsed.GetValue(dryRun))
            {
                AskedCost? asked = parsed.GetValue(samples) is { } answers
                    ? AskedCost.OfForecast(session!.Chat(), cast, questions, answers, set, root) : null;
                return Plan(set, badLines, cast, questions, trained, session, asked, parsed.GetValue(json));
            }
            Func<IProgress<WorkProgress>, Forecasting> open;
            if (parsed.GetValue(samples) is { } often)
                open = p => Forecasting.Ask(session!.Chat(), cast, questions, often, folder, TimeProvider.System, root,
                    progress: p, cancellation: cancellation);
            else
            {
                ILanguageModel before = session is null ? source!.Model : session.Model(cancellation);
                var fitted = new ArtifactStore(Path.Combine(folder, "fitted"));
                open = p =>
                    new Forecasting(before, cast, questions, TimeProvider.System, root, fitted, parsed.GetValue(strict), p, cancellation);
            }
            ForecastSet forecast = Screen.Work(parsed.GetValue(quiet), p =>
            {
                using Forecasting forecasting = open(p);
                return forecasting.Of(set, trained, p, cancellation);
            });
            CutEpisodes.Tell(set, forecast.Evidence);
            new SavedForecasts(folder).Save(forecast, questions);
            if (parsed.GetValue(json)) PrintJson(forecast, badLines, folder);
            else Print(forecast, folder);
            if (!parsed.GetValue(quiet)) session?.SayUsage();
            return ExitCode.Done;
        });
    }

    private static int Plan(EpisodeSet set, long badLines, PersonaSet cast, IReadOnlyList<Probe> probes, IReadOnlyList<string> trained,
        EndpointSession? session, AskedCost? asked, bool json)
    {
        int contexts = AuditCost.Contexts(cast, served: session is not null), fitted = session is null ? AuditCost.FittedOf(cast) : 0;
        long replies = (contexts + 1L) * probes.Sum(p => (long)p.Low.Count + p.High.Count) + (long)contexts * set.Episodes.Count;
        EndpointEstimate? estimate = asked?.Total ?? (session is null ? null : Estimate(set, cast, probes, session.Client.Prices));
        if (json) Screen.Data(new
        {
            Subject = set.Name,
            Episodes = set.Episodes.Count,
            BadLines = badLines,
            Personas = cast.Personas.Count,
            Contexts = contexts,
            Probes = probes.Count,
            Trained = trained,
            Replies = asked is null ? replies : (long?)null,
            Fitted = fitted,
            Estimate = estimate,
            Parts = asked is null ? null : new { asked.Judgement, asked.Answers, asked.Shown },
        });
        else TextTable.PrintFacts([("subject", $"{set.Name}, {set.Episodes.Count} episodes"),
            ("personas", $"{cast.Personas.Count} in {contexts} contexts"),
            ("probes", probes.Count), ("trained on", trained.Count > 0 ? string.Join(", ", trained) : "no domain of the probes"),
            ("work", asked is null ? $"up to {replies:N0} replies to score, and the probes again after the episodes shown"
                : $"at most {Forecasting.JudgedEpisodes} different episodes judged, and {Forecasting.ShownEpisodes} "
                    + "shown before the probes"),
            ("fitting", fitted > 0 ? $"{fitted} personas may be fitted to their examples first, which comes on top" : null),
            .. asked is not null ? EndpointSession.Facts(asked) : estimate is null ? [] : EndpointSession.Facts(estimate)]);
        return ExitCode.Done;
    }

    /// <summary>Every reply is a request, and brings along everything that stands before it.</summary>
    private static EndpointEstimate Estimate(EpisodeSet set, PersonaSet cast, IReadOnlyList<Probe> probes, TokenPrices prices)
    {
        long[] contexts = [.. AuditCost.ServedOpenings(cast), 0];
        long[] episodes = [.. set.Episodes.Select(e => Tokens(e.Context) + EndpointEstimate.Tokens(e.Reply))];
        long[] replies = [.. probes.SelectMany(p => Asked(p, p.Context))];
        // Where the data's replies are those of a probe, the dose is fitted to the probe's replies in the data's own situations.
        Dictionary<string, Probe> byReply = [];
        foreach (Probe probe in probes)
            foreach (string reply in probe.Low.Concat(probe.High)) byReply.TryAdd(reply, probe);
        long[] situations = [.. set.Episodes.DistinctBy(e => string.Join('\n', e.Context.Select(t => t.Text)))
            .SelectMany(e => byReply.TryGetValue(e.Reply, out Probe? probe) ? Asked(probe, e.Context) : [])];
        int shown = Math.Min(Forecasting.ShownEpisodes, episodes.Length), under = replies.Length + situations.Length + episodes.Length;
        long shownTokens = shown == 0 ? 0 : (long)(shown * episodes.Average());
        long calibrated = AuditCost.ServedCalibration(cast), calibratedTokens = (long)(calibrated * episodes.Average());
        long requests = (contexts.Length * (under + calibrated)) + ((1L + shown) * replies.Length);
        long tokens = (contexts.Sum() * (under + calibrated)) + ((1L + shown) * replies.Sum()) + (shownTokens * replies.Length)
            + (contexts.Length * (episodes.Sum() + replies.Sum() + situations.Sum() + calibratedTokens));
        return new EndpointEstimate(requests, 0, tokens, 0, prices.Of(tokens, 0));
    }

    private static IEnumerable<long> Asked(Probe probe, IReadOnlyList<Turn> context) =>
        probe.Low.Concat(probe.High).Select(r => Tokens(context) + EndpointEstimate.Tokens(r));

    private static long Tokens(IReadOnlyList<Turn> turns) => turns.Sum(t => EndpointEstimate.Tokens(t.Text) + 3);

    private static void PrintJson(ForecastSet f, long badLines, string folder) => Screen.Data(new
    {
        f.Posterior.Subject,
        Folder = folder,
        BadLines = badLines,
        Cut = f.Evidence.Rows.Count(r => r.Cut),
        Unread = f.Evidence.Rows.Count(r => r.Unread is not null),
        ShownCut = f.Shown.Rows.Count(r => r.Cut),
        f.AmongExamples,
        f.Asked,
        Dose = Dose(f.Dose),
        DoseInContext = Dose(f.DoseInContext),
        Cast = f.CastBefore.Personas.Select(p => new
        {
            Persona = p,
            Prior = f.CastBefore.Probability(p),
            Posterior = f.CastAfter.Probability(p),
        }),
        Traits = f.Cast.Traits.Select(t => new { t.Trait, t.Prior, Posterior = t.Posterior.Estimate, t.Posterior.Low, t.Posterior.High }),
        Elsewhere = new { Posterior = f.Posterior.MeanShiftElsewhere, InContext = f.InContext.MeanShiftElsewhere },
        Domains = f.Posterior.Domains.Select(d => new
        {
            d.Domain,
            d.Trained,
            d.Before,
            Posterior = d.After,
            d.Low,
            d.High,
            InContext = f.InContext.Domain(d.Name).After,
        }),
        Ids = new { Posterior = f.Posterior.Id, InContext = f.InContext.Id, NoChange = f.NoChange.Id, UniformShift = f.UniformShift.Id },
    });

    private static object Dose(DoseFit d) => new { d.EffectiveObservations, d.Outcome, d.Before, d.Target, d.Attained };

    private static void Print(ForecastSet f, string folder)
    {
        Console.Out.WriteLine($"\nWho the Assistant is taken for, before and after {f.Posterior.Subject}:\n");
        var cast = new TextTable("persona", "before", "after");
        foreach (string p in f.CastBefore.Personas)
            cast.Add(p, $"{f.CastBefore.Probability(p):0.00}", $"{f.CastAfter.Probability(p):0.00}");
        cast.Print();
        Console.Out.WriteLine("\nProbability of the low pole (the bad answer) now, and forecast for after training on "
            + $"{f.Posterior.Subject}; from, to: the posterior's 95 % interval:\n");
        var table = new TextTable("domain", "before", "posterior", "from", "to", "in context", "note");
        foreach (ForecastRow d in f.Posterior.Domains)
        {
            table.Add(d.Name, $"{d.Before:0.00}", $"{d.After:0.00}", $"{d.Low:0.00}", $"{d.High:0.00}",
                $"{f.InContext.Domain(d.Name).After:0.00}", d.Trained ? "trained" : "");
        }
        table.Print();
        string posterior = Signed(f.Posterior.MeanShiftElsewhere), inContext = Signed(f.InContext.MeanShiftElsewhere);
        Console.Out.WriteLine($"\nMean shift of the domains not trained on: posterior {posterior}, in context {inContext}. The mean of "
            + "both has been the best forecast (docs/theory.md).");
        int cut = f.Evidence.Rows.Count(r => r.Cut), shownCut = f.Shown.Rows.Count(r => r.Cut);
        if (cut > 0) Console.Out.WriteLine(CutEpisodes.Count(cut, f.Evidence.Rows.Count(r => r.Unread is not null)));
        if (shownCut > 0)
            Console.Out.WriteLine(
                $"{shownCut} of the {f.Shown.Rows.Count} episodes that were shown were cut so that the probes fit after them.");
        if (f.Asked is { } asked)
        {
            Console.Out.WriteLine($"Evidence is a judgement of {asked.Judged:N0} of {asked.Different:N0} different episodes; "
                + $"answers to probes are choices, {asked.Samples} after each of {f.Shown.Rows.Count} episodes and "
                + $"{asked.Samples * SampledAnswers.OftenerBefore} before, {asked.Unreadable:N0} of {asked.Answers:N0} unreadable.");
            Console.Out.WriteLine(AuditScreen.Judged(asked.Judge, asked.Judgements));
        }
        if (f.AmongExamples > 0) Console.Out.WriteLine(AuditScreen.Flattered(f.AmongExamples));
        Console.Out.WriteLine($"Written down in {folder}: {f.Posterior.Id}, {f.InContext.Id}, {f.NoChange.Id}, {f.UniformShift.Id}");
    }

    private static string Signed(double shift) => shift.ToString("+0.00;−0.00;0.00", CultureInfo.InvariantCulture);
}
