namespace PersonaSelection.Corpus;

/// <summary>Reads the statements of a template; <see cref="JinjaExpressionParser"/> reads what stands in them.</summary>
internal sealed class JinjaParser(List<JinjaToken> tokens)
{
    private static readonly string[] ForEnds = ["endfor", "else"];

    private readonly JinjaTokens _tokens = new(tokens);
    private readonly List<JinjaName> _names = [];
    private int _loops;

    /// <summary>The scope of the template.</summary>
    public JinjaScopePlan Names { get; } = new(null);

    /// <summary>Reads the whole template.</summary>
    /// <exception cref="FormatException">It is not understood.</exception>
    public JinjaBlock Template()
    {
        JinjaBlock body = Body(Names, []);
        foreach (JinjaName name in _names) name.Resolve();
        return body;
    }

    private JinjaExpressionParser Expressions(JinjaScopePlan scope) => new(_tokens, scope, _names);

    /// <summary>Statements up to a tag that begins with one of <paramref name="ends"/>, of which the word is not yet taken.</summary>
    private JinjaBlock Body(JinjaScopePlan scope, params string[] ends)
    {
        var statements = new List<JinjaStatement>();
        (int line, int opened) = (_tokens.Current.Line, _tokens.Current.Line);
        using (_tokens.Nest())
        {
            while (true)
            {
                JinjaToken token = _tokens.Take();
                if (token.Kind == JinjaTokenKind.Data)
                {
                    statements.Add(new JinjaData(token.Line, token.Text));
                }
                else if (token.Kind == JinjaTokenKind.OutputBegin)
                {
                    statements.Add(new JinjaOutput(token.Line, Expressions(scope).Tuple()));
                    _tokens.Expect(JinjaTokenKind.OutputEnd);
                }
                else if (token.Kind == JinjaTokenKind.BlockBegin)
                {
                    if (ends.Contains(_tokens.Current.Text) && _tokens.Current.Kind == JinjaTokenKind.Name) break;
                    statements.Add(Statement(scope));
                    _tokens.Expect(JinjaTokenKind.BlockEnd);
                }
                else if (ends.Length == 0)
                {
                    break;
                }
                else
                {
                    throw new FormatException($"line {opened}: a block has no '{ends[0]}'");
                }
            }
        }
        return new JinjaBlock(line, [.. statements]);
    }

    /// <summary>A body and the word that ends it.</summary>
    private JinjaBlock Whole(JinjaScopePlan scope, string end)
    {
        // The end of the tag that opens the body.
        _tokens.Expect(JinjaTokenKind.BlockEnd);
        JinjaBlock body = Body(scope, end);
        _tokens.Take();
        return body;
    }

    private JinjaStatement Statement(JinjaScopePlan scope)
    {
        JinjaToken word = _tokens.Take();
        if (word.Kind != JinjaTokenKind.Name) throw _tokens.Fail(word, $"{word} where a statement is expected");
        switch (word.Text)
        {
            case "if": return If(word.Line, scope);
            case "for": return For(word.Line, scope);
            case "set": return Set(word.Line, scope);
            case "macro": return Macro(word.Line, scope);
            case "call": return CallBlock(word.Line, scope);
            case "filter": return FilterBlock(word.Line, scope);
            case "with": return With(word.Line, scope);
            case "generation":
                var plan = new JinjaScopePlan(scope);
                return new JinjaScoped(word.Line, plan, [], OutsideLoops(() => Whole(plan, "endgeneration")), null, null);
            case "break" or "continue":
                if (_loops == 0) throw _tokens.Fail(word, $"{word} outside of a loop");
                return new JinjaJump(word.Line, word.Text == "break" ? JinjaFlow.Break : JinjaFlow.Continue);
            default:
                throw _tokens.Fail(word, $"the statement {word} is not understood here");
        }
    }

