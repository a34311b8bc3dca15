using System.Globalization;

namespace PersonaSelection.Corpus;

/// <summary>Attributes and items of values, as Jinja finds them: one where the other is missing, and undefined where both are.</summary>
internal static class JinjaPlaces
{
    /// <summary><c>target.name</c></summary>
    public static object Attribute(JinjaRun run, object target, string name, bool methodsAlone = false)
    {
        if (JinjaMethods.Find(target, name) is { } method) return new JinjaBound(method, target);
        object? found = target switch
        {
            JinjaDictionary dictionary when !methodsAlone && !JinjaMethods.IsRefused(target, name) => dictionary.Find(name),
            JinjaLoop loop => loop.Attribute(name),
            JinjaNamespace space => space.Attributes.GetValueOrDefault(name),
            JinjaUndefined undefined => throw run.Error($"{undefined.What} is undefined and has no '{name}'"),
            JinjaMarkup => throw run.Error($"'{name}' of a text that is marked safe is not understood: mark it at the end"),
            _ => null,
        };
        return found ?? new JinjaUndefined(JinjaMethods.IsRefused(target, name)
            ? $"'{name}', which would change {JinjaValue.Kind(target)},"
            : $"'{name}' of {JinjaValue.Kind(target)}");
    }

    /// <summary><c>target[key]</c></summary>
    public static object Item(JinjaRun run, object target, object key)
    {
        object? found = target switch
        {
            JinjaDictionary dictionary => dictionary.Find(key),
            JinjaList { IsSequence: true } list when JinjaNumber.Whole(key) is { } index => At(list.Items, index),
            string text when JinjaNumber.Whole(key) is { } index => Character(run, text, index),
            JinjaUndefined undefined => throw run.Error($"{undefined.What} is undefined and has no items"),
            JinjaMarkup => throw run.Error("an item of a text that is marked safe is not understood: mark it at the end"),
            _ => null,
        };
        if (found is not null) return found;
        if (key is string name) return Attribute(run, target, name, methodsAlone: true);
        string which = key is long whole ? whole.ToString(CultureInfo.InvariantCulture) + " " : "";
        return new JinjaUndefined($"item {which}of {JinjaValue.Kind(target)}");
    }

    /// <summary>The value at a path such as <c>function.name</c> or <c>0.role</c>, as filters take it.</summary>
    public static object Path(JinjaRun run, object target, object attribute, object? fallback = null)
    {
        if (attribute is not string path) return Item(run, target, attribute);
        foreach (string part in path.Split('.'))
        {
            target = Item(run, target, long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long index) ? index : part);
            if (target is JinjaUndefined && fallback is not null) target = fallback;
        }
        return target;
    }

    /// <summary><c>target[start:stop:step]</c>, each bound a whole number or None.</summary>
    public static object Slice(JinjaRun run, object target, object start, object stop, object step)
    {
        long by = Bound(run, step) ?? 1;
        if (by == 0) throw run.Error("a slice cannot step by 0");
        object[] items = target switch
        {
            JinjaList { IsSequence: true } list => list.Items,
            string text => JinjaText.Characters(text),
            _ => throw run.Error($"{JinjaValue.Kind(target)} cannot be sliced"),
        };
        long length = items.Length;
        long from = Clamp(Bound(run, start), by > 0 ? 0 : length - 1);
        long to = Clamp(Bound(run, stop), by > 0 ? length : -1);
        run.Step(items.Length >> (target is string ? 6 : 0));
        if (target is string whole && by == 1 && whole.Length == length)
            return run.Made(from < to ? whole[(int)from..(int)to] : "");
        var kept = new List<object>();
        for (long i = from; by > 0 ? i < to : i > to; i += by)
        {
            kept.Add(items[i]);
            if (Math.Abs(by) >= length) break;
        }
        return target is JinjaList row ? new JinjaList([.. kept], row.Kind) : run.Made(string.Concat(kept));

        long Clamp(long? bound, long fallback)
        {
            if (bound is not { } at) return fallback;
            if (at < 0) at += length;
            return by > 0 ? Math.Clamp(at, 0, length) : Math.Clamp(at, -1, length - 1);
        }
    }

    private static long? Bound(JinjaRun run, object value) => value is JinjaNone
        ? null
        : JinjaNumber.Whole(value) ?? throw run.Error($"{JinjaValue.Kind(value)} is no bound of a slice");

    private static string? Character(JinjaRun run, string text, long index)
    {
        run.Step(text.Length >> 6);
        return JinjaText.At(text, index);
    }

    private static object? At(object[] items, long index)
    {
        if (index < 0) index += items.Length;
        return index >= 0 && index < items.Length ? items[index] : null;
    }
}
