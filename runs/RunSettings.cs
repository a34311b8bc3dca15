using PersonaSelection.Lab;

namespace PersonaSelection.Runs;

/// <summary>What every run is given.</summary>
/// <param name="Data">The folder of real texts that PSM_DATA names; null when it names none.</param>
/// <param name="Folder">Where models and results go.</param>
/// <param name="Seeds">Seeds, one repetition each.</param>
/// <param name="Threads">Threads that compute.</param>
/// <param name="Model">A model to use instead of training one; <c>{seed}</c> in it stands for the seed.</param>
/// <param name="Progress">Told how far it is.</param>
internal sealed record RunSettings(string? Data, string Folder, IReadOnlyList<ulong> Seeds, int Threads, string? Model,
    IProgress<WorkProgress> Progress)
{
    public string FolderOf(string run, ulong seed) => Path.Combine(Folder, run, $"seed-{seed}");

    /// <summary>A folder of the real texts.</summary>
    /// <exception cref="SkippedException">It is not there.</exception>
    public string Need(string name)
    {
        if (Data is null) throw new SkippedException("PSM_DATA does not name the folder of the texts");
        string path = Path.Combine(Data, name);
        return Directory.Exists(path) ? path : throw new SkippedException($"there is no {path}");
    }
}

/// <summary>A run that cannot be made here, which is no failure.</summary>
internal sealed class SkippedException(string reason) : Exception(reason);
