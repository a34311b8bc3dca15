using System.Globalization;
using PersonaSelection.Audit;
using PersonaSelection.Report;

namespace PersonaSelection.Experiments;

/// <summary>What is said of an episode that tells much, on the page and on the screen.</summary>
public static class TellingText
{
    private const int ShownExplanations = 3, ExcerptLength = 150;

    /// <summary>The best explanations of an episode with their nats, best first; names as <paramref name="named"/> writes them.</summary>
    public static IEnumerable<string> Explanations(AuditResult audit, TellingEpisode episode, Func<string, string>? named = null) =>
        episode.Relative.Select((x, h) => (Nats: x, Name: audit.Cast.Names[h])).OrderByDescending(x => x.Nats).Take(ShownExplanations)
            .Select(x => $"{named?.Invoke(x.Name) ?? x.Name} {FigureNumber.Signed(x.Nats)}");

    /// <summary>
    /// File and line of an episode, its turn where there are several, how many more are equal, whether it is rejected; the file as
    /// <paramref name="named"/> writes it.
    /// </summary>
    public static string Where(TellingEpisode telling, Func<string, string>? named = null)
    {
        string more = (telling.Copies > 1 ? string.Create(CultureInfo.InvariantCulture, $" and {telling.Copies - 1:N0} equal") : "")
            + (telling.Weight < 0 ? ", rejected" : "");
        string Named(string name) => named?.Invoke(name) ?? name;
        return telling.Episode.Source is not { } s ? Named(telling.Episode.Id) + more
            : string.Create(CultureInfo.InvariantCulture,
                $"{Named(Path.GetFileName(s.File))}:{s.Line}{(s.Turn > 0 ? $" ({s.Turn + 1})" : "")}{more}");
    }

    /// <summary>What was replied, and what was rejected for it, each in one line.</summary>
    public static string Replied(TellingEpisode telling, int length = ExcerptLength) => Excerpt(telling.Episode.Reply, length)
        + (telling.Rejected is { } rejected ? $" Rather than: {Excerpt(rejected, length)}" : "");

    /// <summary>A text in one line, cut to what a table holds.</summary>
    public static string Excerpt(string text, int length = ExcerptLength)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (line.Length <= length) return line;
        int end = char.IsHighSurrogate(line[length - 1]) ? length - 1 : length;
        return line[..end].TrimEnd() + "…";
    }
}
