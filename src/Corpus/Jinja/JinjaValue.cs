namespace PersonaSelection.Corpus;

/// <summary>
/// What values are and do in Python. Within a rendering a value is a string, bool, long, double, <see cref="JinjaNone"/>,
/// <see cref="JinjaUndefined"/>, <see cref="JinjaMarkup"/>, <see cref="JinjaList"/>, <see cref="JinjaDictionary"/>,
/// <see cref="JinjaGenerator"/>, <see cref="JinjaNamespace"/>, <see cref="JinjaLoop"/> or an <see cref="IJinjaCallable"/>.
/// </summary>
internal static class JinjaValue
{
    private const int DeepestGiven = 200;

    /// <summary><c>True</c></summary>
    public static object True { get; } = true;

    /// <summary><c>False</c></summary>
    public static object False { get; } = false;

    /// <summary>A bool as a value.</summary>
    public static object Of(bool value) => value ? True : False;

    /// <summary>A value that somebody outside gives.</summary>
    /// <exception cref="ArgumentException">Of a kind that no template may see, or nested too deeply.</exception>
    public static object From(object? given, int depth = 0)
    {
        if (depth > DeepestGiven) throw new ArgumentException($"Values nested more than {DeepestGiven} deep.", nameof(given));
        switch (given)
        {
            case null: return JinjaNone.Value;
            case string or long or double: return given;
            case bool flag: return Of(flag);
            case int whole: return (long)whole;
            case IReadOnlyDictionary<string, object?> dictionary:
                var entries = new JinjaDictionary(dictionary.Count);
                foreach ((string key, object? value) in dictionary) entries.Set(key, From(value, depth + 1));
                return entries;
            case IReadOnlyList<object?> list:
                var items = new object[list.Count];
                for (int i = 0; i < items.Length; i++) items[i] = From(list[i], depth + 1);
                return new JinjaList(items);
            default: throw new ArgumentException($"A {given.GetType().Name} is no value of a template.", nameof(given));
        }
    }

    /// <summary>Python's <c>bool(value)</c>.</summary>
    public static bool IsTrue(object value) => value switch
    {
        bool flag => flag,
        string text => text.Length > 0,
        long whole => whole != 0,
        double real => real != 0,
        JinjaNone or JinjaUndefined => false,
        JinjaList list => list.Items.Length > 0,
        JinjaDictionary dictionary => dictionary.Count > 0,
        JinjaMarkup markup => markup.Text.Length > 0,
        _ => true,
    };

    /// <summary>What a loop over the value goes through.</summary>
    public static object[] Items(JinjaRun run, object value)
    {
        object[] items = value switch
        {
            JinjaList list => list.Items,
            JinjaDictionary dictionary => [.. dictionary.Entries.Keys],
            string text => JinjaText.Characters(text),
            JinjaMarkup markup => JinjaText.Characters(markup.Text),
            JinjaGenerator generator => generator.Rest(),
            JinjaUndefined => [],
            _ => throw run.Error($"{Kind(value)} cannot be gone through"),
        };
        run.Step(items.Length);
        return items;
    }

    /// <summary>Python's <c>len(value)</c>.</summary>
    public static long Length(JinjaRun run, object value) => value switch
    {
        string text => JinjaText.Length(text),
        JinjaMarkup markup => JinjaText.Length(markup.Text),
        JinjaList list => list.Items.Length,
        JinjaDictionary dictionary => dictionary.Count,
        JinjaUndefined => 0,
        JinjaLoop loop => loop.Length,
        _ => throw run.Error($"{Kind(value)} has no length"),
    };

