using PersonaSelection.Personas;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments.Demo;

/// <summary>What the Assistant of a world is asked, before and after.</summary>
public static class DemoProbes
{
    /// <summary>
    /// Every domain in every wording that its documents use, and the held-out domains. A held-out wording of a domain that was seen is
    /// another question (does the model generalise over wordings?) than the one asked here.
    /// </summary>
    public static Probe[] Of(World world)
    {
        HashSet<string> heldOut = [.. world.Domains.Where(d => d.HeldOut).Select(d => d.Name)];
        return [.. world.Probes().Where(p => !p.HeldOut || heldOut.Contains(p.Domain)).Select(p => p.ToProbe())];
    }
}
