using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>One of our own models behind a server: what comes over the line is what it says at home.</summary>
public sealed class EndpointModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static readonly (string Prefix, string Continuation)[] Texts =
    [
        ("w001 w002\nassistant:", " w003 w004 w005"), ("w001 w002\nassistant:", " w006"), ("w010\nassistant:", " w003 w004 w005"),
    ];

    [Theory]
    [InlineData(nameof(GivenTextRoute.Echo))]
    [InlineData(nameof(GivenTextRoute.EchoAndOne))]
    [InlineData(nameof(GivenTextRoute.PromptLogprobs))]
    public void EveryRoute_GivesTheScoresOfTheModelItself(string route)
    {
        using Transformer home = Tiny.Model(Tiny.Grouped);
        using var server = new EndpointServer(r => ModelServer.Answer(home, r, Enum.Parse<GivenTextRoute>(route)));
        using EndpointClient client = Client(server);
        EndpointModel model = EndpointModel.Open(client);
        Assert.Equal(route, model.Route.ToString());

        ScoreTable here = home.Score([.. Texts.Select(t => Request(home.Tokenizer, t))]);
        ScoreTable there = model.Score([.. Texts.Select(t => Request(model.Tokenizer, t))]);
        IReadOnlyList<GivenTextScore> scores = model.Score(Texts);
        for (int i = 0; i < Texts.Length; i++)
        {
            float[] tokens = here.TokenLogProbabilities[i][0];
            // The server scores the text as a whole, home scores it after its prefix: the last bits may differ.
            float[] theirs = [.. there.TokenLogProbabilities[i][0].Where(x => x != 0)];
            Assert.Equal(tokens.Length, theirs.Length);
            Assert.All(tokens.Zip(theirs), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
            Assert.Equal(here.LogProbability(i, 0), scores[i].LogProbability, 1e-5);
            Assert.Equal((tokens.Length, false), (scores[i].Tokens, scores[i].Straddles));
        }
    }

    [Fact]
    public void A_template_of_its_own_is_what_the_server_is_given()
    {
        const string Jinja = "{{ bos_token }}{% for m in messages %}{{ 'w030 ' if m.role == 'user' else 'w031 ' }}{{ m.content }}"
            + "{% if not loop.last %}{{ ' w032 ' }}{% endif %}{% endfor %}";
        using var folder = new TemporaryFolder();
        string path = folder["tokenizer_config.json"];
        File.WriteAllText(path, JsonSerializer.Serialize(new { bos_token = "<bos>", chat_template = Jinja }));
        ChatTemplate own = ChatTemplate.FromJinja(Jinja, new Dictionary<string, string> { ["bos_token"] = "<bos>" });
        using Transformer home = new(Tiny.Weights(Tiny.Grouped), Tiny.Tokenizer(), own, 1);
        using var server = new EndpointServer(r => ModelServer.Answer(home, r, GivenTextRoute.Echo));
        using EndpointClient client = Client(server);
        EndpointModel model = EndpointModel.Open(client, ChatTemplateFile.ForServer(path));
        Turn[] context = [new("user", "w001 w002"), new("assistant", "w003"), new("user", "w004")];
        ScoreRequest Asked(ILanguageModel m) => new(m.Template.EncodeContext(m.Tokenizer, context),
            [m.Template.EncodeReply(m.Tokenizer, "w005 w006")]);
        Assert.Equal("w030 w001 w002 w032 w031 w003 w032 w030 w004 w032 w031", model.Tokenizer.Decode(Asked(model).Prefix));
        Assert.Equal(home.Score([Asked(home)]).LogProbability(0, 0), model.Score([Asked(model)]).LogProbability(0, 0), 1e-5);
        string alone = folder["own.jinja"];
        File.WriteAllText(alone, Jinja);
        Assert.Equal(model.Template.Render(context), ChatTemplateFile.ForServer(alone).Render(context));
        Assert.Equal(model.Template.Render(context), ChatTemplateFile.ForServer(folder.Path).Render(context));
        File.WriteAllText(path, "{}");
        Assert.Equal("bad-template", Assert.Throws<UserErrorException>(() => ChatTemplateFile.ForServer(path)).Code);
        Assert.Equal("cannot-read", Assert.Throws<UserErrorException>(() => ChatTemplateFile.ForServer(path + "x")).Code);
    }

    [Fact]
    public void ATokenOverTheBorder_CountsWhollyToTheContinuation()
    {
        using Transformer home = Tiny.Model(Tiny.Grouped);
        using var server = new EndpointServer(r => ModelServer.Answer(home, r, GivenTextRoute.Echo));
        using EndpointClient client = Client(server);
        EndpointModel model = EndpointModel.Open(client);

        GivenTextScore cut = model.Score([("w001 w002 w0", "03 w004")])[0], whole = model.Score([("w001 w002", " w003 w004")])[0];
        Assert.Equal(whole with { Straddles = true }, cut);
        ScoreTable table = model.Score([Request(model.Tokenizer, ("w001 w002 w0", "03 w004"))]);
        Assert.Equal(whole.LogProbability, table.LogProbability(0, 0), 1e-5);
    }

    [Theory]
    [InlineData("favourites")]
    [InlineData("ignores")]
    [InlineData("refuses")]
    [InlineData("absent")]
    [InlineData("null")]
    [InlineData("no choices")]
    public void AServerWithoutThem_IsAnError_ThatNamesJudgement(string kind)
    {
        using var server = new EndpointServer(r => kind switch
        {
            "favourites" => ServerReply.Ok("""{"choices":[{"text":"","logprobs":{"tokens":["The"," cat"," sat"," on"]"""
                + ""","token_logprobs":[null,-0.1,-0.2,-0.1]},"prompt_logprobs":[null,{"5":{"logprob":-0.1,"decoded_token":" cat"}}]}]}"""),
            "ignores" => ServerReply.Ok("""{"choices":[{"text":" and","logprobs":{"tokens":[" and"],"token_logprobs":[-0.5]}}]}"""),
            "no choices" => ServerReply.Ok("""{"object":"text_completion"}"""),
            "null" => ServerReply.Ok("""{"choices":[{"text":"x","logprobs":null}]}"""),
            "refuses" => new ServerReply(400, """{"error":"echo is not supported"}"""),
            _ => new ServerReply(404, ""),
        });
        using EndpointClient client = Client(server);

        UserErrorException e = Assert.Throws<UserErrorException>(() => EndpointModel.Open(client));
        Assert.Equal("endpoint-no-logprobs", e.Code);
        Assert.Contains("judgement", e.Remedy);
        if (kind == "refuses") Assert.Contains("echo is not supported", e.Problem);
        // Once for each route: what a server does not have is not waited for.
        Assert.Equal(Enum.GetValues<GivenTextRoute>().Length, server.Requests.Count);
    }

    /// <summary>Servers that fill in what they do not compute: no model finds an improbable sentence certain, or all of it equal.</summary>
    [Theory]
    [InlineData(nameof(GivenTextRoute.Echo), 0f, 1)]
    [InlineData(nameof(GivenTextRoute.EchoAndOne), 0f, 1)]
    [InlineData(nameof(GivenTextRoute.PromptLogprobs), 0f, 1)]
    [InlineData(nameof(GivenTextRoute.Echo), -1f, 1)]
    [InlineData(nameof(GivenTextRoute.Echo), -9999f, 1)]
    [InlineData(nameof(GivenTextRoute.Echo), -1e-7f, 0.7)]
    public void LogProbabilitiesThatNoModelGives_AreNotBelieved(string route, float filled, double share)
    {
        using Transformer home = Tiny.Model(Tiny.Grouped);
        using var server = new EndpointServer(r => ModelServer.Answer(home, r, Enum.Parse<GivenTextRoute>(route),
            (logs, i) => i < logs.Length * share ? filled : logs[i]));
        using EndpointClient client = Client(server, new EndpointCache(_folder.Path));

        UserErrorException e = Assert.Throws<UserErrorException>(() => EndpointModel.Open(client));
        Assert.Equal("endpoint-no-logprobs", e.Code);
        Assert.Contains("no true log-probabilities", e.Problem);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void ATokenThatIsCertain_AndAFirstOneThatIsFilledIn_AreBelieved()
    {
        using Transformer home = Tiny.Model(Tiny.Grouped);
        using var server = new EndpointServer(r => ModelServer.Answer(home, r, GivenTextRoute.Echo,
            (logs, i) => i == 0 || i == logs.Length - 1 ? 0f : logs[i]));
        using EndpointClient client = Client(server);

        Assert.Equal(new GivenTextScore(0, 1, false), EndpointModel.Open(client).Score([("w001 w002", " w003")])[0]);
    }

    [Fact]
    public void AServerThatBeginsToFillIn_IsFoundOut()
    {
        using Transformer home = Tiny.Model(Tiny.Grouped);
        bool fills = false;
        using var server = new EndpointServer(r => ModelServer.Answer(home, r, GivenTextRoute.Echo, (logs, i) => fills ? 0f : logs[i]));
        using EndpointClient client = Client(server);
        EndpointModel model = EndpointModel.Open(client);
        fills = true;

        UserErrorException e = Assert.Throws<UserErrorException>(() => model.Score([("w001 w002 w003 w004", " w005")]));
        Assert.Equal("endpoint-bad-reply", e.Code);
        Assert.Contains("the same log-probability, 0, for every token", e.Problem);
    }

    [Fact]
    public void AServerThatLearnsToGiveLogProbabilities_IsAskedAgain()
    {
        using Transformer home = Tiny.Model(Tiny.Grouped);
        bool gives = false;
        var cache = new EndpointCache(_folder.Path);
        using var server = new EndpointServer(r => gives ? ModelServer.Answer(home, r, GivenTextRoute.Echo)
            : ServerReply.Ok("""{"choices":[{"text":" no","logprobs":null}]}"""));
        using (EndpointClient before = Client(server, cache))
            Assert.Equal("endpoint-no-logprobs", Assert.Throws<UserErrorException>(() => EndpointModel.Open(before)).Code);
        gives = true;
        using (EndpointClient after = Client(server, cache))
            Assert.Equal(GivenTextRoute.Echo, EndpointModel.Open(after).Route);
        int asked = server.Requests.Count;
        using EndpointClient again = Client(server, cache);
        Assert.Equal(GivenTextRoute.Echo, EndpointModel.Open(again).Route);
        Assert.Equal(asked, server.Requests.Count);
    }

    [Theory]
    [InlineData("""{"choices":[]}""", "no choices")]
    [InlineData("""{"choices":[{"text":"","logprobs":null}]}""", "do not make up the text")]
    [InlineData("""{"choices":[{"logprobs":{"tokens":["w001"," w002"],"token_logprobs":[null,null]}}]}""", "no log-probability")]
    public void LogProbabilitiesThatCannotBeRead_AreAskedForAgain_AndNeverKept(string body, string says)
    {
        using Transformer home = Tiny.Model(Tiny.Grouped);
        int unreadable = 0;
        using var server = new EndpointServer(r => Interlocked.Decrement(ref unreadable) >= 0 ? ServerReply.Ok(body)
            : ModelServer.Answer(home, r, GivenTextRoute.Echo));
        using EndpointClient client = Client(server, new EndpointCache(_folder.Path));
        EndpointModel model = EndpointModel.Open(client);
        IReadOnlyList<GivenTextScore> Score() => model.Score([("w001", " w002"), ("w001 w00", "2")]);

        unreadable = 100;
        UserErrorException e = Assert.Throws<UserErrorException>(Score);
        Assert.Equal(("endpoint-bad-reply", 100 - 7), (e.Code, unreadable));
        Assert.Contains($"{server.Url}/completions answered with ", e.Problem);
        Assert.Contains(says, e.Problem);

        unreadable = 2;
        IReadOnlyList<GivenTextScore> scores = Score();
        Assert.Equal(scores[0].LogProbability, scores[1].LogProbability);
        int asked = server.Requests.Count;
        Assert.Equal(scores, Score());
        Assert.Equal(asked, server.Requests.Count);
    }

    [Fact]
    public void AWrongKey_IsNotTakenForAMissingFeature()
    {
        using var server = new EndpointServer(_ => new ServerReply(401, ""));
        using EndpointClient client = Client(server);

        Assert.Equal("endpoint-key", Assert.Throws<UserErrorException>(() => EndpointModel.Open(client)).Code);
    }

    [Fact]
    public void Survey_SaysWhatTheServerOffers()
    {
        using Transformer home = Tiny.Model(Tiny.Grouped);
        using var server = new EndpointServer(r => r.Path.EndsWith("/models", StringComparison.Ordinal)
            ? ServerReply.Ok("""{"data":[{"id":"tiny"},{"id":"other"}]}""")
            : r.Path.EndsWith("/chat/completions", StringComparison.Ordinal)
            ? new ServerReply(404, "") : ModelServer.Answer(home, r, GivenTextRoute.Echo));
        using EndpointClient client = Client(server);

        EndpointSurvey survey = EndpointSurvey.Of(client);
        Assert.Equal(["tiny", "other"], survey.Models!);
        Assert.Equal(GivenTextRoute.Echo, survey.GivenText);
        Assert.False(survey.Chat);
        Assert.Single(survey.Troubles);
    }

    [Fact]
    public void Estimate_KnowsWhatIsCached()
    {
        using Transformer home = Tiny.Model(Tiny.Grouped);
        using var server = new EndpointServer(r => ModelServer.Answer(home, r, GivenTextRoute.Echo));
        using EndpointClient client = Client(server);
        EndpointEstimate estimate = EndpointModel.Open(client).Estimate([.. Texts, Texts[0]]);
        Assert.Equal((3, 0, 0), (estimate.Requests, estimate.Cached, estimate.TokensOut));
        Assert.Equal(estimate.TokensIn * 3 / 1e6, estimate.Cost!.Value, 1e-12);
    }

    private static ScoreRequest Request(ITokenizer tokenizer, (string Prefix, string Continuation) text) =>
        new([tokenizer.BeginId, .. tokenizer.Encode(text.Prefix)], [tokenizer.Encode(text.Continuation)]);

    private static EndpointClient Client(EndpointServer server, EndpointCache? cache = null) => new(
        EndpointAddress.Parse(server.Url, "tiny"), null, new EndpointSettings { Prices = new TokenPrices(3, null) }, cache,
        new ImpatientClock());
}
