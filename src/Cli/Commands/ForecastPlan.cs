using PersonaSelection.Experiments;
using PersonaSelection.Model;

namespace PersonaSelection.Cli.Commands;

/// <summary>What a forecast would take, as <c>--dry-run</c> tells it.</summary>
internal static class ForecastPlan
{
    /// <param name="inputs">What is forecast, and from what.</param>
    /// <param name="cost">What a model that gives probabilities would take.</param>
    /// <param name="asked">What asking a chat model takes in its place; null where probabilities are exact.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="json">Whether it is told as JSON.</param>
    public static int Print(ForecastInputs inputs, ForecastCost cost, AskedCost? asked, int threads, bool json)
    {
        EndpointEstimate? estimate = asked?.Total ?? cost.Estimate;
        if (json) Screen.Data(new
        {
            Subject = inputs.Data.Name,
            Episodes = inputs.Data.Episodes.Count,
            inputs.BadLines,
            Personas = inputs.Personas.Personas.Count,
            cost.Contexts,
            Probes = inputs.Probes.Count,
            inputs.Trained,
            Replies = asked is null ? cost.Replies : (long?)null,
            cost.Reading?.Tokens,
            cost.Reading?.Flops,
            Seconds = ReadingPlan.Seconds(cost.Reading),
            cost.Fitted,
            Estimate = estimate,
            Parts = asked is null ? null : new { asked.Judgement, asked.Answers, asked.Shown },
        });
        else TextTable.PrintFacts([("subject", $"{inputs.Data.Name}, {inputs.Data.Episodes.Count} episodes"),
            ("personas", $"{inputs.Personas.Personas.Count} in {cost.Contexts} contexts"), ("probes", inputs.Probes.Count),
            ("trained on", inputs.Trained.Count > 0 ? string.Join(", ", inputs.Trained) : "no domain of the probes"),
            ("work", asked is null ? $"up to {cost.Replies:N0} replies to score"
                : $"at most {Forecasting.JudgedEpisodes} different episodes judged, and {Forecasting.ShownEpisodes} "
                    + "shown before the probes"),
            .. ReadingPlan.Facts(cost.Reading, threads), ("fitting", ReadingPlan.Fitting(cost.Fitted)),
            .. asked is not null ? EndpointSession.Facts(asked) : estimate is null ? [] : EndpointSession.Facts(estimate)]);
        return ExitCode.Done;
    }
}
