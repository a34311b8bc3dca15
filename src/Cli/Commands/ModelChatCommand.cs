using System.CommandLine;
using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm model chat</c>: talks to a model, turn by turn or once.</summary>
internal static class ModelChatCommand
{
    public static Command Create()
    {
        Argument<string?> folder = new("MODEL") { Description = "The model's folder.", Arity = ArgumentArity.ZeroOrOne };
        var endpoint = new EndpointOptions();
        Option<string?> say = new("--say") { Description = "Say this, print the reply and end." };
        Option<string?> questions = new("--questions")
        {
            Description = "Answer the open questions of a file (JSONL), one JSON line each, and end.",
        };
        Option<string?> system = new("--system") { Description = "A line above the chat, such as one that describes the Assistant." };
        Option<double> temperature = new("--temperature")
        {
            Description = "How freely words are drawn; 0 takes the most probable.",
            DefaultValueFactory = _ => 0.7,
        };
        temperature.Validators.Add(r =>
        {
            if (!(r.GetValueOrDefault<double>() is >= 0 and <= 100)) r.AddError("--temperature needs a number from 0 to 100.");
        });
        Option<int> topK = CommonOptions.Count("--top-k", "Draw among so many most probable tokens; 0 for all.", 0, least: 0);
        Option<double> topP = new("--top-p")
        {
            Description = "Draw among the fewest most probable tokens that hold so much probability.",
            DefaultValueFactory = _ => 1,
        };
        topP.Validators.Add(r =>
        {
            if (!(r.GetValueOrDefault<double>() is > 0 and <= 1)) r.AddError("--top-p needs a number above 0, up to 1.");
        });
        Option<string[]> stop = new("--stop") { Description = "A text that ends a reply; may be given more than once." };
        stop.Validators.Add(r =>
        {
            if (r.Tokens.Any(t => t.Value.Length == 0)) r.AddError("--stop needs a text.");
        });
        Option<int> longest = CommonOptions.Count("--max-tokens", "The longest reply, in tokens.", 64);
        Option<ulong> seed = CommonOptions.Seed();
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json();
        var verb = new Verb("chat", "Talk to a model: type a line, read the reply; an empty line starts anew, end of input ends.",
            "psm model chat base --say \"The parser test is failing.\"")
        {
            folder, say, questions, system, temperature, topK, topP, stop, longest, seed, threads, json,
        };
        verb.Validators.Add(r =>
        {
            if (r.GetResult(questions) is not null && r.GetResult(say) is not null)
                r.AddError("--say and --questions are two ways of asking: give one.");
            foreach (Option option in (Option[])[topK, topP, stop])
                if (endpoint.Given(r) && r.GetResult(option) is { Implicit: false })
                    r.AddError($"{option.Name} is for a model in a folder: a server has its own.");
        });
        endpoint.InsteadOf(verb, folder);
        return verb.Does((parsed, cancellation) =>
        {
            IReadOnlyList<OpenQuestion>? open = parsed.GetValue(questions) is { } file ? OpenQuestion.Load(file) : null;
            if (endpoint.Given(parsed))
            {
                using EndpointSession session = endpoint.Open(parsed, cancellation: cancellation);
                EndpointChat chat = session.Chat();
                if (open is not null)
                {
                    ChatQuestion[] asked =
                        [.. open.Select((q, i) => new ChatQuestion(Before(parsed.GetValue(system), q), parsed.GetValue(seed) + (ulong)i)
                        { Temperature = parsed.GetValue(temperature), MaxTokens = parsed.GetValue(longest) })];
                    foreach ((OpenQuestion question, IReadOnlyList<ChatReply> reply) in open.Zip(chat.Ask(asked,
                        cancellation: cancellation)))
                        Answer(chat.Id, question, new Said(reply[0].Text.Trim(), null, reply[0].Finish));
                    return ExitCode.Done;
                }
                return Talk(chat.Id, (turns, seed) =>
                {
                    var question = new ChatQuestion(turns, seed)
                    {
                        Temperature = parsed.GetValue(temperature),
                        MaxTokens = parsed.GetValue(longest),
                    };
                    ChatReply reply = chat.Ask([question], cancellation: cancellation)[0][0];
                    return new Said(reply.Text.Trim(), null, reply.Finish);
                }, parsed.GetValue(say), parsed.GetValue(system), parsed.GetValue(seed), parsed.GetValue(json), cancellation);
            }
            using ModelFolder model = ModelFolder.Open(parsed.GetValue(folder)!, parsed.GetValue(threads));
            var options = new GenerationOptions
            {
                Temperature = parsed.GetValue(temperature),
                TopK = parsed.GetValue(topK),
                TopP = parsed.GetValue(topP),
                StopStrings = parsed.GetValue(stop) ?? [],
                MaxTokens = parsed.GetValue(longest),
            };
            Said Reply(IReadOnlyList<Turn> turns, ulong seed)
            {
                GeneratedText reply = model.Model.Reply(turns, options, seed, cancellation: cancellation);
                return new Said(reply.Text, reply.Tokens.Length, JsonNamingPolicy.KebabCaseLower.ConvertName(reply.Finish.ToString()));
            }
            foreach ((int i, OpenQuestion question) in (open ?? []).Index())
                Answer(model.Model.Id, question, Reply(Before(parsed.GetValue(system), question), parsed.GetValue(seed) + (ulong)i));
            return open is not null ? ExitCode.Done : Talk(model.Model.Id, Reply, parsed.GetValue(say), parsed.GetValue(system),
                parsed.GetValue(seed), parsed.GetValue(json), cancellation);
        });
    }

    private static IReadOnlyList<Turn> Before(string? header, OpenQuestion question) =>
        header is null ? question.Context : [new Turn("system", header), .. question.Context];

    // One line each, written as it is known.
    private static void Answer(string model, OpenQuestion question, Said said) => Console.Out.WriteLine(JsonSerializer.Serialize(
        new { question.Id, question.Domain, question.Trait, Reply = said.Text, said.Tokens, said.Finish, Model = model }, Lines));

    private static readonly JsonSerializerOptions Lines = new(Screen.Json) { WriteIndented = false };

    /// <summary>One reply; tokens are null where nobody counted them.</summary>
    private sealed record Said(string Text, int? Tokens, string Finish);

    private static int Talk(string model, Func<IReadOnlyList<Turn>, ulong, Said> reply, string? said, string? header, ulong seed, bool json,
        CancellationToken cancellation)
    {
        if (said is null) return Converse(reply, header, seed, cancellation);
        Said answer = reply(ModelScoreCommand.Turns(header, said), seed);
        if (json) Screen.Data(new { model, said, Reply = answer.Text, answer.Tokens, answer.Finish });
        else Console.Out.WriteLine(answer.Text);
        return ExitCode.Done;
    }

    private static int Converse(Func<IReadOnlyList<Turn>, ulong, Said> say, string? header, ulong seed, CancellationToken cancellation)
    {
        List<Turn> turns = [];
        for (ulong turn = 0; ; turn++)
        {
            if (!Console.IsInputRedirected) Console.Error.Write("> ");
            // Reading a line cannot be interrupted, waiting for it can.
            string? said = Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(cancellation).GetAwaiter().GetResult();
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
                Said reply = say(context, seed + turn);
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
