using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PersonaSelection.Lab;

/// <summary>How a run ended. A record that still says running belongs to a run that was killed.</summary>
[JsonConverter(typeof(KebabEnumConverter<RunStatus>))]
public enum RunStatus
{
    /// <summary>Not over, or killed.</summary>
    Running,

    /// <summary>Over, with every check passed.</summary>
    Done,

    /// <summary>Over, with a failed check.</summary>
    ChecksFailed,

    /// <summary>Stopped by the user.</summary>
    Cancelled,

    /// <summary>Stopped by an error.</summary>
    Failed,
}

/// <summary>How long a stage took.</summary>
/// <param name="Stage">Its name.</param>
/// <param name="Seconds">Seconds on the clock.</param>
public sealed record RunTiming(string Stage, double Seconds);

/// <summary>A condition that was looked at during a run.</summary>
/// <param name="Name">What was checked.</param>
/// <param name="Passed">Whether it held.</param>
/// <param name="Detail">The numbers it rests on.</param>
public sealed record RunCheck(string Name, bool Passed, string Detail);

/// <summary>The machine and the software of a run, as far as they matter for its speed or its bits.</summary>
/// <param name="Software">Version of this software.</param>
/// <param name="Runtime">The .NET runtime.</param>
/// <param name="System">The operating system.</param>
/// <param name="Architecture">The processor architecture.</param>
/// <param name="Processors">Number of processors the run may use.</param>
/// <param name="MemoryBytes">Memory the run may use.</param>
public sealed record MachineFacts(string Software, string Runtime, string System, string Architecture, int Processors, long MemoryBytes)
{
    /// <summary>The facts of this process.</summary>
    public static MachineFacts Here() => new(
        typeof(MachineFacts).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
        RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription, RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
}

/// <summary>
/// What was run, with what, from what, and what came of it. Arguments given and arguments in force are kept apart: the second say what
/// happened, the first what was asked for.
/// </summary>
public sealed record RunRecord
{
    /// <summary>The version of the file format.</summary>
    public const int CurrentSchema = 1;

    /// <summary>The version of the file format.</summary>
    public int Schema { get; init; } = CurrentSchema;

    /// <summary>What was run, such as <c>model train</c>.</summary>
    public required string Command { get; init; }

    /// <summary>How it ended.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>Arguments as they were given.</summary>
    public required IReadOnlyDictionary<string, string> Given { get; init; }

    /// <summary>Arguments as they were in force, defaults included.</summary>
    public required IReadOnlyDictionary<string, string> InForce { get; init; }

    /// <summary>Content ids of what it was made from, by role.</summary>
    public required IReadOnlyDictionary<string, string> Parents { get; init; }

    /// <summary>Content ids of what it made, by role.</summary>
    public required IReadOnlyDictionary<string, string> Made { get; init; }

    /// <summary>Machine and software.</summary>
    public required MachineFacts Machine { get; init; }

    /// <summary>When it started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended, if it has.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How long its stages took.</summary>
    public required IReadOnlyList<RunTiming> Timings { get; init; }

    /// <summary>What was checked.</summary>
    public required IReadOnlyList<RunCheck> Checks { get; init; }

    /// <summary>
    /// The content id of the computation: command, arguments in force, parents and software. Equal ids should give equal results; the
    /// machine, the time and the arguments as typed do not enter.
    /// </summary>
    [JsonIgnore]
    public ContentId Id => ContentId.Of("run", [Command, Machine.Software, .. Flat(InForce), "parents", .. Flat(Parents)]);

    /// <summary>Writes the record as JSON, whole or not at all.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void Save(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, JsonFile.Records) + "\n");

    /// <summary>Reads a record.</summary>
    /// <exception cref="UserErrorException">The file is missing, damaged or of another version.</exception>
    public static RunRecord Load(string path)
    {
        JsonElement root = JsonFile.ReadRecord(path, "run record", CurrentSchema);
        try
        {
            return root.Deserialize<RunRecord>(JsonFile.Records)!;
        }
        catch (JsonException e)
        {
            throw new UserErrorException("bad-run-record", $"{path} is not a run record: {JsonFile.Problem(e)}.",
                "Check that this is the right file.", e);
        }
    }

    private static IEnumerable<object> Flat(IReadOnlyDictionary<string, string> map) =>
        map.OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => new object[] { p.Key, p.Value })
            .Prepend(map.Count.ToString(CultureInfo.InvariantCulture));
}
