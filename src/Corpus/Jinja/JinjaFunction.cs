using System.Collections.Frozen;

namespace PersonaSelection.Corpus;

/// <summary>What a template can call.</summary>
internal interface IJinjaCallable
{
    /// <summary>Calls it.</summary>
    /// <param name="run">The rendering.</param>
    /// <param name="positional">Arguments by place.</param>
    /// <param name="names">The names of those that are given by name.</param>
    /// <param name="values">And their values.</param>
    object Call(JinjaRun run, object[] positional, string[] names, object[] values);
}

/// <summary>The arguments of one call, in the order of the function's parameters; null where one was not given.</summary>
/// <param name="Run">The rendering.</param>
/// <param name="Function">The function's name.</param>
/// <param name="Values">By parameter.</param>
/// <param name="Rest">Positional ones beyond the parameters, of a function that takes any number.</param>
/// <param name="Named">Those of other names, of a function that takes any.</param>
internal readonly record struct JinjaArguments(
    JinjaRun Run, string Function, object?[] Values, object[] Rest, IReadOnlyList<KeyValuePair<string, object>> Named)
{
    /// <summary>An argument.</summary>
    public object? this[int index] => Values[index];

    /// <summary>An argument that must be a text; null when it is not given or None.</summary>
    public string? Text(int index) => Values[index] switch
    {
        null or JinjaNone => null,
        string text => text,
        JinjaMarkup markup => markup.Text,
        { } other => throw Fail($"takes a text, not {JinjaValue.Kind(other)}"),
    };

    /// <summary>An argument that must be a whole number.</summary>
    public long Whole(int index, long fallback) =>
        Values[index] is not { } value
            ? fallback
            : JinjaNumber.Whole(value) ?? throw Fail($"takes a whole number, not {JinjaValue.Kind(value)}");

    /// <summary>An argument that is true or false.</summary>
    public bool Flag(int index) => Values[index] is { } value && JinjaValue.IsTrue(value);

    /// <summary>An error of this function.</summary>
    public JinjaException Fail(string problem) => Run.Error($"{Function} {problem}");
}

/// <summary>A function of the language: a filter, a test, a method or a global. <c>self</c> is what it is applied to.</summary>
internal sealed class JinjaFunction
{
    private readonly string[] _parameters;
    private readonly int _required;
    private readonly bool _takesRest;
    private readonly bool _takesNames;
    private readonly Func<JinjaArguments, object, object> _body;

    /// <param name="signature">Its name, then its parameters: <c>name</c>, <c>name?</c> that may be left out, <c>*</c> for any more by
    /// place (the named parameters are then given by name alone), <c>**</c> for any more by name.</param>
    /// <param name="body">What it does.</param>
    public JinjaFunction(string signature, Func<JinjaArguments, object, object> body)
    {
        string[] words = signature.Split(' ');
        Name = words[0];
        _takesRest = words.Contains("*");
        _takesNames = words.Contains("**");
        string[] parameters = [.. words.Skip(1).Where(w => w[0] != '*')];
        _required = parameters.Count(p => !p.EndsWith('?'));
        _parameters = [.. parameters.Select(p => p.TrimEnd('?'))];
        _body = body;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Functions by their names.</summary>
    public static FrozenDictionary<string, JinjaFunction> Table(params IEnumerable<JinjaFunction> functions) =>
        functions.ToFrozenDictionary(f => f.Name);

    /// <summary>A function that goes by several names.</summary>
    public static IEnumerable<JinjaFunction> Named(string names, string parameters, Func<JinjaArguments, object, object> body) =>
        names.Split(' ').Select(name => new JinjaFunction($"{name} {parameters}".TrimEnd(), body));

    /// <summary>Calls it.</summary>
    public object Call(JinjaRun run, object self, object[] positional, string[] names, object[] values)
    {
        run.Step();
        object?[] bound = positional;
        int byPlace = _takesRest ? 0 : positional.Length;
        if (byPlace > _parameters.Length) throw run.Error($"{Name} takes at most {_parameters.Length} arguments");
        if (_takesRest || positional.Length != _parameters.Length)
        {
            bound = new object?[_parameters.Length];
            if (!_takesRest) positional.CopyTo(bound, 0);
        }
        List<KeyValuePair<string, object>>? others = null;
        for (int i = 0; i < names.Length; i++)
        {
            int at = Array.IndexOf(_parameters, names[i]);
            if (at >= 0 && bound[at] is null) bound[at] = values[i];
            else if (at < 0 && _takesNames) (others ??= []).Add(new(names[i], values[i]));
            else throw run.Error($"{Name} takes no further argument '{names[i]}'");
        }
        for (int i = 0; i < _required; i++)
            if (bound[i] is null) throw run.Error($"{Name} needs its argument '{_parameters[i]}'");
        return _body(new JinjaArguments(run, Name, bound, _takesRest ? positional : [], others ?? []), self);
    }
}

/// <summary>A function together with what it is applied to: a method, or a global.</summary>
internal sealed class JinjaBound(JinjaFunction function, object self) : IJinjaCallable
{
    /// <inheritdoc/>
    public object Call(JinjaRun run, object[] positional, string[] names, object[] values) =>
        function.Call(run, self, positional, names, values);
}
