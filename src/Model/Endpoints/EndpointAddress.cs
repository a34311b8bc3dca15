using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>Where a server that speaks the OpenAI protocol is, and which of its models is meant.</summary>
/// <param name="Base">The base of every path, ending in a slash, such as <c>http://localhost:8000/v1/</c>.</param>
/// <param name="Model">The model's name, as the server calls it.</param>
public sealed record EndpointAddress(Uri Base, string Model)
{
    /// <summary>Reads an address as users give it; without a path, <c>/v1</c> is meant.</summary>
    /// <param name="url">An absolute address with http or https, without user name, query or fragment.</param>
    /// <param name="model">The model's name; empty where none is needed.</param>
    /// <exception cref="UserErrorException"><c>endpoint-address</c>.</exception>
    public static EndpointAddress Parse(string url, string model)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
            throw Bad(url, "is no http or https address");
        // A key inside an address would end up in logs, records and shell histories.
        if (uri.UserInfo.Length > 0) throw Bad($"{uri.Scheme}://…@{uri.Authority}", "holds a user name or a key");
        if (uri.Query.Length > 0 || uri.Fragment.Length > 0)
            throw Bad(uri.GetLeftPart(UriPartial.Path), "has a query or a fragment behind it");
        string path = uri.AbsolutePath.TrimEnd('/');
        return new EndpointAddress(new Uri($"{uri.Scheme}://{uri.Authority}{(path.Length == 0 ? "/v1" : path)}/"), model);
    }

    private static UserErrorException Bad(string url, string what) => new("endpoint-address", $"'{url}' {what}.",
        "Give the base address of the server, such as http://localhost:8000/v1, and the key by --endpoint-key-env.");
}
