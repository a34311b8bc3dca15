using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary>What a forecast, or a ranking of rewordings, is made from beside the model.</summary>
/// <param name="Data">The data that is about to be trained on.</param>
/// <param name="BadLines">Lines of it that were passed over.</param>
/// <param name="Personas">The personas.</param>
/// <param name="Probes">The probes.</param>
/// <param name="Trained">Domains of the probes that the data trains on.</param>
internal sealed record ForecastInputs(EpisodeSet Data, long BadLines, PersonaSet Personas, IReadOnlyList<Probe> Probes,
    IReadOnlyList<string> Trained)
{
    /// <summary>Reads the files, and says which lines of the data were passed over.</summary>
    /// <param name="data">The file of episodes.</param>
    /// <param name="format">What <see cref="DataOptions.Format"/> was given.</param>
    /// <param name="strict">What <see cref="DataOptions.StrictOfEpisodes"/> was given.</param>
    /// <param name="personas">The file of personas.</param>
    /// <param name="probes">The file of probes.</param>
    /// <param name="domains">Domains that the data is said to train on; none to find them.</param>
    /// <param name="cancellation">Stops between lines of the data.</param>
    public static ForecastInputs Load(string data, string? format, bool strict, string personas, string probes, string[]? domains,
        CancellationToken cancellation)
    {
        (EpisodeSet set, long badLines) = DataOptions.Load(data, format, strict, cancellation);
        PersonaSet cast = PersonaSet.Load(personas);
        IReadOnlyList<Probe> questions = ProbeFile.Load(probes);
        return new ForecastInputs(set, badLines, cast, questions, TrainedDomains.Of(set, questions, domains ?? []));
    }
}
