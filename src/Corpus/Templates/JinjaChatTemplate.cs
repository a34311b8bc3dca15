using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// A template of a checkpoint made elsewhere. A context is what the template writes before the reply when the reply is part of the
/// dialogue: what post-training showed the model, whatever the template thinks of prompts without one. What it needs of a dialogue is
/// found out by trying, once.
/// </summary>
/// <remarks>
/// Turns of one role that follow each other are written as one, an empty line between them. Where a template has no place for a system
/// turn, its text begins the next user turn; where it wants the user to speak first, an empty user turn does.
/// </remarks>
internal sealed class JinjaChatTemplate : ChatTemplate
{
    /// <summary>Stands for the reply while a context is written: a character that no text contains.</summary>
    internal const char Reply = '\uFDD1';
    private const string Mark = "\uFDD1", UserText = "what-the-user-says", SystemText = "what-the-system-says";
    private static readonly FixedDate Clock = new();
    private readonly JinjaTemplate _template;
    private readonly bool _foldsSystem, _userFirst, _trims;
    // What the template writes between the user's words and the reply, the spaces at its end, which are read with the reply, and what
    // comes after the reply.
    private readonly string _opening, _lead, _after;
    private SpecialTokens? _specials;

    public JinjaChatTemplate(string jinja, IReadOnlyDictionary<string, string> tokens)
        : base(ContentId.Of("template", [jinja, .. tokens.Where(t => jinja.Contains(t.Key, StringComparison.Ordinal))
            .OrderBy(t => t.Key, StringComparer.Ordinal).SelectMany(t => (object[])[t.Key, t.Value])]).ToString(), jinja)
    {
        Tokens = tokens;
        _template = JinjaTemplate.Parse(jinja);
        Turn user = new("user", UserText), system = new("system", SystemText), reply = new("assistant", Mark);
        string whole = Tried([user, reply], out string? why) ?? throw new FormatException(
            "it does not write a question and its answer" + (why is null ? "" : $" ({why.TrimEnd('.')})") + ".");
        _foldsSystem = Tried([system, user, reply], out _) is null;
        _userFirst = Tried([reply], out _) is null || (!_foldsSystem && Tried([system, reply], out _) is null);
        int at = whole.IndexOf(Reply);
        if (at < whole.IndexOf(UserText, StringComparison.Ordinal))
            throw new FormatException("it writes the answer before the question.");
        string before = whole[..at], after = whole[(at + 1)..];
        _lead = before[before.TrimEnd(' ').Length..];
        _opening = before[(before.LastIndexOf(UserText, StringComparison.Ordinal) + UserText.Length)..^_lead.Length];
        _trims = Tried([user, new Turn("assistant", $" {Mark} ")], out _) == whole;
        _after = after;
    }

    public override IReadOnlyDictionary<string, string> Tokens { get; }

    public override int? EndOfReply(ITokenizer tokenizer) => Specials(tokenizer).Closing(_after, out _);

    public override string Render(IReadOnlyList<Turn> context) => SpecialTokens.Shown(Before(context, specials: null));

    public override string RenderTurns(IReadOnlyList<Turn> turns) => SpecialTokens.Shown(WriteOrRefuse(Conform(turns), null));

    public override int[] EncodeContext(ITokenizer tokenizer, IReadOnlyList<Turn> context)
    {
        SpecialTokens specials = Specials(tokenizer);
        // A reply follows something, also where the template writes nothing before the first turn.
        return specials.Encode(Before(context, specials)) is { Length: > 0 } ids ? ids : [tokenizer.BeginId];
    }

    public override int[] EncodeOpening(ITokenizer tokenizer, IReadOnlyList<Turn> turns)
    {
        SpecialTokens specials = Specials(tokenizer);
        return specials.Encode(WriteOrRefuse(Conform(turns), specials));
    }

    public override int[] EncodeLead(ITokenizer tokenizer, IReadOnlyList<Turn> turns)
    {
        Turn question = new("user", UserText);
        int[] alone = EncodeContext(tokenizer, [question]), after = EncodeContext(tokenizer, [.. turns, question]);
        return after[1..^Math.Min(TokenRuns.CommonSuffixLength(alone.AsSpan(1), after), after.Length - 1)];
    }

