using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>What a server offers, found out by asking it a few short questions.</summary>
/// <param name="Models">The models it names; null when it names none.</param>
/// <param name="GivenText">How it gives log-probabilities of given text; null when it does not.</param>
/// <param name="Chat">Whether it replies in a dialogue.</param>
/// <param name="Troubles">What it said where something failed.</param>
public sealed record EndpointSurvey(IReadOnlyList<string>? Models, GivenTextRoute? GivenText, bool Chat, IReadOnlyList<string> Troubles)
{
    /// <summary>What it takes otherwise than the protocol has it, such as <c>no temperature</c>; known where it replies.</summary>
    public IReadOnlyList<string> Dialect { get; init; } = [];

    /// <summary>Asks. What the server does not offer is a finding; that it cannot be reached, or lets us not in, is an error.</summary>
    /// <exception cref="UserErrorException"><c>endpoint-unreachable</c>, <c>endpoint-key</c>, <c>endpoint-busy</c> or
    /// <c>endpoint-redirect</c>.</exception>
    public static EndpointSurvey Of(EndpointClient client, CancellationToken cancellation = default)
    {
        var troubles = new List<string>();
        IReadOnlyList<string>? models = Try<IReadOnlyList<string>?>(() => client.Models(cancellation).GetAwaiter().GetResult());
        if (client.Address.Model.Length == 0) return new EndpointSurvey(models, null, false, troubles);
        GivenTextRoute? route = Try<GivenTextRoute?>(() => EndpointModel.Open(client, cancellation: cancellation).Route);
        var asked = new EndpointChat(client);
        bool chat = Try(() => asked.Ask([new ChatQuestion([new Turn("user", "Say yes.")]) { MaxTokens = 4 }],
            cancellation: cancellation)[0].Count > 0);
        return new EndpointSurvey(models, route, chat, troubles) { Dialect = asked.Dialect.Words };

        T? Try<T>(Func<T> ask)
        {
            try
            {
                return ask();
            }
            catch (UserErrorException e)
                when (e.Code is "endpoint-refused" or "endpoint-not-found" or "endpoint-bad-reply" or "endpoint-no-logprobs")
            {
                troubles.Add(e.Problem);
                return default;
            }
        }
    }
}
