using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>Values that are written out, names, and the arguments of calls.</summary>
internal sealed partial class JinjaExpressionParser
{
    private JinjaGiven Arguments()
    {
        var positional = new List<JinjaExpression>();
        var keywords = new List<(string Name, JinjaExpression Value)>();
        JinjaExpression? rest = null, others = null;
        tokens.Expect("(");
        for (bool first = true; !tokens.Skip(")"); first = false)
        {
            if (!first)
            {
                tokens.Expect(",");
                if (tokens.Skip(")")) break;
            }
            JinjaToken token = tokens.Current;
            if (rest is null && tokens.Skip("*"))
            {
                rest = Expression();
            }
            else if (others is null && tokens.Skip("**"))
            {
                others = Expression();
            }
            else if (token.Kind == JinjaTokenKind.Name && tokens.Following.Is("=") && others is null)
            {
                tokens.Take();
                tokens.Take();
                keywords.Add((token.Text, Expression()));
            }
            else if (keywords.Count > 0 || rest is not null || others is not null)
            {
                throw tokens.Fail(token, $"{token} is not understood behind the arguments before it");
            }
            else
            {
                positional.Add(Expression());
            }
        }
        return new JinjaGiven([.. positional], [.. keywords.Select(k => k.Name)], [.. keywords.Select(k => k.Value)], rest, others);
    }

    private JinjaExpression Primary()
    {
        JinjaToken token = tokens.Take();
        switch (token.Kind)
        {
            case JinjaTokenKind.Name: return Name(token);
            case JinjaTokenKind.Text:
                var text = new StringBuilder(token.Text);
                while (tokens.Current.Kind == JinjaTokenKind.Text) text.Append(tokens.Take().Text);
                return new JinjaLiteral(token.Line, text.ToString());
            case JinjaTokenKind.Whole or JinjaTokenKind.Real: return new JinjaLiteral(token.Line, token.Value!);
            case JinjaTokenKind.Sign when token.Text == "(":
                using (tokens.Nest())
                {
                    JinjaExpression inner = Tuple(empty: true);
                    tokens.Expect(")");
                    return inner;
                }
            case JinjaTokenKind.Sign when token.Text == "[":
                var items = new List<JinjaExpression>();
                while (!tokens.Skip("]"))
                {
                    items.Add(Expression());
                    if (!tokens.Current.Is("]")) tokens.Expect(",");
                }
                return new JinjaRowOf(token.Line, [.. items], JinjaRow.List);
            case JinjaTokenKind.Sign when token.Text == "{": return Dictionary(token.Line);
            default: throw tokens.Fail(token, $"{token} where an expression is expected");
        }
    }

    private JinjaExpression Name(JinjaToken token)
    {
        if (IsConstant(token.Text))
        {
            return new JinjaLiteral(token.Line, token.Text[0] switch
            {
                't' or 'T' => JinjaValue.True,
                'f' or 'F' => JinjaValue.False,
                _ => JinjaNone.Value,
            });
        }
        var name = new JinjaName(token.Line, token.Text, scope);
        names.Add(name);
        scope.Read(token.Text);
        return name;
    }

    private JinjaDictionaryOf Dictionary(int line)
    {
        var keys = new List<JinjaExpression>();
        var values = new List<JinjaExpression>();
        while (!tokens.Skip("}"))
        {
            keys.Add(Expression());
            tokens.Expect(":");
            values.Add(Expression());
            if (!tokens.Current.Is("}")) tokens.Expect(",");
        }
        return new JinjaDictionaryOf(line, [.. keys], [.. values]);
    }
}
