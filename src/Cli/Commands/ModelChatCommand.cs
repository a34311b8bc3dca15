using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm model chat</c>: talks to a model, turn by turn or once.</summary>
internal sealed class ModelChatCommand
{
    private readonly Argument<string?> _folder = new("MODEL") { Description = "The model's folder.", Arity = ArgumentArity.ZeroOrOne };
    private readonly EndpointOptions _endpoint = new();
    private readonly Option<string?> _say = new("--say") { Description = "Say this, print the reply and end." };
    private readonly Option<string?> _questions = new("--questions")
    {
        Description = "Answer the open questions of a file (JSONL), one JSON line each, and end.",
    };

    private readonly Option<string?> _system = CommonOptions.SystemLine();

    private readonly Option<double> _temperature =
        CommonOptions.Number("--temperature", "How freely words are drawn; 0 takes the most probable.",
            new("from 0 to 100", x => x is >= 0 and <= 100), 0.7);

    private readonly Option<int> _topK =
        CommonOptions.Count("--top-k", "Draw among so many most probable tokens; 0 for all.", 0, least: 0);
    private readonly Option<double> _topP =
        CommonOptions.Number("--top-p", "Draw among the fewest most probable tokens that hold so much probability.",
            NumberRange.PositiveShare, 1);

    private readonly Option<string[]> _stop = new("--stop") { Description = "A text that ends a reply; may be given more than once." };
    private readonly Option<int> _longest = CommonOptions.Count("--max-tokens", "The longest reply, in tokens.", 64);
    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Verb _verb;

    private ModelChatCommand()
    {
        _stop.Validators.Add(r =>
        {
            if (r.Tokens.Any(t => t.Value.Length == 0)) r.AddError("--stop needs a text.");
        });
        _verb = new Verb("chat", "Talk to a model: type a line, read the reply; an empty line starts anew, end of input ends.",
            "psm model chat base --say \"The parser test fails.\"")
        {
            _folder, _say, _questions, _system, _temperature, _topK, _topP, _stop, _longest, _seed, _threads, _json,
        };
        _verb.Validators.Add(Check);
        _endpoint.InsteadOf(_verb, _folder);
        _verb.Does((parsed, cancellation) => _endpoint.Given(parsed) ? AskServer(parsed, cancellation) : AskFolder(parsed, cancellation));
    }

    public static Command Create() => new ModelChatCommand()._verb;

    private void Check(CommandResult r)
    {
        if (r.GetResult(_questions) is not null && r.GetResult(_say) is not null)
            r.AddError("--say and --questions are two ways of asking: give one.");
        foreach (Option option in (Option[])[_topK, _topP, _stop])
            if (_endpoint.Given(r) && r.GetResult(option) is { Implicit: false })
                r.AddError($"{option.Name} is for a model in a folder: a server has its own.");
    }

    private IReadOnlyList<OpenQuestion>? Questions(ParseResult parsed) =>
        parsed.GetValue(_questions) is { } file ? OpenQuestion.Load(file) : null;

    private int AskServer(ParseResult parsed, CancellationToken cancellation)
    {
        IReadOnlyList<OpenQuestion>? open = Questions(parsed);
        using EndpointSession session = _endpoint.Open(parsed, cancellation: cancellation);
        EndpointChat chat = session.Chat();
        if (open is null) return Talk(parsed, chat.Id, (turns, seed) => Said(chat.Ask([Asked(turns, seed)], cancellation: cancellation)[0]),
            cancellation);
        ChatQuestion[] all = [.. open.Select((q, i) => Asked(Before(parsed.GetValue(_system), q), parsed.GetValue(_seed) + (ulong)i))];
        foreach ((OpenQuestion question, IReadOnlyList<ChatReply> reply) in open.Zip(chat.Ask(all, cancellation: cancellation)))
            Answer(chat.Id, question, Said(reply));
        return ExitCode.Done;

        ChatQuestion Asked(IReadOnlyList<Turn> turns, ulong seed) => new(turns, seed)
        {
            Temperature = parsed.GetValue(_temperature),
            MaxTokens = parsed.GetValue(_longest),
        };

        static Reply Said(IReadOnlyList<ChatReply> reply) => new(reply[0].Text.Trim(), null, reply[0].Finish);
    }

