using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments.Demo;

/// <summary>Who the Assistant may be, put before a model so that it can say what each of them would do.</summary>
public static class DemoPersonas
{
    /// <summary>The world's archetypes, described by a line above the chat.</summary>
    public static PersonaSet Of(World world, string domain, RngStream rng) => world.Personas;
}
