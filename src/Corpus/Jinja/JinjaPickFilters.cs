namespace PersonaSelection.Corpus;

/// <summary>Filters that go through a row with an attribute, a filter or a test.</summary>
internal static class JinjaPickFilters
{
    /// <summary>The filters.</summary>
    public static IEnumerable<JinjaFunction> All { get; } =
    [
        new("map * ** attribute? default?", Map),
        new("select * **", (a, s) => Pick(a, s, byAttribute: false, wanted: true)),
        new("reject * **", (a, s) => Pick(a, s, byAttribute: false, wanted: false)),
        new("selectattr * **", (a, s) => Pick(a, s, byAttribute: true, wanted: true)),
        new("rejectattr * **", (a, s) => Pick(a, s, byAttribute: true, wanted: false)),
    ];

    private static JinjaGenerator Map(JinjaArguments a, object self)
    {
        object[] items = Items(a, self);
        if (a.Rest.Length == 0 && a[0] is { } attribute)
            return new JinjaGenerator([.. items.Select(item => JinjaPlaces.Path(a.Run, item, attribute, a[1]))]);
        if (a.Rest is not [string name, .. object[] arguments]) throw a.Fail("needs the name of a filter, or attribute=");
        JinjaFunction filter = JinjaFilters.Find(name) ?? throw a.Fail($"knows no filter '{name}'");
        (string[] names, object[] values) = Named(a);
        return new JinjaGenerator([.. items.Select(item => JinjaFilters.Apply(a.Run, filter, item, arguments, names, values))]);
    }

    private static JinjaGenerator Pick(JinjaArguments a, object self, bool byAttribute, bool wanted)
    {
        object[] items = Items(a, self);
        object? attribute = byAttribute ? a.Rest.FirstOrDefault() ?? throw a.Fail("needs an attribute") : null;
        object[] rest = byAttribute ? a.Rest[1..] : a.Rest;
        JinjaFunction? test = null;
        if (rest.Length > 0)
            test = (rest[0] is string name ? JinjaTests.Find(name) : null) ?? throw a.Fail("knows no such test");
        object[] arguments = rest.Length > 0 ? rest[1..] : [];
        (string[] names, object[] values) = Named(a);
        return new JinjaGenerator([.. items.Where(item =>
        {
            object value = attribute is null ? item : JinjaPlaces.Path(a.Run, item, attribute);
            return JinjaValue.IsTrue(test is null ? value : test.Call(a.Run, value, arguments, names, values)) == wanted;
        })]);
    }

    /// <summary>Jinja looks whether there is anything before it goes through it, so that None will do.</summary>
    private static object[] Items(JinjaArguments a, object self) => JinjaValue.IsTrue(self) ? JinjaValue.Items(a.Run, self) : [];

    private static (string[] Names, object[] Values) Named(JinjaArguments a) =>
        ([.. a.Named.Select(n => n.Key)], [.. a.Named.Select(n => n.Value)]);
}
