namespace PersonaSelection.Corpus;

/// <summary>Python's <c>None</c>; in here null is "no value at all".</summary>
internal sealed class JinjaNone
{
    private JinjaNone()
    {
    }

    /// <summary>The one.</summary>
    public static JinjaNone Value { get; } = new();
}

/// <summary>What a name or a place stands for that holds nothing: prints as nothing and is false, but has no attributes.</summary>
/// <param name="What">What was asked for, as errors say it.</param>
internal sealed record JinjaUndefined(string What);

/// <summary>A text that was marked safe or escaped: printed and joined as it is. What else Python would escape is refused.</summary>
/// <param name="Text">The text.</param>
internal sealed record JinjaMarkup(string Text);

/// <summary>What a row of values is to Python.</summary>
internal enum JinjaRow
{
    /// <summary><c>[a, b]</c></summary>
    List,

    /// <summary><c>(a, b)</c></summary>
    Tuple,

    /// <summary><c>range(…)</c></summary>
    Range,

    /// <summary><c>d.keys()</c></summary>
    Keys,

    /// <summary><c>d.values()</c></summary>
    Values,

    /// <summary><c>d.items()</c></summary>
    Items,
}

/// <summary>A list, or another row of values with a length; never changed.</summary>
internal sealed class JinjaList(object[] items, JinjaRow kind = JinjaRow.List)
{
    /// <summary>The values.</summary>
    public object[] Items { get; } = items;

    /// <summary>What it is to Python.</summary>
    public JinjaRow Kind { get; } = kind;

    /// <summary>Whether it can be indexed and cut.</summary>
    public bool IsSequence => Kind is JinjaRow.List or JinjaRow.Tuple or JinjaRow.Range;
}

/// <summary>What <c>map</c>, <c>select</c> … give: values that can be gone through once, and have no length.</summary>
internal sealed class JinjaGenerator(object[] items)
{
    private int _at;

    /// <summary>The next value; null when there is none.</summary>
    public object? Next() => _at < items.Length ? items[_at++] : null;

    /// <summary>All values that are left, which then are no longer.</summary>
    public object[] Rest()
    {
        object[] rest = items[_at..];
        _at = items.Length;
        return rest;
    }
}

/// <summary>What <c>namespace()</c> makes: the one thing whose attributes a template may set.</summary>
internal sealed class JinjaNamespace
{
    /// <summary>Attributes by name.</summary>
    public OrderedDictionary<string, object> Attributes { get; } = [];
}

/// <summary>A dictionary in the order of insertion. Keys are texts, numbers, bools and None; 1, 1.0 and True are one.</summary>
internal sealed class JinjaDictionary
{
    private readonly OrderedDictionary<object, object> _entries;

    public JinjaDictionary(int capacity = 0) => _entries = new OrderedDictionary<object, object>(capacity, KeyComparer.One);

    /// <summary>How many entries.</summary>
    public int Count => _entries.Count;

    /// <summary>Keys and values in order.</summary>
    public OrderedDictionary<object, object> Entries => _entries;

    /// <summary>Whether a value may be a key.</summary>
    public static bool IsKey(object value) => value is string or long or bool or double or JinjaNone or JinjaMarkup;

    /// <summary>Whether Python would look for the value among keys; a list or a dictionary is an error there.</summary>
    public static bool IsLookedUp(object value) => value is not (JinjaDictionary or JinjaList { Kind: not JinjaRow.Tuple });

    /// <summary>Sets a value; the key must be one.</summary>
    public void Set(object key, object value) => _entries[key is JinjaMarkup markup ? markup.Text : key] = value;

    /// <summary>The value of a key; null when there is none.</summary>
    public object? Find(object key) =>
        IsKey(key) && _entries.TryGetValue(key is JinjaMarkup markup ? markup.Text : key, out object? value) ? value : null;

    /// <summary>Keys, values or pairs.</summary>
    public JinjaList View(JinjaRow kind) => new(
        kind switch
        {
            JinjaRow.Keys => [.. _entries.Keys],
            JinjaRow.Values => [.. _entries.Values],
            _ => [.. _entries.Select(e => new JinjaList([e.Key, e.Value], JinjaRow.Tuple))],
        }, kind);

    /// <summary>Compares values that may be keys, as Python does.</summary>
    internal sealed class KeyComparer : IEqualityComparer<object>
    {
        private KeyComparer()
        {
        }

        public static KeyComparer One { get; } = new();

        public new bool Equals(object? x, object? y) =>
            x is string text ? y is string other && text == other : x is not null && y is not null && JinjaNumber.AreEqual(x, y);

        public int GetHashCode(object value) => value switch
        {
            string text => text.GetHashCode(),
            bool flag => flag ? 1L.GetHashCode() : 0L.GetHashCode(),
            double real when real == Math.Floor(real) && Math.Abs(real) < 1L << 62 => ((long)real).GetHashCode(),
            _ => value.GetHashCode(),
        };
    }
}
