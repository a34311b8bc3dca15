namespace PersonaSelection.Corpus;

/// <summary>What to change in one line of a user's data; everything not named stays as it is, to the byte.</summary>
public sealed record DataLineEdit
{
    /// <summary>Whether the whole line is left out.</summary>
    public bool Drop { get; init; }

    /// <summary>The row's new weight; null keeps it.</summary>
    public double? Weight { get; init; }

    /// <summary>Changes to single answers.</summary>
    public IReadOnlyList<ReplyEdit> Replies { get; init; } = [];
}

/// <summary>What to change at one answer of a line.</summary>
/// <param name="Turn">The answer: <see cref="EpisodeSource.Turn"/>.</param>
public sealed record ReplyEdit(int Turn)
{
    /// <summary>
    /// Whether it is no longer trained on: the message gets <c>weight: 0</c> in OpenAI's format, and <c>false</c> in the field in which
    /// messages of the row say so already (<c>train</c>). A row whose answers are all dropped, or whose format cannot leave out one, goes
    /// as a whole.
    /// </summary>
    public bool Drop { get; init; }

    /// <summary>
    /// The episode's new weight, that of a rejected answer being negative; null keeps it. The row carries it, and in a dialogue of several
    /// answers OpenAI's message; a format that has only the row's weight gets the mean over its answers.
    /// </summary>
    public double? Weight { get; init; }

    /// <summary>
    /// The turns to stand before it instead of the present ones; null keeps them. Turns that are equal to present ones stay untouched with
    /// all their fields. A prompt that is a plain text takes the texts of system and user turns with an empty line between them; a row of
    /// Alpaca takes a system turn and as many others as it has.
    /// </summary>
    public IReadOnlyList<Turn>? Context { get; init; }
}

/// <summary>What became of the lines of a file that was written back.</summary>
/// <param name="Lines">Lines with training examples that were read.</param>
/// <param name="Written">Lines written.</param>
/// <param name="Changed">Lines written with a change.</param>
/// <param name="Dropped">Lines left out.</param>
/// <param name="DroppedWhole">Of these, lines that went whole because their format cannot leave out one answer.</param>
/// <param name="Bad">Lines left out because they hold no training example.</param>
public sealed record RewriteSummary(long Lines, long Written, long Changed, long Dropped, long DroppedWhole, long Bad);
