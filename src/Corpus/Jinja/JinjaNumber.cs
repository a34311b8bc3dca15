namespace PersonaSelection.Corpus;

/// <summary>Python's arithmetic. Whole numbers are of 64 bits; what would be larger is an error. A bool counts as 0 or 1.</summary>
internal static class JinjaNumber
{
    /// <summary>Whether a value counts as a number.</summary>
    public static bool IsNumber(object value) => value is long or double or bool;

    /// <summary>The value as a whole number; null when it is none.</summary>
    public static long? Whole(object value) => value switch { long whole => whole, bool flag => flag ? 1 : 0, _ => null };

    /// <summary>The value, a number, as a real one.</summary>
    public static double Real(object value) => value is double real ? real : Whole(value)!.Value;

    /// <summary>Whether two values are the same number, or else the same value.</summary>
    public static bool AreEqual(object a, object b)
    {
        if (!IsNumber(a) || !IsNumber(b)) return a.Equals(b);
        return Compare(a, b) == 0;
    }

    /// <summary>The order of two numbers; null when one is no number.</summary>
    public static int? Compare(object a, object b)
    {
        if (Whole(a) is { } x && Whole(b) is { } y) return x.CompareTo(y);
        (double left, double right) = (Real(a), Real(b));
        return double.IsNaN(left) || double.IsNaN(right) ? null : left.CompareTo(right);
    }

    /// <summary><paramref name="a"/> <paramref name="sign"/> <paramref name="b"/>, of numbers.</summary>
    public static object Apply(JinjaRun run, string sign, object a, object b)
    {
        if (!IsNumber(a) || !IsNumber(b)) throw run.Error($"{JinjaValue.Kind(a)} {sign} {JinjaValue.Kind(b)} is not defined");
        if (sign is "/" or "//" or "%" && Real(b) == 0) throw run.Error("division by zero");
        if (sign == "**" && Real(a) == 0 && Real(b) < 0) throw run.Error("division by zero");
        if (Whole(a) is not { } x || Whole(b) is not { } y) return Reals(run, sign, Real(a), Real(b));
        try
        {
            return checked(sign switch
            {
                "+" => x + y,
                "-" => x - y,
                "*" => x * y,
                "//" => x / y - (x % y != 0 && (x < 0) != (y < 0) ? 1 : 0),
                "%" => y == -1 ? 0 : x % y != 0 && (x < 0) != (y < 0) ? x % y + y : x % y,
                "**" when y >= 0 => Power(x, y),
                _ => (object)Reals(run, sign, x, y),
            });
        }
        catch (OverflowException)
        {
            throw run.Error($"{x} {sign} {y} is too large a number");
        }
    }

    /// <summary><c>-value</c></summary>
    public static object Negate(JinjaRun run, object value) => value switch
    {
        double real => (object)-real,
        _ when Whole(value) is { } whole && whole != long.MinValue => -whole,
        _ => throw run.Error($"{JinjaValue.Kind(value)} has no negative"),
    };

    /// <summary>A real number as a whole one, cut towards zero.</summary>
    public static long? Truncate(double real) => Math.Abs(real) < 9.2e18 ? (long)real : null;

    /// <summary>Python's <c>round(real, digits)</c>: to the nearest decimal, halves to even.</summary>
    public static double Round(double real, int digits)
    {
        if (!double.IsFinite(real) || digits > 300) return real;
        if (digits < 0)
        {
            double unit = Math.Pow(10, -digits);
            return Math.Round(real / unit, MidpointRounding.ToEven) * unit;
        }
        double scale = Math.Pow(10, digits);
        double half = Math.Floor(real * scale) + 0.5;
        // Exactly half way, and not just after the product was rounded.
        if (Math.FusedMultiplyAdd(real, scale, -half) == 0) return Math.Round(half, MidpointRounding.ToEven) / scale;
        return double.Parse(real.ToString("F" + digits));
    }

    private static double Reals(JinjaRun run, string sign, double a, double b)
    {
        double result = sign switch
        {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            "//" => FloorDivide(a, b),
            "%" => Modulo(a, b),
            _ => Math.Pow(a, b),
        };
        if (sign == "**" && !double.IsFinite(result) && double.IsFinite(a) && double.IsFinite(b))
            throw run.Error("the power is too large, or no real number");
        return result;
    }

    private static double Modulo(double a, double b)
    {
        double rest = a % b;
        if (rest == 0) return Math.CopySign(0, b);
        return rest < 0 != b < 0 ? rest + b : rest;
    }

    private static double FloorDivide(double a, double b)
    {
        double rest = a % b;
        double quotient = (a - rest) / b;
        if (rest != 0 && rest < 0 != b < 0) quotient -= 1;
        if (quotient == 0) return Math.CopySign(0, a / b);
        double floor = Math.Floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    private static long Power(long x, long y)
    {
        if (x is 0 or 1) return y == 0 ? 1 : x;
        if (x == -1) return y % 2 == 0 ? 1 : -1;
        if (y > 63) throw new OverflowException();
        long result = 1;
        for (long i = 0; i < y; i++) result = checked(result * x);
        return result;
    }
}
