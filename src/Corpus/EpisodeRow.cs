using System.Globalization;
using System.Text;
using System.Text.Json;

namespace PersonaSelection.Corpus;

/// <summary>A turn of a row, and the JSON value it was read from: a message, or a text on its own.</summary>
/// <param name="Turn">What is said by whom.</param>
/// <param name="Value">The value in the row's <see cref="RawJson"/>.</param>
/// <param name="Weight">The message's own weight; 0 where it says that it is not trained on.</param>
/// <param name="Rest">A second text that the turn goes on with after a line feed, the <c>input</c> of Alpaca; -1 where it has none.</param>
internal readonly record struct RowTurn(Turn Turn, int Value, double Weight = 1, int Rest = -1);

/// <summary>An answer of a row: where it stands in its dialogue and how much it counts.</summary>
/// <param name="Dialogue">The turns up to the answer and beyond.</param>
/// <param name="At">The answer's place in them.</param>
/// <param name="Turn">Its number among the row's answers, from 0.</param>
/// <param name="Weight">The row's weight times the message's; of the opposite sign for a rejected answer.</param>
/// <param name="Rejected">Whether the row says that it is not to be given.</param>
internal sealed record RowReply(IReadOnlyList<RowTurn> Dialogue, int At, int Turn, double Weight, bool Rejected = false);

/// <summary>
/// What the fields of one line say. All formats are read here; <see cref="EpisodeRowEditor"/> writes through the same places.
/// </summary>
internal sealed partial class EpisodeRow
{
    // A context is rendered once for each answer after it.
    private const int MostMessages = 1 << 12;

    // Sums over many episodes stay numbers, and whatever is beyond is a slip.
    private const double MostWeight = 1e9;

    // Fields of a row without a format that are named.
    private const int MostNamed = 8;
    private readonly RawJson _json;

    private EpisodeRow(RawJson json, EpisodeFormat? format, int line)
    {
        _json = json;
        if (!json.IsObject(0))
            throw new BadRowException(json.Start(0), json.IsList(0) ? RawJson.ListProblem : "The line is not a JSON object.");
        Id = NameOf("id"u8) is { Length: > 0 } id ? id : line.ToString(CultureInfo.InvariantCulture);
        Weight = NumberOf(0, "weight");
        Format = format ?? Sniff();
        Verdict = ReadVerdict(asked: format is not null);
        if (Verdict is null && NameOf("label"u8) is { Length: > 0 } label) Label = label;
        Replies = Format switch
        {
            EpisodeFormat.Messages => Spoken(ReadMessages()),
            EpisodeFormat.ShareGpt => Spoken(ReadConversation()),
            EpisodeFormat.PromptCompletion => ReadCompletion(),
            EpisodeFormat.Alpaca => Spoken(ReadAlpaca()),
            _ => ReadPreference(),
        };
    }

    /// <summary>The format it was read as.</summary>
    public EpisodeFormat Format { get; }

    /// <summary>Its own id, or the number of the line.</summary>
    public string Id { get; }

    /// <summary>Its own weight.</summary>
    public double Weight { get; }

    /// <summary>Its label, if any: a text, or a number as it is written.</summary>
    public string? Label { get; }

    /// <summary>Whether its answer is to be given (KTO); null where it does not say.</summary>
    public bool? Verdict { get; }

    /// <summary>The field in which messages say whether they are trained on; null where none says so.</summary>
    public string? TrainedField { get; private set; }

    /// <summary>The field of a message that has its weight.</summary>
    public string WeightField { get; private set; } = "weight";

    /// <summary>Where it has what stands before its answers.</summary>
    public AskedIn Asked { get; private set; }

    /// <summary>Its answers, those that are not trained on left in.</summary>
    public IReadOnlyList<RowReply> Replies { get; }

    /// <summary>Whether flags or a verdict say which of its answers are trained on.</summary>
    public bool IsFlagged => TrainedField is not null || (Verdict is not null && Replies.Count > 1);

    /// <summary>Reads a line that was parsed.</summary>
    /// <exception cref="BadRowException">It holds no training example.</exception>
    public static EpisodeRow Read(RawJson json, EpisodeFormat? format, int line) => new(json, format, line);