    private JinjaIf If(int line, JinjaScopePlan scope)
    {
        var branches = new List<(JinjaExpression, JinjaBlock)>();
        while (true)
        {
            JinjaExpression condition = Expressions(scope).Tuple(choices: false);
            _tokens.Expect(JinjaTokenKind.BlockEnd);
            scope.Conditions++;
            branches.Add((condition, Body(scope, "endif", "else", "elif")));
            string end = _tokens.Take().Text;
            JinjaBlock? otherwise = end == "else" ? Whole(scope, "endif") : null;
            scope.Conditions--;
            if (end != "elif") return new JinjaIf(line, [.. branches], otherwise);
        }
    }

    private JinjaFor For(int line, JinjaScopePlan scope)
    {
        var plan = new JinjaScopePlan(scope);
        JinjaTarget target = Target(plan, "in", attributes: false);
        Stored(plan, target);
        _tokens.Expect("in");
        JinjaExpression source = Expressions(scope).Tuple(choices: false, end: "recursive");
        JinjaExpression? condition = _tokens.Skip("if") ? Expressions(plan).Expression() : null;
        if (_tokens.Current.Is("recursive")) throw _tokens.Fail(_tokens.Current, "recursive loops are not understood here");
        _tokens.Expect(JinjaTokenKind.BlockEnd);
        _loops++;
        JinjaBlock body = Body(plan, ForEnds);
        _loops--;
        JinjaScoped? otherwise = null;
        if (_tokens.Take() is { Text: "else" } word)
        {
            var elsePlan = new JinjaScopePlan(scope);
            otherwise = new JinjaScoped(word.Line, elsePlan, [], Whole(elsePlan, "endfor"), null, null);
        }
        return new JinjaFor(line, target, source, condition, plan, body, otherwise);
    }

    private JinjaStatement Set(int line, JinjaScopePlan scope)
    {
        JinjaTarget target = Target(scope, null, attributes: true);
        if (_tokens.Skip("="))
        {
            var set = new JinjaSet(line, target, Expressions(scope).Tuple());
            Stored(scope, target);
            return set;
        }
        Stored(scope, target);
        JinjaExpression? filters = Filters(line, scope, _tokens.Current.Is("|"));
        var plan = new JinjaScopePlan(scope);
        return new JinjaScoped(line, plan, [], Whole(plan, "endset"), filters, target);
    }

    private JinjaScoped FilterBlock(int line, JinjaScopePlan scope)
    {
        JinjaExpression? filters = Filters(line, scope, any: true);
        var plan = new JinjaScopePlan(scope);
        return new JinjaScoped(line, plan, [], Whole(plan, "endfilter"), filters, null);
    }

    private JinjaExpression? Filters(int line, JinjaScopePlan scope, bool any)
    {
        if (!any) return null;
        JinjaExpression filters = new JinjaCaptured(line);
        bool first = !_tokens.Current.Is("|");
        while (first || _tokens.Skip("|"))
        {
            filters = Expressions(scope).Filter(filters);
            first = false;
        }
        return filters;
    }

    private JinjaScoped With(int line, JinjaScopePlan scope)
    {
        var plan = new JinjaScopePlan(scope);
        var first = new List<JinjaSet>();
        while (_tokens.Current.Kind != JinjaTokenKind.BlockEnd)
        {
            if (first.Count > 0) _tokens.Expect(",");
            JinjaTarget target = Target(plan, null, attributes: false, several: false);
            _tokens.Expect("=");
            Stored(plan, target);
            first.Add(new JinjaSet(line, target, Expressions(scope).Expression()));
        }
        return new JinjaScoped(line, plan, [.. first], Whole(plan, "endwith"), null, null);
    }

    private JinjaMacroStatement Macro(int line, JinjaScopePlan scope)
    {
        string name = _tokens.Expect(JinjaTokenKind.Name).Text;
        scope.Store(name);
        var plan = new JinjaScopePlan(scope);
        return MacroBody(line, name, scope.Slot(name), plan, Parameters(plan), "endmacro");
    }

    private JinjaOutput CallBlock(int line, JinjaScopePlan scope)
    {
        var plan = new JinjaScopePlan(scope);
        List<JinjaParameter> parameters = _tokens.Current.Is("(") ? Parameters(plan) : [];
        JinjaToken begin = _tokens.Current;
        if (Expressions(scope).Expression() is not JinjaCall call) throw _tokens.Fail(begin, $"{begin} where a macro should be called");
        return new JinjaOutput(line, call.With(MacroBody(line, JinjaMacro.Caller, null, plan, parameters, "endcall")));
    }

