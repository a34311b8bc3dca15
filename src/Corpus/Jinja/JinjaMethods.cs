using System.Collections.Frozen;

namespace PersonaSelection.Corpus;

/// <summary>The methods of texts, dictionaries and lists that Python has, as far as they are understood.</summary>
internal static class JinjaMethods
{
    private static readonly FrozenSet<string> ChangeLists =
        FrozenSet.Create("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");

    private static readonly FrozenSet<string> ChangeDictionaries =
        FrozenSet.Create("clear", "fromkeys", "pop", "popitem", "setdefault", "update");

    private static readonly FrozenDictionary<string, JinjaFunction> OfText = JinjaFunction.Table(
    [
        new("strip chars?", (a, s) => Strip(a, s, left: true, right: true)),
        new("lstrip chars?", (a, s) => Strip(a, s, left: true, right: false)),
        new("rstrip chars?", (a, s) => Strip(a, s, left: false, right: true)),
        new("split sep? maxsplit?", (a, s) => Split(a, s, fromRight: false)),
        new("rsplit sep? maxsplit?", (a, s) => Split(a, s, fromRight: true)),
        new("splitlines keepends?", (a, s) => Texts(a, JinjaText.Lines((string)s, a.Flag(0)))),
        new("startswith prefix", (a, s) => Ends(a, part => ((string)s).StartsWith(part, StringComparison.Ordinal))),
        new("endswith suffix", (a, s) => Ends(a, part => ((string)s).EndsWith(part, StringComparison.Ordinal))),
        new("removeprefix prefix", (a, s) =>
            ((string)s).StartsWith(a.Text(0)!, StringComparison.Ordinal) ? a.Run.Made(((string)s)[a.Text(0)!.Length..]) : s),
        new("removesuffix suffix", (a, s) =>
            ((string)s).EndsWith(a.Text(0)!, StringComparison.Ordinal) ? a.Run.Made(((string)s)[..^a.Text(0)!.Length]) : s),
        new("upper", (a, s) => a.Run.Made(((string)s).ToUpperInvariant())),
        new("lower", (a, s) => a.Run.Made(((string)s).ToLowerInvariant())),
        new("title", (a, s) => a.Run.Made(JinjaText.Title((string)s))),
        new("capitalize", (a, s) => a.Run.Made(JinjaText.Capitalize((string)s))),
        new("replace old new count?", (a, s) => JinjaText.Replace(a.Run, (string)s, Required(a, 0), Required(a, 1), a.Whole(2, -1))),
        new("join iterable", (a, s) => Join(a, (string)s)),
        new("find sub", (a, s) => JinjaText.Index((string)s, ((string)s).IndexOf(Required(a, 0), StringComparison.Ordinal))),
        new("rfind sub", (a, s) => JinjaText.Index((string)s, ((string)s).LastIndexOf(Required(a, 0), StringComparison.Ordinal))),
        new("count sub", (a, s) =>
            (long)(Required(a, 0).Length == 0 ? JinjaText.Length((string)s) + 1 : ((string)s).AsSpan().Count(a.Text(0)))),
        new("isdigit", (_, s) => All((string)s, char.IsDigit)),
        new("isalpha", (_, s) => All((string)s, char.IsLetter)),
        new("isalnum", (_, s) => All((string)s, char.IsLetterOrDigit)),
        new("isspace", (_, s) => All((string)s, JinjaText.IsSpace)),
        new("isupper", (_, s) => JinjaValue.Of(((string)s).Any(char.IsUpper) && !((string)s).Any(char.IsLower))),
        new("islower", (_, s) => JinjaValue.Of(((string)s).Any(char.IsLower) && !((string)s).Any(char.IsUpper))),
        new("format * **", (a, s) => JinjaFormat.Format(a, (string)s)),
    ]);

