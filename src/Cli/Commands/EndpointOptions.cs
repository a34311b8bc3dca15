using System.CommandLine;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;

namespace PersonaSelection.Cli.Commands;

/// <summary>
/// The options of every command that can ask a server instead of loading a folder. The key is read here, from the environment variable that
/// the user names, and goes nowhere but into the requests.
/// </summary>
internal sealed class EndpointOptions
{
    private readonly Option<string?> _url = new("--endpoint")
    {
        Description = "Ask a server that speaks the OpenAI protocol instead: its base address, such as http://localhost:8000/v1.",
    };

    private readonly Option<string?> _model = new("--endpoint-model")
    {
        Description = "The model's name there; may be absent where the server has one only.",
    };

    private readonly Option<string?> _key = new("--endpoint-key-env")
    {
        Description = "The name of the environment variable that holds the key; without it no key is sent.",
    };

    private readonly Option<string?> _template = new("--endpoint-template")
    {
        Description = "The chat template that given text is written with: the model's folder, or its tokenizer_config.json or .jinja file; "
            + "without it, 'role: text'.",
    };

    private readonly Option<int> _concurrency = CommonOptions.Count("--concurrency", "Requests under way at once.", 4);
    private readonly Option<double?> _priceIn =
        CommonOptions.Number("--price-in", "Price of a million tokens read, for estimates and totals.", NumberRange.FromZero);
    private readonly Option<double?> _priceOut =
        CommonOptions.Number("--price-out", "Price of a million tokens written.", NumberRange.FromZero);
    private readonly Option<string?> _cache = new("--cache")
    {
        Description = "A folder that keeps every answer, so that nothing is paid for twice.",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all = [_url, _model, _key, _template, _concurrency, _priceIn, _priceOut, _cache];
        foreach (Option option in all) command.Add(option);
        command.Validators.Add(r =>
        {
            if (r.GetResult(_url) is not null) return;
            Option[] alone = [.. all.Where(o => o != _concurrency && r.GetResult(o) is { Implicit: false })];
            if (alone.Length > 0) r.AddError($"{alone[0].Name} needs --endpoint.");
        });
    }

    /// <summary>Adds the options to a command that needs either them or a folder.</summary>
    public void InsteadOf(Command command, Argument<string?> folder)
    {
        AddTo(command);
        command.Validators.Add(r =>
        {
            if ((r.GetResult(folder) is { Tokens.Count: > 0 }) == (r.GetResult(_url) is not null))
                r.AddError($"Give either {folder.Name} or --endpoint.");
        });
    }

    /// <inheritdoc cref="InsteadOf(Command, Argument{string})"/>
    public void InsteadOf(Command command, Option<string?> folder)
    {
        AddTo(command);
        command.Validators.Add(r =>
        {
            if ((r.GetResult(folder) is not null) == (r.GetResult(_url) is not null))
                r.AddError($"Give either {folder.Name} or --endpoint.");
        });
    }

    /// <summary>Adds the number of answers that are sampled from a server's model instead of asking for log-probabilities.</summary>
    /// <param name="command">The command.</param>
    /// <param name="judges">Whether episodes are judged too.</param>
    public Option<int?> AddSamples(Command command, bool judges = true)
    {
        Option<int?> samples = CommonOptions.Samples("For a chat model at --endpoint that gives no log-probabilities: "
            + (judges ? "judge episodes, and " : "") + "sample so many answers to each probe, an even number such as 8.");
        command.Add(samples);
        command.Validators.Add(r =>
        {
            if (r.GetResult(samples) is { Implicit: false } && r.GetResult(_url) is null) r.AddError("--samples needs --endpoint.");
        });
        return samples;
    }

    /// <summary>Whether a server is to be asked.</summary>
    public bool Given(ParseResult parsed) => parsed.GetValue(_url) is not null;

    /// <inheritdoc cref="Given(ParseResult)"/>
    public bool Given(System.CommandLine.Parsing.CommandResult parsed) => parsed.GetResult(_url) is not null;

    /// <summary>Opens the line. Nothing is asked yet, unless the model's name is needed and was not given.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="needsModel">Whether requests will name a model.</param>
    /// <param name="fallbackCache">Where answers are kept when the user does not say; null for nowhere.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="UserErrorException"><c>endpoint-address</c>, <c>endpoint-no-key</c> or <c>endpoint-model</c>.</exception>
    public EndpointSession Open(ParseResult parsed, bool needsModel = true, string? fallbackCache = null,
        CancellationToken cancellation = default)
    {
        EndpointAddress address = EndpointAddress.Parse(parsed.GetValue(_url)!, parsed.GetValue(_model) ?? "");
        string? key = Key(parsed.GetValue(_key));
        if (key is not null && address.Base.Scheme == Uri.UriSchemeHttp && !address.Base.IsLoopback)
            Screen.Say($"psm: the key travels to {address.Base.Host} unencrypted (http).");
        var settings = new EndpointSettings
        {
            Concurrency = parsed.GetValue(_concurrency),
            Prices = new TokenPrices(parsed.GetValue(_priceIn), parsed.GetValue(_priceOut)),
        };
        if (needsModel && address.Model.Length == 0) address = address with { Model = OnlyModel(address, key, settings, cancellation) };
        string? folder = parsed.GetValue(_cache) ?? fallbackCache;
        return new EndpointSession(new EndpointClient(address, key, settings, folder is null ? null : new EndpointCache(folder),
            TimeProvider.System), parsed.GetValue(_template) is { } path ? ChatTemplateFile.ForServer(path) : null);
    }