    /// <summary>The episodes under an id; turns that are not trained on (<see cref="RowTurn.Weight"/> 0) are left out.</summary>
    public IReadOnlyList<Episode> Episodes(string file, int line, string id)
    {
        var contexts = new Dictionary<IReadOnlyList<RowTurn>, Turn[]>(ReferenceEqualityComparer.Instance);
        List<RowReply> trained = [.. Replies.Where(r => r.Dialogue[r.At].Weight != 0)];
        bool dialogue = Format != EpisodeFormat.Preference;
        int[] places = dialogue ? [.. trained.Select(r => r.At)] : [];
        int before = 0;
        return [.. trained.Select(reply =>
        {
            if (!contexts.TryGetValue(reply.Dialogue, out Turn[]? turns))
                contexts[reply.Dialogue] = turns = [.. reply.Dialogue.Select(t => t.Turn)];
            string own = Format == EpisodeFormat.Preference ? reply.Turn == 0 ? id + "/chosen" : id + "/rejected"
                : trained.Count == 1 ? id : string.Create(CultureInfo.InvariantCulture, $"{id}/{reply.Turn}");
            return new Episode(own, new ArraySegment<Turn>(turns, 0, reply.At), turns[reply.At].Text, reply.Weight, Label)
            {
                Source = new EpisodeSource(file, line, reply.Turn),
                Answers = dialogue ? new ArraySegment<int>(places, 0, before++) : [],
                Preferred = IsChoice && reply.Turn == 1 ? Replies[0].Dialogue[^1].Turn.Text : null,
            };
        })];
    }

    /// <summary>Whether it is a preference between two answers in one context.</summary>
    public bool IsChoice => Format == EpisodeFormat.Preference && Context(Replies[0]).SequenceEqual(Context(Replies[1]));

    private static IEnumerable<Turn> Context(RowReply reply) => reply.Dialogue.Take(reply.At).Select(t => t.Turn);

    /// <summary>What a message says, as a text or a list of parts; -1 when it has no such field.</summary>
    internal int ContentOf(int message) =>
        Either(message, "content"u8, "value"u8) is var content and >= 0 ? content : _json.Property(message, "parts"u8);

    private int Field(ReadOnlySpan<byte> name) => _json.Property(0, name);

    private bool Has(ReadOnlySpan<byte> name) => !_json.IsNullOrAbsent(Field(name));

    private string NameOf(ReadOnlySpan<byte> field)
    {
        int value = Field(field);
        return value < 0 ? "" : _json.Kind(value) switch
        {
            JsonTokenType.String => _json.Text(value),
            JsonTokenType.Number => Encoding.UTF8.GetString(_json.Utf8.Span[_json.Start(value).._json.End(value)]),
            _ => "",
        };
    }

    private EpisodeFormat Sniff()
    {
        bool choice = !_json.IsNullOrAbsent(Chosen) && !_json.IsNullOrAbsent(Rejected);
        bool outdone = Has("rejected_response"u8) || Has("rejected_messages"u8);
        if (choice && Has("preferred_output"u8)) return EpisodeFormat.Preference;
        if (IsDialogue && (outdone || (choice && !IsAnswered))) return EpisodeFormat.Preference;
        if (IsDialogue) return _json.IsNullOrAbsent(Messages) ? EpisodeFormat.ShareGpt : EpisodeFormat.Messages;
        if (Has("completion"u8)) return EpisodeFormat.PromptCompletion;
        if (choice) return EpisodeFormat.Preference;
        bool answered = Answers.Any(name => Has(Encoding.UTF8.GetBytes(name)));
        if (answered && Asks.Append("input").Any(name => Has(Encoding.UTF8.GetBytes(name))))
            return outdone ? EpisodeFormat.Preference : EpisodeFormat.Alpaca;
        if (answered && Has("prompt"u8)) return EpisodeFormat.PromptCompletion;
        throw new BadRowException(0, $"The object has {Found()}, and no \"messages\", \"conversations\", \"prompt\" with \"completion\", "
            + "\"chosen\" with \"rejected\", \"instruction\" with \"output\", \"question\" with \"answer\", or \"human\" with "
            + "\"assistant\".");
    }

    private string Found()
    {
        string[] names = [.. _json.Names(0).Distinct().Take(MostNamed + 1).Select(n => $"\"{(n.Length > 40 ? n[..40] + "…" : n)}\"")];
        return names.Length == 0 ? "no fields" : string.Join(", ", names.Take(MostNamed)) + (names.Length > MostNamed ? " …" : "");
    }

    private double NumberOf(int parent, string name)
    {
        int number = _json.Property(parent, Encoding.UTF8.GetBytes(name));
        if (_json.IsNullOrAbsent(number)) return 1;
        return _json.Number(number) ?? throw new BadRowException(_json.Start(number), $"\"{name}\" is not a finite number.");
    }

    // A verdict is the row's label, or what LLaMA-Factory calls it. A text or a number is the class of a classifier, unless it stands
    // beside a completion and whoever asks for that format says by it that the row has come through a table without truth values.
    private bool? ReadVerdict(bool asked)
    {
        if (Format == EpisodeFormat.Preference) return null;
        int value = Field("label"u8);
        if ((_json.Truth(value) ?? _json.Truth(Field("kto_tag"u8))) is { } truth) return truth;
        return asked && Format == EpisodeFormat.PromptCompletion ? Episode.VerdictOf(NameOf("label"u8)) : null;
    }
}
