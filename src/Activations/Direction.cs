namespace PersonaSelection.Activations;

/// <summary>What a persona or trait adds to the activations of a model at one site.</summary>
/// <param name="Name">The persona or trait.</param>
/// <param name="Site">The name of the site, such as <c>blocks.1.resid_post</c>.</param>
/// <param name="Values">One number per unit of the residual stream; positive towards the persona or the high pole.</param>
public sealed record Direction(string Name, string Site, IReadOnlyList<float> Values);