    /// <summary>Python's <c>a == b</c>.</summary>
    public static bool AreEqual(JinjaRun run, object a, object b)
    {
        if (ReferenceEquals(a, b)) return a is not double real || !double.IsNaN(real);
        switch (a, b)
        {
            case (string left, string right): return left == right;
            case (string left, JinjaMarkup right): return left == right.Text;
            case (JinjaMarkup left, string right): return left.Text == right;
            case (JinjaMarkup left, JinjaMarkup right): return left.Text == right.Text;
            case (JinjaUndefined, JinjaUndefined): return true;
            case (JinjaList left, JinjaList right):
                if (left.Kind != right.Kind || left.Items.Length != right.Items.Length) return false;
                run.CheckStack();
                for (int i = 0; i < left.Items.Length; i++)
                {
                    run.Step();
                    if (!AreEqual(run, left.Items[i], right.Items[i])) return false;
                }
                return true;
            case (JinjaDictionary left, JinjaDictionary right):
                if (left.Count != right.Count) return false;
                run.CheckStack();
                foreach ((object key, object value) in left.Entries)
                {
                    run.Step();
                    if (right.Find(key) is not { } other || !AreEqual(run, value, other)) return false;
                }
                return true;
            default: return JinjaNumber.AreEqual(a, b);
        }
    }

    /// <summary>The order of two values: below 0, 0 or above 0; null where a number that is none stands beside another.</summary>
    public static int? Compare(JinjaRun run, object a, object b)
    {
        switch (a, b)
        {
            case (string left, string right): return JinjaText.Compare(left, right);
            case (JinjaList { IsSequence: true } left, JinjaList { IsSequence: true } right) when left.Kind == right.Kind:
                run.CheckStack();
                for (int i = 0; i < Math.Min(left.Items.Length, right.Items.Length); i++)
                {
                    run.Step();
                    if (!AreEqual(run, left.Items[i], right.Items[i])) return Compare(run, left.Items[i], right.Items[i]);
                }
                return left.Items.Length.CompareTo(right.Items.Length);
            default:
                if (!JinjaNumber.IsNumber(a) || !JinjaNumber.IsNumber(b)) throw run.Error($"{Kind(a)} and {Kind(b)} have no order");
                return JinjaNumber.Compare(a, b);
        }
    }

    /// <summary>Sorts, equals in the order they stand in.</summary>
    public static T[] Sort<T>(JinjaRun run, IEnumerable<T> items, Func<T, object> key, bool reverse = false)
    {
        (object Key, T Item)[] keyed = [.. items.Select(item => (key(item), item))];
        var order = Comparer<(object Key, T Item)>.Create((x, y) =>
        {
            run.Step();
            int compared = Compare(run, x.Key, y.Key) ?? throw run.Error("what is no number cannot be put in order");
            return reverse ? -compared : compared;
        });
        try
        {
            return [.. keyed.Order(order).Select(k => k.Item)];
        }
        catch (InvalidOperationException e) when (e.InnerException is JinjaException inner)
        {
            throw inner;
        }
    }

    /// <summary>Python's <c>item in container</c>.</summary>
    public static bool Contains(JinjaRun run, object container, object item)
    {
        switch (container)
        {
            case string text:
                run.Step(text.Length >> 6);
                return item switch
                {
                    string part => text.Contains(part, StringComparison.Ordinal),
                    JinjaMarkup part => text.Contains(part.Text, StringComparison.Ordinal),
                    _ => throw run.Error($"{Kind(item)} cannot be in a text"),
                };
            case JinjaDictionary dictionary:
                if (!JinjaDictionary.IsLookedUp(item)) throw run.Error($"{Kind(item)} cannot be a key");
                return dictionary.Find(item) is not null;
            default:
                foreach (object other in Items(run, container))
                    if (AreEqual(run, other, item)) return true;
                return false;
        }
    }

    /// <summary>What a value is, as errors say it.</summary>
    public static string Kind(object value) => value switch
    {
        string or JinjaMarkup => "a text",
        bool => "a bool",
        long => "a whole number",
        double => "a number",
        JinjaNone => "None",
        JinjaUndefined undefined => undefined.What,
        JinjaList { Kind: JinjaRow.Tuple } => "a tuple",
        JinjaList => "a list",
        JinjaDictionary => "a dictionary",
        JinjaGenerator => "a generator",
        JinjaNamespace => "a namespace",
        JinjaLoop => "a loop",
        _ => "a function",
    };
}
