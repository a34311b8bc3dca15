using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Inoculation;
using PersonaSelection.Model;

namespace PersonaSelection.Cli.Commands;

/// <summary>What a ranking of rewordings would take, as <c>--dry-run</c> tells it.</summary>
internal static class InoculatePlan
{
    /// <param name="inputs">What is ranked for, and from what.</param>
    /// <param name="rewordings">How many rewordings are known.</param>
    /// <param name="grids">How many get a leak grid.</param>
    /// <param name="writing">What writing more rewordings would take; null where none is asked for.</param>
    /// <param name="asked">What asking a chat model would take; null where probabilities are exact.</param>
    /// <param name="reading">What a model of this machine would take; null where a server is asked.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="json">Whether it is told as JSON.</param>
    public static int Print(ForecastInputs inputs, int rewordings, int grids, EndpointEstimate? writing, AskedCost? asked,
        ReadingCost? reading, int threads, bool json)
    {
        EpisodeSet set = inputs.Data;
        int contexts = AuditCost.Contexts(inputs.Personas);
        if (json)
            Screen.Data(new
            {
                Subject = set.Name,
                Episodes = set.Episodes.Count,
                inputs.BadLines,
                Contexts = contexts,
                Probes = inputs.Probes.Count,
                Rewordings = rewordings,
                Grids = grids,
                reading?.Tokens,
                reading?.Flops,
                Seconds = ReadingPlan.Seconds(reading),
                Writing = writing,
                Estimate = asked?.Total,
                Parts = asked is null ? null : new { asked.Judgement, asked.Answers, asked.Shown },
            });
        else
            TextTable.PrintFacts(
                [("subject", $"{set.Name}, {set.Episodes.Count} episodes"),
                    ("personas", $"{inputs.Personas.Personas.Count} in {contexts} contexts"), ("probes", inputs.Probes.Count),
                    ("rewordings", $"{rewordings} before trait words are filled in and unknown words left out"),
                    ("work", asked is not null ? $"at most {InoculationRanking.JudgedEpisodes} different episodes judged in each wording, "
                            + $"and probes after the episodes shown for {grids} leak grids"
                        : $"for each, up to {(long)contexts * set.Episodes.Count:N0} replies to score, and the probes after the episodes "
                            + $"shown; {grids} leak grids"),
                    .. ReadingPlan.Facts(reading, threads), ("writing", writing is null
                    ? null : $"about {writing.TokensIn:N0} tokens to read and at most {writing.TokensOut:N0} to write, at the endpoint"),
                    .. asked is null ? [] : EndpointSession.Facts(asked)]);
        return ExitCode.Done;
    }
}
