using System.Collections.Frozen;

namespace PersonaSelection.Corpus;

/// <summary>The tests: what stands behind <c>is</c>.</summary>
internal static class JinjaTests
{
    private static readonly FrozenDictionary<string, JinjaFunction> All = JinjaFunction.Table(
    [
        Test("defined", (_, s) => s is not JinjaUndefined),
        Test("undefined", (_, s) => s is JinjaUndefined),
        Test("none", (_, s) => s is JinjaNone),
        Test("boolean", (_, s) => s is bool),
        Test("true", (_, s) => s is true),
        Test("false", (_, s) => s is false),
        Test("integer", (_, s) => s is long),
        Test("float", (_, s) => s is double),
        Test("number", (_, s) => JinjaNumber.IsNumber(s)),
        Test("string", (_, s) => s is string or JinjaMarkup),
        Test("mapping", (_, s) => s is JinjaDictionary),
        Test("sequence", (_, s) => s is string or JinjaMarkup or JinjaDictionary or JinjaUndefined or JinjaList { IsSequence: true }),
        Test("iterable", (_, s) =>
            s is string or JinjaMarkup or JinjaDictionary or JinjaUndefined or JinjaList or JinjaGenerator or JinjaLoop),
        // Python finds __call__ on an undefined name, which then fails.
        Test("callable", (_, s) => s is IJinjaCallable or JinjaUndefined or JinjaLoop),
        Test("odd", (a, s) => Rest(a, s, 2L) == 1),
        Test("even", (a, s) => Rest(a, s, 2L) == 0),
        Test("divisibleby num", (a, s) => Rest(a, s, a[0]!) == 0),
        Test("lower", (a, s) => Cased(JinjaPrint.Text(a.Run, s), char.IsLower, char.IsUpper)),
        Test("upper", (a, s) => Cased(JinjaPrint.Text(a.Run, s), char.IsUpper, char.IsLower)),
        Test("in seq", (a, s) => JinjaValue.Contains(a.Run, a[0]!, s)),
        Test("sameas other", (a, s) => ReferenceEquals(s, a[0]) || (s is bool or string && s.Equals(a[0]))),
        Test("filter", (_, s) => s is string name && JinjaFilters.Find(name) is not null),
        Test("test", (_, s) => s is string name && Find(name) is not null),
        .. Tests("eq equalto ==", (a, s) => JinjaValue.AreEqual(a.Run, s, a[0]!)),
        .. Tests("ne !=", (a, s) => !JinjaValue.AreEqual(a.Run, s, a[0]!)),
        .. Tests("gt greaterthan >", (a, s) => JinjaValue.Compare(a.Run, s, a[0]!) > 0),
        .. Tests("ge >=", (a, s) => JinjaValue.Compare(a.Run, s, a[0]!) >= 0),
        .. Tests("lt lessthan <", (a, s) => JinjaValue.Compare(a.Run, s, a[0]!) < 0),
        .. Tests("le <=", (a, s) => JinjaValue.Compare(a.Run, s, a[0]!) <= 0),
    ]);

    /// <summary>The test of that name; null when there is none.</summary>
    public static JinjaFunction? Find(string name) => All.GetValueOrDefault(name);

    private static JinjaFunction Test(string signature, Func<JinjaArguments, object, bool> holds) =>
        new(signature, (a, s) => JinjaValue.Of(holds(a, s)));

    private static IEnumerable<JinjaFunction> Tests(string names, Func<JinjaArguments, object, bool> holds) =>
        JinjaFunction.Named(names, "other", (a, s) => JinjaValue.Of(holds(a, s)));

    private static double Rest(JinjaArguments a, object self, object by) => JinjaNumber.Real(JinjaNumber.Apply(a.Run, "%", self, by));

    private static bool Cased(string text, Func<char, bool> wanted, Func<char, bool> other) => text.Any(wanted) && !text.Any(other);
}
