using System.Text.Json.Serialization;
using PersonaSelection.Lab;

namespace PersonaSelection.Personas;

/// <summary>How a persona is put before a model.</summary>
[JsonConverter(typeof(KebabEnumConverter<Presentation>))]
public enum Presentation
{
    /// <summary>By turns that say who speaks: its own contexts, or one made of its description.</summary>
    Described,

    /// <summary>By examples of its own words, as earlier turns of the conversation.</summary>
    Shown,

    /// <summary>By one steering vector, fitted to its examples on the frozen model.</summary>
    Vector,

    /// <summary>By a low-rank adapter, fitted to its examples on the frozen model.</summary>
    Adapter,

    /// <summary>By a direction in activation space, added at a site.</summary>
    Directed,
}