    private JinjaMacroStatement MacroBody(
        int line, string name, int? slot, JinjaScopePlan plan, List<JinjaParameter> parameters, string end)
    {
        string[] given = [.. parameters.Select(p => p.Name)];
        foreach (string parameter in given) plan.Store(parameter);
        int from = _names.Count;
        JinjaBlock body = OutsideLoops(() => Whole(plan, end));
        int? caller = null;
        foreach (JinjaName used in _names.Skip(from).Where(n => !given.Contains(n.Name)))
        {
            if (used.Name is "varargs" or "kwargs")
                throw new FormatException($"line {used.Line}: '{used.Name}' in a macro is not understood here");
            if (used.Name == JinjaMacro.Caller) caller = plan.Slot(JinjaMacro.Caller);
        }
        return new JinjaMacroStatement(line, name, slot, [.. parameters], plan, body, caller);
    }

    private List<JinjaParameter> Parameters(JinjaScopePlan plan)
    {
        var parameters = new List<JinjaParameter>();
        _tokens.Expect("(");
        while (!_tokens.Skip(")"))
        {
            if (parameters.Count > 0) _tokens.Expect(",");
            JinjaToken parameter = _tokens.Expect(JinjaTokenKind.Name);
            if (parameters.Any(p => p.Name == parameter.Text)) throw _tokens.Fail(parameter, $"two parameters are called {parameter}");
            JinjaExpression? fallback = _tokens.Skip("=") ? Expressions(plan).Expression() : null;
            if (fallback is null && parameters.LastOrDefault()?.Default is not null)
                throw _tokens.Fail(parameter, "a parameter without a default behind one that has it");
            parameters.Add(new JinjaParameter(parameter.Text, fallback));
        }
        return parameters;
    }

    /// <summary>Said after the value was read, which may be made of what the name meant before.</summary>
    private static void Stored(JinjaScopePlan scope, JinjaTarget target)
    {
        if (target is JinjaTarget.Name name) scope.Store(name.Text);
        else if (target is JinjaTarget.Several several) foreach (JinjaTarget one in several.Targets) Stored(scope, one);
    }

    /// <summary>What no <c>break</c> leaves.</summary>
    private JinjaBlock OutsideLoops(Func<JinjaBlock> read)
    {
        int loops = _loops;
        _loops = 0;
        JinjaBlock body = read();
        _loops = loops;
        return body;
    }

    private JinjaTarget Target(JinjaScopePlan scope, string? end, bool attributes, bool several = true)
    {
        var targets = new List<JinjaTarget>();
        while (true)
        {
            targets.Add(_tokens.Skip("(") ? Enclosed() : Single());
            if (!several || !_tokens.Skip(",")) break;
            several = true;
            if (_tokens.Current.Kind == JinjaTokenKind.BlockEnd || (end is not null && _tokens.Current.Is(end)) || _tokens.Current.Is(")"))
                return new JinjaTarget.Several([.. targets]);
        }
        return targets.Count == 1 ? targets[0] : new JinjaTarget.Several([.. targets]);

        JinjaTarget Enclosed()
        {
            using (_tokens.Nest())
            {
                JinjaTarget inner = Target(scope, end, attributes: false);
                _tokens.Expect(")");
                return inner;
            }
        }

        JinjaTarget Single()
        {
            JinjaToken name = _tokens.Expect(JinjaTokenKind.Name);
            if (JinjaExpressionParser.IsConstant(name.Text)) throw _tokens.Fail(name, $"{name} cannot be assigned to");
            if (!attributes || !_tokens.Skip(".")) return new JinjaTarget.Name(name.Text, scope.Slot(name.Text));
            scope.Read(name.Text);
            var space = new JinjaName(name.Line, name.Text, scope);
            _names.Add(space);
            return new JinjaTarget.Attribute(space, _tokens.Expect(JinjaTokenKind.Name).Text);
        }
    }
}
