using PersonaSelection.Model;
using PersonaSelection.Personas;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>One model of a trial, before any training.</summary>
internal sealed class TrialModel : IDisposable
{
    private readonly ModelFolder _folder;
    private readonly Func<Forecasting> _measure;
    private Forecasting? _personas;

    /// <summary>Opens a model.</summary>
    /// <param name="settings">What is tried.</param>
    /// <param name="number">Which of its models, from 0.</param>
    /// <param name="cancellation">Stops between questions.</param>
    public TrialModel(TrialSettings settings, int number, CancellationToken cancellation)
    {
        Name = $"model-{number + 1}";
        Probes = [.. settings.World.Probes(new ProbeOptions { Objects = TrialSettings.ProbeObjects })
            .Where(p => IsAsked(settings.World, p)).Select(p => p.ToProbe())];
        _measure = () => new Forecasting(Model, settings.World.Personas, Probes, TimeProvider.System,
            new ForecastingOptions(settings.Seed) { Strict = true }, cancellation: cancellation);
        _folder = ModelFolder.Open(settings.Models[number], settings.Threads);
    }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>The model.</summary>
    public Transformer Model => _folder.Model;

    /// <summary>What it is asked.</summary>
    public Probe[] Probes { get; }

    /// <summary>How it behaves as every persona: measured when that is first needed.</summary>
    public Forecasting Personas => _personas ??= _measure();

    public void Dispose()
    {
        _personas?.Dispose();
        _folder.Dispose();
    }

    // A held-out wording of a domain that was seen is another question: does the model generalise over wordings?
    private static bool IsAsked(World world, WorldProbe probe) =>
        !probe.HeldOut || world.Domains.First(d => d.Name == probe.Domain).HeldOut;
}