    private static readonly FrozenDictionary<string, JinjaFunction> OfDictionary = JinjaFunction.Table(
    [
        new("keys", (_, s) => ((JinjaDictionary)s).View(JinjaRow.Keys)),
        new("values", (_, s) => ((JinjaDictionary)s).View(JinjaRow.Values)),
        new("items", (_, s) => ((JinjaDictionary)s).View(JinjaRow.Items)),
        new("copy", (_, s) => s),
        new("get key default?", (a, s) => JinjaDictionary.IsLookedUp(a[0]!)
            ? ((JinjaDictionary)s).Find(a[0]!) ?? a[1] ?? JinjaNone.Value
            : throw a.Fail($"takes no {JinjaValue.Kind(a[0]!)} as a key")),
    ]);

    private static readonly FrozenDictionary<string, JinjaFunction> OfList = JinjaFunction.Table(
    [
        new("count value", (a, s) => (long)((JinjaList)s).Items.Count(item => Same(a, item))),
        new("index value", (a, s) =>
            Array.FindIndex(((JinjaList)s).Items, item => Same(a, item)) is >= 0 and var at
                ? (long)at
                : throw a.Fail("finds no such value")),
        new("copy", (_, s) => s),
    ]);

    /// <summary>The method of that name; null when there is none.</summary>
    public static JinjaFunction? Find(object target, string name)
    {
        FrozenDictionary<string, JinjaFunction>? methods = target switch
        {
            string => OfText,
            JinjaDictionary => OfDictionary,
            JinjaList { IsSequence: true } => OfList,
            _ => null,
        };
        return methods is not null && methods.TryGetValue(name, out JinjaFunction? method) ? method : null;
    }

    /// <summary>Whether Python has a method of that name that the sandbox refuses; it hides an entry of the same name.</summary>
    public static bool IsRefused(object target, string name) =>
        (target is JinjaList && ChangeLists.Contains(name)) || (target is JinjaDictionary && ChangeDictionaries.Contains(name));

    /// <summary>Python's <c>separator.join(texts)</c>, of values that are texts.</summary>
    private static string Join(JinjaArguments a, string separator)
    {
        string[] texts = [.. JinjaValue.Items(a.Run, a[0]!).Select(item =>
            item as string ?? throw a.Fail($"takes texts, not {JinjaValue.Kind(item)}"))];
        a.Run.Make(texts.Sum(t => (long)t.Length) + (long)separator.Length * texts.Length);
        return string.Join(separator, texts);
    }

    private static string Required(JinjaArguments a, int index) => a.Text(index) ?? throw a.Fail("takes a text, not None");

    private static string Strip(JinjaArguments a, object self, bool left, bool right) =>
        a.Run.Made(JinjaText.Strip((string)self, a.Text(0), left, right));

    private static JinjaList Split(JinjaArguments a, object self, bool fromRight)
    {
        if (a.Text(0) is not { } separator) return Texts(a, JinjaText.SplitAtSpace((string)self, a.Whole(1, -1), fromRight));
        if (separator.Length == 0) throw a.Fail("needs a separator that is not empty");
        return Texts(a, JinjaText.Split((string)self, separator, a.Whole(1, -1), fromRight));
    }

    private static JinjaList Texts(JinjaArguments a, List<object> texts)
    {
        a.Run.Step(texts.Count);
        a.Run.Make(texts.Sum(t => (long)((string)t).Length));
        return new JinjaList([.. texts]);
    }

    private static object Ends(JinjaArguments a, Func<string, bool> has) => JinjaValue.Of(a[0] is JinjaList { Kind: JinjaRow.Tuple } several
        ? several.Items.Any(part => has(part as string ?? throw a.Fail("takes texts alone")))
        : has(Required(a, 0)));

    private static bool Same(JinjaArguments a, object item)
    {
        a.Run.Step();
        return JinjaValue.AreEqual(a.Run, item, a[0]!);
    }

    private static object All(string text, Func<char, bool> test) => JinjaValue.Of(text.Length > 0 && text.All(test));
}
