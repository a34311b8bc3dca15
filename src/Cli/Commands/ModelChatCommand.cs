using System.CommandLine;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm model chat</c>: talks to a model, turn by turn or once.</summary>
internal static class ModelChatCommand
{
    public static Command Create()
    {
        Argument<string> folder = new("MODEL") { Description = "The model's folder." };
        Option<string?> say = new("--say") { Description = "Say this, print the reply and end." };
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
        Option<int> longest = CommonOptions.Count("--max-tokens", "The longest reply, in tokens.", 64);
        Option<ulong> seed = CommonOptions.Seed();
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json();
        return new Verb("chat", "Talk to a model: type a line, read the reply; an empty line starts anew, end of input ends.",
            "psm model chat base --say \"The parser test is failing.\"")
        {
            folder, say, system, temperature, longest, seed, threads, json,
        }.Does((parsed, cancellation) =>
        {
            using ModelFolder model = ModelFolder.Open(parsed.GetValue(folder)!, parsed.GetValue(threads));
            var options = new GenerationOptions { Temperature = parsed.GetValue(temperature), MaxTokens = parsed.GetValue(longest) };
            string? header = parsed.GetValue(system);
            if (parsed.GetValue(say) is not { } said) return Converse(model.Model, header, options, parsed.GetValue(seed), cancellation);
            GeneratedText reply = model.Model.Reply(ModelScoreCommand.Turns(header, said), options, parsed.GetValue(seed),
                cancellation: cancellation);
            if (parsed.GetValue(json))
                Screen.Data(new { Model = model.Model.Id, said, Reply = reply.Text, Tokens = reply.Tokens.Length, reply.Finish });
            else
                Console.Out.WriteLine(reply.Text);
            return ExitCode.Done;
        });
    }

    private static int Converse(Transformer model, string? header, GenerationOptions options, ulong seed, CancellationToken cancellation)
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
                GeneratedText reply = model.Reply(context, options, seed + turn, cancellation: cancellation);
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
