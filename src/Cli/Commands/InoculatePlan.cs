using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Inoculation;
using PersonaSelection.Model;

namespace PersonaSelection.Cli.Commands;

/// <summary>What a ranking of rewordings would take, as <c>--dry-run</c> tells it.</summary>
/// <param name="inputs">What is ranked for, and from what.</param>
/// <param name="rewordings">How many rewordings are known.</param>
/// <param name="grids">How many get a leak grid.</param>
internal sealed class InoculatePlan(ForecastInputs inputs, int rewordings, int grids)
{
    /// <summary>What writing more rewordings would take; null where none is asked for.</summary>
    public EndpointEstimate? Writing { get; init; }

    /// <summary>What asking a chat model would take; null where probabilities are exact.</summary>
    public AskedCost? Asked { get; init; }

    /// <summary>What a model of this machine would take; null where a server is asked.</summary>
    public ReadingCost? Reading { get; init; }

    /// <param name="threads">Threads that compute.</param>
    /// <param name="json">Whether it is told as JSON.</param>
    public int Print(int threads, bool json)
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
                Reading?.Tokens,
                Reading?.Flops,
                Seconds = ReadingPlan.Seconds(Reading),
                Writing,
                Estimate = Asked?.Total,
                Parts = Asked is null ? null : new { Asked.Judgement, Asked.Answers, Asked.Shown },
            });
        else
            TextTable.PrintFacts(
                [("subject", $"{set.Name}, {set.Episodes.Count} episodes"),
                    ("personas", $"{inputs.Personas.Personas.Count} in {contexts} contexts"), ("probes", inputs.Probes.Count),
                    ("rewordings", $"{rewordings} before trait words are filled in and unknown words left out"),
                    ("work", Asked is not null ? $"at most {InoculationRanking.JudgedEpisodes} different episodes judged in each wording, "
                            + $"and probes after the episodes shown for {grids} leak grids"
                        : $"for each, up to {(long)contexts * set.Episodes.Count:N0} replies to score, and the probes after the episodes "
                            + $"shown; {grids} leak grids"),
                    .. ReadingPlan.Facts(Reading, threads), ("writing", Writing is null
                    ? null : $"about {Writing.TokensIn:N0} tokens to read and at most {Writing.TokensOut:N0} to write, at the endpoint"),
                    .. Asked is null ? [] : EndpointSession.Facts(Asked)]);
        return ExitCode.Done;
    }
}
