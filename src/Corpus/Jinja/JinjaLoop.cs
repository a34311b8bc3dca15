namespace PersonaSelection.Corpus;

/// <summary>A loop while it runs, as <c>loop</c> shows it. Items are tested when they are come to, or looked ahead for.</summary>
internal sealed class JinjaLoop(JinjaRun run, object[] items, Func<object, bool>? passes)
{
    private object[] _items = items;
    private Func<object, bool>? _passes = passes;
    private int _at;
    private long _index;
    private object? _current;
    private object? _previous;
    private object? _ahead;
    private object? _changed;

    /// <summary>The item of this round.</summary>
    public object Current => _current!;

    /// <summary>How many rounds there are.</summary>
    public long Length
    {
        get
        {
            long done = _index + (Peek() is null ? 0 : 1);
            if (_passes is { } test)
            {
                _items = [.. _items[_at..].Where(test)];
                (_at, _passes) = (0, null);
            }
            return done + _items.Length - _at;
        }
    }

    /// <summary>Goes to the next item; false when there is none.</summary>
    public bool MoveNext()
    {
        if (Peek() is not { } next) return false;
        (_previous, _current, _ahead) = (_current, next, null);
        _index++;
        return true;
    }

    /// <summary><c>loop.name</c>; null when there is no such attribute.</summary>
    public object? Attribute(string name) => name switch
    {
        "index" => _index,
        "index0" => _index - 1,
        "first" => JinjaValue.Of(_index == 1),
        "last" => JinjaValue.Of(Peek() is null),
        "length" => Length,
        "revindex" => Length - _index + 1,
        "revindex0" => Length - _index,
        "previtem" => _previous ?? new JinjaUndefined("the item before the first"),
        "nextitem" => Peek() ?? new JinjaUndefined("the item after the last"),
        // How deep a loop is in its own recursion, which is not understood here.
        "depth" => 1L,
        "depth0" => 0L,
        "cycle" => new JinjaBound(new JinjaFunction("cycle *", Cycle), this),
        "changed" => new JinjaBound(new JinjaFunction("changed *", Changed), this),
        _ => null,
    };

    private object? Peek()
    {
        while (_ahead is null && _at < _items.Length)
        {
            object item = _items[_at++];
            if (_passes is null || _passes(item)) _ahead = item;
        }
        return _ahead;
    }

    private object Cycle(JinjaArguments a, object self) =>
        a.Rest.Length == 0 ? throw a.Fail("needs something to go round") : a.Rest[(_index - 1) % a.Rest.Length];

    private object Changed(JinjaArguments a, object self)
    {
        var now = new JinjaList(a.Rest, JinjaRow.Tuple);
        bool same = _changed is { } before && JinjaValue.AreEqual(run, before, now);
        _changed = now;
        return JinjaValue.Of(!same);
    }
}
