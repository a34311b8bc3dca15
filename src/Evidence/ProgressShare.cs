using PersonaSelection.Lab;

namespace PersonaSelection.Evidence;

/// <summary>Makes the progress of one of several parts progress of the stage that they are parts of.</summary>
/// <param name="whole">Told about the stage.</param>
/// <param name="stage">Name of the stage.</param>
/// <param name="before">Parts before this one.</param>
/// <param name="parts">All parts.</param>
/// <param name="unit">What a part is, in the plural.</param>
/// <param name="name">Name of this part; empty for none.</param>
internal sealed class ProgressShare(IProgress<WorkProgress> whole, string stage, int before, int parts, string unit, string name)
    : IProgress<WorkProgress>
{
    public void Report(WorkProgress value) => whole.Report(new WorkProgress(stage,
        before + (value.Total > 0 ? Math.Clamp(value.Done / value.Total, 0, 1) : 0), parts, unit, $"{name} {value.Detail}".Trim()));
}
