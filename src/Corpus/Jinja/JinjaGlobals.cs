using System.Collections.Frozen;

namespace PersonaSelection.Corpus;

/// <summary>The functions that every template can call.</summary>
internal static class JinjaGlobals
{
    /// <summary>The longest <c>range</c> that Jinja's sandbox makes.</summary>
    public const int LongestRange = 100_000;

    private static readonly FrozenDictionary<string, JinjaBound> All = JinjaFunction.Table(
    [
        new("raise_exception message", (a, _) => throw new JinjaRefusedException(JinjaPrint.Text(a.Run, a[0]!))),
        new("strftime_now format", (a, _) => JinjaTime.Format(a, a.Run.Time.GetLocalNow(), a.Text(0) ?? throw a.Fail("needs a format"))),
        new("range first stop? step?", Range),
        new("namespace * **", (a, _) =>
        {
            var made = new JinjaNamespace();
            foreach ((object key, object value) in Dictionary(a).Entries)
                made.Attributes[key as string ?? throw a.Fail("takes texts as names")] = value;
            return made;
        }),
        new("dict * **", (a, _) => Dictionary(a)),
    ]).ToFrozenDictionary(f => f.Key, f => new JinjaBound(f.Value, JinjaNone.Value));

    /// <summary>The function of that name; null when there is none.</summary>
    public static object? Find(string name) => All.GetValueOrDefault(name);

    private static JinjaList Range(JinjaArguments a, object self)
    {
        long first = a.Whole(0, 0), step = a.Whole(2, 1);
        (first, long stop) = a[1] is null ? (0, first) : (first, a.Whole(1, 0));
        if (step == 0) throw a.Fail("cannot step by 0");
        Int128 count = Int128.Max(0, ((Int128)stop - first + step - long.Sign(step)) / step);
        if (count > LongestRange) throw a.Fail($"is of more than {LongestRange} numbers");
        a.Run.Step((long)count);
        var items = new object[(int)count];
        for (int i = 0; i < items.Length; i++) items[i] = first + i * step;
        return new JinjaList(items, JinjaRow.Range);
    }

    private static JinjaDictionary Dictionary(JinjaArguments a)
    {
        var made = new JinjaDictionary();
        if (a.Rest.Length > 1) throw a.Fail("takes one argument without a name");
        if (a.Rest is [JinjaDictionary given])
        {
            foreach ((object key, object value) in given.Entries) made.Set(key, value);
        }
        else if (a.Rest is [object pairs])
        {
            foreach (object pair in JinjaValue.Items(a.Run, pairs))
            {
                if (pair is not JinjaList { Items: [object key, object value] } || !JinjaDictionary.IsKey(key))
                    throw a.Fail("takes pairs of a key and a value");
                made.Set(key, value);
            }
        }
        a.Run.Step(made.Count);
        foreach ((string name, object value) in a.Named) made.Set(name, value);
        return made;
    }
}
