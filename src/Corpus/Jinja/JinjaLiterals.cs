using System.Globalization;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>What a text in quotes and a number stand for.</summary>
internal static class JinjaLiterals
{
    /// <summary>The content of a text, its escapes resolved as Python's; an escape that is none stays as it is.</summary>
    public static string Text(string written, Func<string, FormatException> fail)
    {
        if (!written.Contains('\\')) return written;
        var text = new StringBuilder(written.Length);
        for (int i = 0; i < written.Length; i++)
        {
            if (written[i] != '\\')
            {
                text.Append(written[i]);
                continue;
            }
            char kind = written[++i];
            switch (kind)
            {
                case '\n': break;
                case '\\' or '\'' or '"': text.Append(kind); break;
                case 'x': Point(2); break;
                case 'u': Point(4); break;
                case 'U': Point(8); break;
                case >= '0' and <= '7':
                    int length = 1;
                    while (length < 3 && i + length < written.Length && written[i + length] is >= '0' and <= '7') length++;
                    text.Append((char)Convert.ToInt32(written.Substring(i, length), 8));
                    i += length - 1;
                    break;
                case 'N': throw fail("characters by name (\\N) are not understood");
                default:
                    int known = "abfnrtv".IndexOf(kind);
                    if (known < 0) text.Append('\\').Append(kind);
                    else text.Append("\a\b\f\n\r\t\v"[known]);
                    break;
            }

            void Point(int digits)
            {
                if (i + digits >= written.Length
                    || !uint.TryParse(written.AsSpan(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                        out uint point)
                    || point > 0x10ffff)
                {
                    throw fail($"the escape \\{kind} is not whole");
                }
                i += digits;
                if (point < 0x10000) text.Append((char)point);
                else text.Append(char.ConvertFromUtf32((int)point));
            }
        }
        return text.ToString();
    }

    /// <summary>Where the number that begins at <paramref name="at"/> ends.</summary>
    public static int NumberEnd(string source, int at, bool real)
    {
        if (source[at] == '0' && at + 2 < source.Length && "xXoObB".Contains(source[at + 1]))
        {
            int end = at + 2;
            while (end < source.Length && (char.IsAsciiHexDigit(source[end]) || source[end] == '_')) end++;
            return end;
        }
        int whole = Digits(source, at);
        if (!real) return whole;
        int fraction = At(source, whole) == '.' && char.IsAsciiDigit(At(source, whole + 1)) ? Digits(source, whole + 1) : whole;
        if (At(source, fraction) is not ('e' or 'E')) return fraction;
        int exponent = At(source, fraction + 1) is '+' or '-' ? fraction + 2 : fraction + 1;
        return char.IsAsciiDigit(At(source, exponent)) ? Digits(source, exponent) : fraction;
    }

    /// <summary>A <see cref="long"/> or a <see cref="double"/>; null for a whole number that is too large.</summary>
    public static object? Number(string digits)
    {
        string plain = digits.Replace("_", "", StringComparison.Ordinal);
        if (plain.Length > 2 && char.IsAsciiLetter(plain[1]) && plain[1] is not ('e' or 'E'))
        {
            int radix = char.ToLowerInvariant(plain[1]) switch { 'x' => 16, 'o' => 8, _ => 2 };
            try
            {
                long value = Convert.ToInt64(plain[2..], radix);
                return value < 0 ? null : value;
            }
            catch (Exception e) when (e is OverflowException or FormatException)
            {
                return null;
            }
        }
        if (plain.AsSpan().ContainsAny('.', 'e', 'E')) return double.Parse(plain, NumberStyles.Float, CultureInfo.InvariantCulture);
        return long.TryParse(plain, NumberStyles.None, CultureInfo.InvariantCulture, out long whole) ? whole : null;
    }

    private static char At(string source, int index) => index < source.Length ? source[index] : '\0';

    private static int Digits(string source, int at)
    {
        while (char.IsAsciiDigit(At(source, at)) || (At(source, at) == '_' && char.IsAsciiDigit(At(source, at + 1)))) at++;
        return at;
    }
}