    /// <summary>Opens the line where a server is to be asked; null where a folder is loaded.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="folder">Answers are kept in this folder unless the user names another; null for nowhere.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="UserErrorException">As <see cref="Open"/>.</exception>
    public EndpointSession? OpenIfGiven(ParseResult parsed, string? folder, CancellationToken cancellation) => !Given(parsed) ? null
        : Open(parsed, fallbackCache: folder is null ? null : Path.Combine(folder, "endpoint-cache"), cancellation: cancellation);

    private static string? Key(string? variable)
    {
        if (variable is null) return null;
        string? key = Environment.GetEnvironmentVariable(variable);
        return !string.IsNullOrWhiteSpace(key) ? key : throw new UserErrorException("endpoint-no-key",
            $"The environment variable {variable}, which should hold the key, is empty or absent.",
            $"Set it before the command (export {variable}=…), or leave out --endpoint-key-env for a server without keys.");
    }

    private static string OnlyModel(EndpointAddress address, string? key, EndpointSettings settings, CancellationToken cancellation)
    {
        using var client = new EndpointClient(address, key, settings, null, TimeProvider.System);
        IReadOnlyList<string> models = client.Models(cancellation).GetAwaiter().GetResult();
        return models.Count == 1 ? models[0] : throw new UserErrorException("endpoint-model",
            $"{address.Base} has {models.Count} models{(models.Count == 0 ? "" : $": {string.Join(", ", models.Take(20))}")}.",
            "Choose one with --endpoint-model.");
    }
}

/// <summary>An open line to a server.</summary>
internal sealed class EndpointSession(EndpointClient client, ChatTemplate? template) : IDisposable
{
    public EndpointClient Client { get; } = client;

    /// <summary>The model as a scorer of given text.</summary>
    /// <exception cref="UserErrorException"><c>endpoint-no-logprobs</c>, or another <c>endpoint-</c> code.</exception>
    public EndpointModel Model(CancellationToken cancellation = default) => EndpointModel.Open(Client, template, cancellation);

    /// <summary>The model as one that talks.</summary>
    public EndpointChat Chat() => new(Client);

    /// <summary>What was asked and what it cost, on stderr.</summary>
    public void SayUsage()
    {
        EndpointUsage u = Client.Usage;
        string cost = u.Cost is { } c ? FormattableString.Invariant($", cost {c:0.####}") : "";
        string about = u.Estimated ? "about " : "";
        Screen.Say(FormattableString.Invariant($"{Client.Address.Model}: {u.Requests:N0} requests paid, {u.Cached:N0} from the cache, ")
            + FormattableString.Invariant($"{u.Retries:N0} repeated; {about}{u.TokensIn:N0} tokens read, {u.TokensOut:N0} written{cost}"));
    }

    /// <summary>What a plan would cost, as lines for <see cref="TextTable.PrintFacts"/>.</summary>
    public static (string, object?)[] Facts(EndpointEstimate e) =>
    [
        ("requests", FormattableString.Invariant($"{e.Requests:N0}, of which {e.Cached:N0} are in the cache")),
        ("tokens", FormattableString.Invariant(
            $"about {e.TokensIn:N0} to read and at most {e.TokensOut:N0} to write (estimate: four bytes a token)")),
        ("cost", e.Cost is { } c ? FormattableString.Invariant($"about {c:0.####}") : "not known: give --price-in and --price-out"),
    ];

    /// <summary>What asking a chat model would cost, by what is asked.</summary>
    public static (string, object?)[] Facts(AskedCost cost) =>
    [
        ("judgement", Part(cost.Judgement)), ("answers", Part(cost.Answers)), ("after episodes", Part(cost.Shown)), .. Facts(cost.Total),
    ];

    private static string Part(EndpointEstimate e) =>
        FormattableString.Invariant($"{e.Requests:N0} requests, about {e.TokensIn:N0} tokens to read")
        + (e.Cost is { } c ? FormattableString.Invariant($", cost {c:0.####}") : "");

    public void Dispose() => Client.Dispose();
}
