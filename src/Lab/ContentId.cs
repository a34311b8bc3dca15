using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace PersonaSelection.Lab;

/// <summary>
/// The name of a computed thing: its kind and the first 16 hexadecimal digits of the SHA-256 of everything it depends on.
/// Equal ids mean equal content; the digits do not depend on the machine, the culture or the number of threads.
/// </summary>
public readonly record struct ContentId(string Kind, string Digits)
{
    /// <summary>The id of a thing of <paramref name="kind"/> that depends on <paramref name="parts"/>, in this order.</summary>
    /// <param name="kind">What the thing is, such as <c>corpus</c>.</param>
    /// <param name="parts">
    /// Strings, numbers, ids, records of these or arrays of doubles; <see langword="null"/> counts as a part of its own.
    /// </param>
    /// <exception cref="ArgumentException">A part is another collection: its text would be the name of its type, the same
    /// for any content.</exception>
    public static ContentId Of(string kind, params object?[] parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, kind);
        foreach (object? part in parts)
            Append(hash, part);
        return new ContentId(kind, Convert.ToHexStringLower(hash.GetHashAndReset())[..16]);
    }

    /// <summary>The id of the bytes of a file.</summary>
    public static ContentId OfFile(string kind, string path)
    {
        using FileStream stream = File.OpenRead(path);
        return new ContentId(kind, Convert.ToHexStringLower(SHA256.HashData(stream))[..16]);
    }

    /// <summary>A provenance as parts: <c>key=value</c>, in order of the keys.</summary>
    public static IEnumerable<string> Parts(IReadOnlyDictionary<string, string> provenance) =>
        provenance.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}");

    /// <summary>The text of a record, the same in every culture: it writes its numbers as the culture at hand does.</summary>
    public static string TextOf(object record)
    {
        CultureInfo here = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
            return record.ToString() ?? "";
        }
        finally
        {
            CultureInfo.CurrentCulture = here;
        }
    }

    /// <summary><c>kind-digits</c>.</summary>
    public override string ToString() => $"{Kind}-{Digits}";

    private static void Append(IncrementalHash hash, object? part)
    {
        if (part is double[] numbers)
        {
            Append(hash, $"[{numbers.Length}]");
            hash.AppendData(MemoryMarshal.AsBytes(numbers.AsSpan()));
            return;
        }
        string text = part switch
        {
            null => "\u0000",
            System.Collections.IEnumerable and not string =>
                throw new ArgumentException($"Spread the {part.GetType().Name} into parts.", nameof(part)),
            IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
            _ => TextOf(part),
        };
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }
}
