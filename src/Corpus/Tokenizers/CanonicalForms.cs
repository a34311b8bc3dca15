using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>
/// The normalization form C of Unicode (UAX 15). The programs run without the culture data of the system, and without it .NET leaves texts
/// as they are.
/// </summary>
internal static partial class CanonicalForms
{
    // Everything below is composed, combines with nothing before it, and stays as it is.
    private const char FirstThatMatters = '\u0300';
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Trails = 28;
    private static readonly Dictionary<int, (int First, int Second)> Apart = [];
    private static readonly Dictionary<(int First, int Second), int> Together = [];
    private static readonly Dictionary<int, byte> ClassOf = [];

    static CanonicalForms()
    {
        for (int i = 0; i < Decompositions.Length; i += 4)
        {
            Apart.Add(Decompositions[i], (Decompositions[i + 1], Decompositions[i + 2]));
            if (Decompositions[i + 3] == 1) Together.Add((Decompositions[i + 1], Decompositions[i + 2]), Decompositions[i]);
        }
        for (int i = 0; i < Classes.Length; i += 3)
            for (int c = Classes[i]; c <= Classes[i + 1]; c++) ClassOf.Add(c, (byte)Classes[i + 2]);
    }

    /// <summary>The text in form C.</summary>
    /// <param name="text">A text whose surrogates are all in pairs.</param>
    public static string Compose(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange(FirstThatMatters, char.MaxValue)) return text;
        var codes = new List<(int Code, byte Class)>(text.Length);
        foreach (Rune rune in text.EnumerateRunes()) TakeApart(rune.Value, codes);
        Order(codes);
        Join(codes);
        var composed = new StringBuilder(codes.Count);
        foreach ((int code, _) in codes) composed.Append(new Rune(code));
        return composed.ToString();
    }

    private static void TakeApart(int code, List<(int Code, byte Class)> codes)
    {
        int syllable = code - SyllableBase;
        if (syllable is >= 0 and < Leads * Vowels * Trails)
        {
            codes.Add((LeadBase + syllable / (Vowels * Trails), 0));
            codes.Add((VowelBase + syllable % (Vowels * Trails) / Trails, 0));
            if (syllable % Trails > 0) codes.Add((TrailBase + syllable % Trails, 0));
        }
        else if (Apart.TryGetValue(code, out (int First, int Second) pair))
        {
            // At most a few deep.
            TakeApart(pair.First, codes);
            if (pair.Second > 0) TakeApart(pair.Second, codes);
        }
        else codes.Add((code, ClassOf.GetValueOrDefault(code)));
    }

    // Marks behind a letter, by their class; equal classes as they came.
    private static void Order(List<(int Code, byte Class)> codes)
    {
        for (int from = 0; from < codes.Count; from++)
        {
            if (codes[from].Class == 0) continue;
            int to = from;
            while (to < codes.Count && codes[to].Class > 0) to++;
            if (to - from > 1)
            {
                List<(int Code, byte Class)> marks = [.. codes[from..to].OrderBy(m => m.Class)];
                for (int i = from; i < to; i++) codes[i] = marks[i - from];
            }
            from = to;
        }
    }

    private static void Join(List<(int Code, byte Class)> codes)
    {
        int starter = -1, kept = 0, last = -1;
        foreach ((int code, byte kind) in codes.ToArray())
        {
            // A mark is blocked by one of its class or above between it and the letter.
            if (starter >= 0 && last < kind && TryJoin(codes[starter].Code, code, out int joint))
            {
                codes[starter] = (joint, 0);
                continue;
            }
            if (kind == 0) (starter, last) = (kept, -1);
            else last = kind;
            codes[kept++] = (code, kind);
        }
        codes.RemoveRange(kept, codes.Count - kept);
    }

    private static bool TryJoin(int first, int second, out int joint)
    {
        int lead = first - LeadBase, vowel = second - VowelBase, syllable = first - SyllableBase, trail = second - TrailBase;
        if (lead is >= 0 and < Leads && vowel is >= 0 and < Vowels)
        {
            joint = SyllableBase + (lead * Vowels + vowel) * Trails;
            return true;
        }
        if (syllable is >= 0 and < Leads * Vowels * Trails && syllable % Trails == 0 && trail is > 0 and < Trails)
        {
            joint = first + trail;
            return true;
        }
        return Together.TryGetValue((first, second), out joint);
    }
}
