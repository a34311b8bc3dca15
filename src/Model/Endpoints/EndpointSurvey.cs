using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>What a server offers, found out by asking it: at most five short requests.</summary>
/// <param name="Models">The models it names; null when it names none.</param>
/// <param name="GivenText">How it gives log-probabilities of given text; null when it does not.</param>
/// <param name="Chat">Whether it replies in a dialogue.</param>
/// <param name="Troubles">What it said where something failed.</param>
public sealed record EndpointSurvey(IReadOnlyList<string>? Models, GivenTextRoute? GivenText, bool Chat, IReadOnlyList<string> Troubles)
{
    /// <summary>Asks. What the server does not offer is a finding; that it cannot be reached, or lets us not in, is an error.</summary>
    /// <exception cref="UserErrorException"><c>endpoint-unreachable</c>, <c>endpoint-key</c>, <c>endpoint-busy</c> or
    /// <c>endpoint-redirect</c>.</exception>
    public static EndpointSurvey Of(EndpointClient client, CancellationToken cancellation = default)
    {
        var troubles = new List<string>();
        IReadOnlyList<string>? models = Try<IReadOnlyList<string>?>(() => client.Models(cancellation).GetAwaiter().GetResult());
        if (client.Address.Model.Length == 0) return new EndpointSurvey(models, null, false, troubles);
        GivenTextRoute? route = Try<GivenTextRoute?>(() => EndpointModel.Open(client, cancellation: cancellation).Route);
        bool chat = Try(() => new EndpointChat(client).Ask([new ChatQuestion([new Turn("user", "Say yes.")]) { MaxTokens = 4 }],
            cancellation: cancellation)[0].Count > 0);
        return new EndpointSurvey(models, route, chat, troubles);

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