    public override int[] EncodeReply(ITokenizer tokenizer, string reply, bool ended = false)
    {
        SpecialTokens specials = Specials(tokenizer);
        // Read behind what comes before a reply: some tokenizers treat the start of a text differently.
        string opening = _opening[specials.LastEnd(_opening)..];
        int[] before = specials.Encode(opening);
        string text = _lead + specials.Guard(_trims ? reply.Trim() : reply);
        if (ended && specials.Closing(_after, out int length) is not null) text += _after[..length];
        int[] both = specials.Encode(opening + text);
        return both.AsSpan().StartsWith(before) ? both[before.Length..] : specials.Encode(text);
    }

    private string Before(IReadOnlyList<Turn> context, SpecialTokens? specials)
    {
        IReadOnlyList<Turn> turns = Conform([.. context, new Turn("assistant", Mark)]);
        string text = WriteOrRefuse(turns, specials);
        int at = text.LastIndexOf(Reply);
        if (at < 0) throw Refusal(turns, "it leaves out the reply");
        string before = text[..at];
        return before.EndsWith(_lead, StringComparison.Ordinal) ? before[..^_lead.Length] : before;
    }

    private List<Turn> Conform(IReadOnlyList<Turn> turns)
    {
        var result = new List<Turn>(turns.Count + 1);
        string pending = "";
        foreach (Turn turn in turns)
        {
            if (_foldsSystem && turn.Role == "system")
            {
                pending = Joined(pending, turn.Text);
                continue;
            }
            if (pending.Length > 0)
            {
                Put(turn.Role == "user" ? turn with { Text = Joined(pending, turn.Text) } : new Turn("user", pending));
                pending = "";
                if (turn.Role == "user") continue;
            }
            if (_userFirst && turn.Role == "assistant" && result.All(t => t.Role == "system")) Put(new Turn("user", ""));
            Put(turn);
        }
        if (pending.Length > 0) Put(new Turn("user", pending));
        return result;

        void Put(Turn turn)
        {
            if (result.Count > 0 && result[^1].Role == turn.Role)
                result[^1] = turn with { Text = Joined(result[^1].Text, turn.Text) };
            else result.Add(turn);
        }
    }

    // The mark of the reply may stand behind an earlier turn of the Assistant.
    private static string Guarded(string text, SpecialTokens specials) =>
        text.EndsWith(Reply) ? specials.Guard(text[..^1]) + Mark : specials.Guard(text);

    private static string Joined(string a, string b) => a.Length == 0 ? b : b.Length == 0 ? a : $"{a}\n\n{b}";

    private SpecialTokens Specials(ITokenizer tokenizer)
    {
        SpecialTokens? known = _specials;
        return known?.Tokenizer == tokenizer ? known : _specials = new SpecialTokens(tokenizer);
    }

    private string WriteOrRefuse(IReadOnlyList<Turn> turns, SpecialTokens? specials)
    {
        try
        {
            return Written(specials is null ? turns
                : [.. turns.Select(t => new Turn(specials.Guard(t.Role), Guarded(t.Text, specials)))]);
        }
        catch (Exception e) when (e is JinjaException or JinjaRefusedException)
        {
            throw Refusal(turns, e.Message, e);
        }
    }

    private static UserErrorException Refusal(IReadOnlyList<Turn> turns, string why, Exception? inner = null) => new("template-refuses",
        $"The model's chat template cannot write a dialogue of {string.Join(", ", turns.Select(t => t.Role))}: {why.TrimEnd('.')}.",
        "Leave such dialogues out, or give their turns the roles that the model knows.", inner);

    /// <summary>What the template writes; null when it will not, and says why, or leaves out one of the turns or their order.</summary>
    private string? Tried(IReadOnlyList<Turn> turns, out string? why)
    {
        why = null;
        try
        {
            string written = Written(turns);
            int at = 0;
            foreach (Turn turn in turns)
            {
                at = written.IndexOf(turn.Text.Trim(), at, StringComparison.Ordinal);
                if (at < 0) return null;
            }
            return written;
        }
        catch (Exception e) when (e is JinjaException or JinjaRefusedException)
        {
            why = e.Message;
            return null;
        }
    }

    private string Written(IReadOnlyList<Turn> turns)
    {
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["messages"] = turns.Select(t => (object?)new Dictionary<string, object?> { ["role"] = t.Role, ["content"] = t.Text }).ToList(),
            ["add_generation_prompt"] = false,
            ["tools"] = null,
            ["documents"] = null,
        };
        foreach ((string name, string text) in Tokens) variables[name] = text;
        return _template.Render(variables, Clock);
    }

    /// <summary>Templates may write the day: what a model is shown must not hang on when it is shown.</summary>
    private sealed class FixedDate : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2024, 7, 26, 12, 0, 0, TimeSpan.Zero);

        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;
    }
}