    private int AskFolder(ParseResult parsed, CancellationToken cancellation)
    {
        IReadOnlyList<OpenQuestion>? open = Questions(parsed);
        using ModelFolder model = ModelFolder.Open(parsed.GetValue(_folder)!, parsed.GetValue(_threads));
        var options = new GenerationOptions
        {
            Temperature = parsed.GetValue(_temperature),
            TopK = parsed.GetValue(_topK),
            TopP = parsed.GetValue(_topP),
            StopStrings = parsed.GetValue(_stop) ?? [],
            MaxTokens = parsed.GetValue(_longest),
        };
        if (open is null) return Talk(parsed, model.Model.Id, Said, cancellation);
        foreach ((int i, OpenQuestion question) in open.Index())
            Answer(model.Model.Id, question, Said(Before(parsed.GetValue(_system), question), parsed.GetValue(_seed) + (ulong)i));
        return ExitCode.Done;

        Reply Said(IReadOnlyList<Turn> turns, ulong seed)
        {
            GeneratedText reply = model.Model.Reply(turns, options, seed, cancellation: cancellation);
            return new Reply(reply.Text, reply.Tokens.Length, JsonNamingPolicy.KebabCaseLower.ConvertName(reply.Finish.ToString()));
        }
    }

    private static IReadOnlyList<Turn> Before(string? header, OpenQuestion question) =>
        header is null ? question.Context : [new Turn("system", header), .. question.Context];

    // One line each, written as it is known.
    private static void Answer(string model, OpenQuestion question, Reply reply) => Console.Out.WriteLine(JsonSerializer.Serialize(
        new { question.Id, question.Domain, question.Trait, Reply = reply.Text, reply.Tokens, reply.Finish, Model = model }, Lines));

    private static readonly JsonSerializerOptions Lines = new(Screen.Json) { WriteIndented = false };

    /// <summary>One reply; tokens are null where nobody counted them.</summary>
    private sealed record Reply(string Text, int? Tokens, string Finish);

    private int Talk(ParseResult parsed, string model, Func<IReadOnlyList<Turn>, ulong, Reply> ask, CancellationToken cancellation)
    {
        (string? header, ulong seed) = (parsed.GetValue(_system), parsed.GetValue(_seed));
        if (parsed.GetValue(_say) is not { } said) return Converse(ask, header, seed, cancellation);
        Reply answer = ask(ModelScoreCommand.Turns(header, said), seed);
        if (parsed.GetValue(_json)) Screen.Data(new { model, said, Reply = answer.Text, answer.Tokens, answer.Finish });
        else Console.Out.WriteLine(answer.Text);
        return ExitCode.Done;
    }

    private static int Converse(Func<IReadOnlyList<Turn>, ulong, Reply> ask, string? header, ulong seed, CancellationToken cancellation)
    {
        List<Turn> turns = [];
        // A pipe or a file is UTF-8, whatever the code page of the console.
        TextReader lines = Console.IsInputRedirected ? new StreamReader(Console.OpenStandardInput()) : Console.In;
        for (ulong turn = 0; ; turn++)
        {
            if (!Console.IsInputRedirected) Console.Error.Write("> ");
            // Reading a line cannot be interrupted, waiting for it can.
            string? said = Task.Run(lines.ReadLine, CancellationToken.None).WaitAsync(cancellation).GetAwaiter().GetResult();
            if (said is null) return ExitCode.Done;
            if (string.IsNullOrWhiteSpace(said))
            {
                turns.Clear();
                continue;
            }
            List<Turn> context = turns.Count == 0 ? ModelScoreCommand.Turns(header, said.Trim())
                : [.. turns, new Turn("user", said.Trim())];
            try
            {
                Reply reply = ask(context, seed + turn);
                Console.Out.WriteLine(reply.Text);
                turns = [.. context, new Turn("assistant", reply.Text)];
            }
            catch (UserErrorException e)
            {
                // A word the model does not know, or a talk that has grown too long, ends no conversation: say it in another way.
                Screen.Fail(e);
            }
        }
    }
}
