using System.Globalization;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>One training example: the context turns x, the reply y, and a weight.</summary>
/// <param name="Id">A name that is unique in its set.</param>
/// <param name="Context">The turns before the reply (x), oldest first.</param>
/// <param name="Reply">What the Assistant answers (y).</param>
/// <param name="Weight">How much it counts; negative for what training pushes away from.</param>
/// <param name="Label">What kind of example it is, where known (such as <c>test/bad</c>); never read by inference.</param>
public sealed record Episode(string Id, IReadOnlyList<Turn> Context, string Reply, double Weight = 1, string? Label = null)
{
    /// <summary>The line it was read from; null when it was not read from a file. Never read by inference.</summary>
    public EpisodeSource? Source { get; init; }

    /// <summary>The subject of a sentence about it: by file and line where it was read from one.</summary>
    public string Named => Source is { } s ? $"{s.File}, line {s.Line}: the episode" : $"The episode '{Id}'";

    /// <summary>
    /// Whether its label is a name or a number that may have been meant as a verdict on the answer (KTO): true or false, 1 or 0.
    /// </summary>
    public bool IsLabelledLikeAVerdict => VerdictOf(Label) is not null;

    /// <summary>The verdict in a text or a number: true or false in any case, 1 or 0; null for any other.</summary>
    internal static bool? VerdictOf(string? label) => bool.TryParse(label, out bool said) ? said
        : double.TryParse(label, CultureInfo.InvariantCulture, out double number) && number is 0 or 1 ? number == 1 : null;

    /// <summary>Places in the context of answers of the same line that are trained on as episodes of their own; in order.</summary>
    public IReadOnlyList<int> Answers { get; init; } = [];

    /// <summary>
    /// The reply that was chosen when this one was rejected; null for any other episode. It makes the row one half of a choice between the
    /// two (docs/theory.md): where evidence knows both probabilities, this half is log(p(chosen) + p(rejected)).
    /// </summary>
    public string? Preferred { get; init; }

    /// <summary>One string for context and reply, as <see cref="Turn.KeyOf"/> has one for the context.</summary>
    public string Key => Context.Count == 0 ? Reply : $"{Turn.KeyOf(Context)}\u0001{Reply}";

    /// <summary>The content id of everything that evidence depends on: context, reply, and what was preferred to it.</summary>
    public ContentId TextId => ContentId.Of("episode-text",
        [.. Context.SelectMany(t => (string[])[t.Role, t.Text]), Reply, .. Preferred is null ? [] : (string[])["preferred", Preferred]]);
}
