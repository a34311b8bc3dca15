namespace PersonaSelection.Corpus;

/// <summary>Filters of rows of values: what is first, in which order, how much together.</summary>
internal static class JinjaRowFilters
{
    /// <summary>The filters.</summary>
    public static IEnumerable<JinjaFunction> All { get; } =
    [
        new("first", (a, s) => s is JinjaGenerator generator
            ? generator.Next() ?? new JinjaUndefined("the first of nothing")
            : JinjaValue.Items(a.Run, s) is [object first, ..] ? first : new JinjaUndefined("the first of nothing")),
        new("last", (a, s) => s is JinjaGenerator
            ? throw a.Fail("takes a list, not a generator")
            : JinjaValue.Items(a.Run, s) is [.., object last] ? last : new JinjaUndefined("the last of nothing")),
        new("list", (a, s) => new JinjaList(JinjaValue.Items(a.Run, s))),
        new("reverse", (a, s) =>
        {
            object[] reversed = [.. JinjaValue.Items(a.Run, s).Reverse()];
            return s is string ? a.Run.Made(string.Concat(reversed))
                : s is JinjaGenerator ? new JinjaList(reversed)
                : new JinjaGenerator(reversed);
        }),
        new("items", (a, s) => s switch
        {
            JinjaUndefined => new JinjaGenerator([]),
            JinjaDictionary dictionary => new JinjaGenerator(dictionary.View(JinjaRow.Items).Items),
            _ => throw a.Fail($"takes a dictionary, not {JinjaValue.Kind(s)}"),
        }),
        new("dictsort case_sensitive? by? reverse?", SortDictionary),
        new("sort reverse? case_sensitive? attribute?", (a, s) =>
            new JinjaList(JinjaValue.Sort(a.Run, JinjaValue.Items(a.Run, s), item => SortKey(a, item), a.Flag(0)))),
        new("unique case_sensitive? attribute?", Unique),
        new("min case_sensitive? attribute?", (a, s) => Extreme(a, s, largest: false)),
        new("max case_sensitive? attribute?", (a, s) => Extreme(a, s, largest: true)),
        new("sum attribute? start?", (a, s) => JinjaValue.Items(a.Run, s).Aggregate(a[1] ?? 0L, (sum, item) =>
            JinjaNumber.Apply(a.Run, "+", sum, a[0] is null or JinjaNone ? item : JinjaPlaces.Path(a.Run, item, a[0]!)))),
        new("batch linecount fill_with?", Batch),
    ];

    /// <summary>What an item is sorted and told from others by: itself or an attribute, a text without its case.</summary>
    private static object Key(JinjaArguments a, object item, int caseSensitive, int attribute)
    {
        object key = item;
        if (a[attribute] is not (null or JinjaNone))
        {
            if (a[attribute] is string path && path.Contains(',')) throw a.Fail("understands one attribute alone");
            key = JinjaPlaces.Path(a.Run, item, a[attribute]!);
        }
        return key is string text && !a.Flag(caseSensitive) ? a.Run.Made(text.ToLowerInvariant()) : key;
    }

    /// <summary>An attribute is compared as a row of one, in which equals need no order.</summary>
    private static object SortKey(JinjaArguments a, object item)
    {
        object key = Key(a, item, 1, 2);
        return a[2] is null or JinjaNone ? key : new JinjaList([key]);
    }

    private static JinjaList SortDictionary(JinjaArguments a, object self)
    {
        if (self is not JinjaDictionary dictionary) throw a.Fail($"takes a dictionary, not {JinjaValue.Kind(self)}");
        int by = a.Text(1) switch
        {
            null or "key" => 0,
            "value" => 1,
            _ => throw a.Fail("sorts by key or value"),
        };
        object[] pairs = JinjaValue.Items(a.Run, dictionary.View(JinjaRow.Items));
        return new JinjaList(JinjaValue.Sort(a.Run, pairs, pair =>
        {
            object key = ((JinjaList)pair).Items[by];
            return key is string text && !a.Flag(0) ? text.ToLowerInvariant() : key;
        }, a.Flag(2)));
    }

    private static JinjaGenerator Unique(JinjaArguments a, object self)
    {
        var seen = new HashSet<object>(JinjaDictionary.KeyComparer.One);
        return new JinjaGenerator([.. JinjaValue.Items(a.Run, self).Where(item =>
        {
            object key = Key(a, item, 0, 1);
            return JinjaDictionary.IsKey(key) ? seen.Add(key) : throw a.Fail($"takes texts and numbers, not {JinjaValue.Kind(key)}");
        })]);
    }

    private static object Extreme(JinjaArguments a, object self, bool largest)
    {
        object? best = null, bestKey = null;
        foreach (object item in JinjaValue.Items(a.Run, self))
        {
            object key = Key(a, item, 0, 1);
            if (bestKey is null || (largest ? JinjaValue.Compare(a.Run, key, bestKey) > 0 : JinjaValue.Compare(a.Run, key, bestKey) < 0))
                (best, bestKey) = (item, key);
        }
        return best ?? new JinjaUndefined($"the {a.Function} of nothing");
    }

    private static JinjaGenerator Batch(JinjaArguments a, object self)
    {
        int size = (int)Math.Clamp(a.Whole(0, 1), 1, JinjaGlobals.LongestRange);
        List<object[]> rows = [.. JinjaValue.Items(a.Run, self).Chunk(size)];
        if (rows.Count > 0 && rows[^1].Length < size && a[1] is { } fill and not JinjaNone)
        {
            a.Run.Step(size);
            rows[^1] = [.. rows[^1], .. Enumerable.Repeat(fill, size - rows[^1].Length)];
        }
        return new JinjaGenerator([.. rows.Select(row => new JinjaList(row))]);
    }
}
