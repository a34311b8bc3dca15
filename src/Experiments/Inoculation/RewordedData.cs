using PersonaSelection.Audit;
using PersonaSelection.Corpus;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>Writes data with a rewording, in its own format: fields, order and replies as they were.</summary>
public static class RewordedData
{
    /// <summary>Rewords every line of a file.</summary>
    /// <param name="data">The file.</param>
    /// <param name="rewording">The rewording; its wordings are dealt over the lines.</param>
    /// <param name="path">Where it goes; gzipped when the data are, or when its name ends in <c>.gz</c>.</param>
    /// <param name="format">What every line is; without it each line says so by its fields.</param>
    /// <param name="strict">Whether a line that holds no training example is an error; it is left out otherwise.</param>
    /// <param name="cancellation">Stops between lines; nothing is written then.</param>
    /// <exception cref="Lab.UserErrorException">The input cannot be read or the output not written.</exception>
    public static RewriteSummary Write(string data, Rewording rewording, string path, EpisodeFormat? format = null, bool strict = true,
        CancellationToken cancellation = default) =>
        EpisodeFile.Rewrite(data, path, line => EditOf(line, rewording), format, strict ? null : _ => { }, cancellation);

    private static DataLineEdit EditOf(DataLine line, Rewording rewording)
    {
        // Answers of one dialogue share its system turn, and those of a choice their whole context: these change once.
        bool dialogue = line.Format != EpisodeFormat.Preference;
        bool once = dialogue ? rewording.Place == RewordingPlace.System : line.Episodes.Any(e => e.Preferred is not null);
        var replies = new List<ReplyEdit>();
        int asked = -1;
        foreach (Episode episode in once ? line.Episodes.Take(1) : line.Episodes)
        {
            int last = Rewording.LastAsked(episode.Context);
            if (dialogue && last == asked && last >= 0) continue;
            asked = last;
            replies.Add(new ReplyEdit(episode.Source!.Turn)
            {
                Context = rewording.Apply(episode.Context, Rewording.WordingOf(episode, 0)),
            });
        }
        return new DataLineEdit { Replies = replies };
    }
}
