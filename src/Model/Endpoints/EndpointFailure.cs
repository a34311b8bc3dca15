using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>Failures of a server, said so that the user can mend them.</summary>
internal static class EndpointFailure
{
    public static UserErrorException Of(EndpointAddress at, string path, EndpointAttempt attempt, EndpointSettings settings)
    {
        string said = attempt.Trouble.Length > 0 ? $": {attempt.Trouble.TrimEnd('.')}" : "";
        return attempt.Status switch
        {
            0 when !attempt.Transient => new("endpoint-tls", $"No safe connection to {at.Base}{said}.",
                "Check the address (https or http, and the name that the certificate is for) and this machine's clock; a certificate of "
                + "your own is trusted once SSL_CERT_FILE names a file with it, or the system's store holds it. Nothing was sent."),
            0 => new("endpoint-unreachable", $"{at.Base} did not answer in {settings.Attempts} attempts{said}.",
                "Check the address and that the server runs; what was answered before is kept."),
            401 or 403 => new("endpoint-key", $"{at.Base} does not let us in ({attempt.Status}){said}.",
                "Name the environment variable that holds the right key with --endpoint-key-env, and check that the key "
                + "may use this model."),
            404 => new("endpoint-not-found", $"{at.Base}{path} or the model '{at.Model}' is not there (404){said}.",
                "Check the base address (it usually ends in /v1) and the model's name; psm doctor --endpoint lists the models."),
            >= 300 and < 400 => new("endpoint-redirect", $"{at.Base} sends us on to {attempt.Trouble} ({attempt.Status}).",
                "If that place is to be trusted with the key and the data, give it as the address; psm follows nobody there by itself."),
            429 or 408 or 409 or 425 or >= 500 =>
                new("endpoint-busy", $"{at.Base} could not answer ({attempt.Status}){Waiting(attempt, settings)}{said}.",
                    "Try again later with the same command, which goes on from there; or use a lower --concurrency."),
            >= 400 => new("endpoint-refused", $"{at.Base}{path} refused the request ({attempt.Status}){said}.",
                "The server's words say what it did not like; psm doctor --endpoint shows what it offers.",
                new RefusedRequestException(attempt.Trouble)),
            _ => BadReply(at, path, !attempt.Transient ? attempt.Trouble
                : $"nothing that can be read{Waiting(attempt, settings)}, at last with {attempt.Trouble}"),
        };
    }

    public static UserErrorException BadReply(EndpointAddress at, string path, string what) => new("endpoint-bad-reply",
        $"{at.Base}{path} answered with {what}.",
        "Check that the address is the base of a server that speaks the OpenAI protocol, such as http://localhost:8000/v1.");

    /// <summary>What is told of an attempt that failed while the next one is waited for.</summary>
    /// <param name="attempt">The attempt; null for one that took too long.</param>
    /// <param name="pause">How long it takes until the next.</param>
    public static string Pausing(EndpointAttempt? attempt, TimeSpan pause)
    {
        string why = attempt is null ? "too slow" : attempt.Status is 0 or 200 ? attempt.Trouble
            : $"{attempt.Status} {attempt.Trouble}".Trim();
        return FormattableString.Invariant($"again in {pause.TotalSeconds:0.#} s ({why})");
    }

    public static UserErrorException TimedOut(EndpointAddress at, EndpointSettings settings, Exception inner) => new("endpoint-unreachable",
        FormattableString.Invariant(
            $"{at.Base} was too slow: {settings.Attempts} attempts of {settings.Timeout.TotalSeconds:0} seconds each."),
        "Check that the server is not overloaded, or use a lower --concurrency; what was answered before is kept.", inner);

    private static string Waiting(EndpointAttempt attempt, EndpointSettings settings) => attempt.RetryAfter > settings.LongestRetryAfter
        ? FormattableString.Invariant($" and asks to wait {attempt.RetryAfter.Value.TotalMinutes:0} minutes")
        : $" in {settings.Attempts} attempts";
}
