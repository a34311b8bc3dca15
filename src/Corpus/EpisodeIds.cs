namespace PersonaSelection.Corpus;

/// <summary>
/// Tells whether an id was met before, in bounded memory: exactly for the first million ids, and beyond in a Bloom filter of 64 MiB, which
/// may take a new id for a known one (one in a million at ten million ids) and never a known one for new.
/// </summary>
internal sealed class EpisodeIds
{
    private const int MostExact = 1 << 20;
    private const int FilterBits = 1 << 29;
    private const int Probes = 6;
    private HashSet<(ulong, ulong)>? _exact = [];
    private ulong[] _filter = [];

    /// <summary>Whether an id was added before.</summary>
    public bool Contains(string id)
    {
        (ulong, ulong) hash = Hash(id);
        return _exact?.Contains(hash) ?? InFilter(hash, add: false);
    }

    /// <summary>Adds an id.</summary>
    public void Add(string id)
    {
        (ulong, ulong) hash = Hash(id);
        if (_exact is null)
        {
            InFilter(hash, add: true);
            return;
        }
        _exact.Add(hash);
        if (_exact.Count < MostExact) return;
        _filter = new ulong[FilterBits / 64];
        foreach ((ulong, ulong) known in _exact) InFilter(known, add: true);
        _exact = null;
    }

    private bool InFilter((ulong First, ulong Second) hash, bool add)
    {
        bool all = true;
        for (int probe = 0; probe < Probes; probe++)
        {
            int bit = (int)((hash.First + (ulong)probe * (hash.Second | 1)) % FilterBits);
            ulong mask = 1UL << (bit & 63);
            all &= (_filter[bit >> 6] & mask) != 0;
            if (add) _filter[bit >> 6] |= mask;
        }
        return all;
    }

    // FNV-1a over 16-bit characters, mixed: the same for every run, which HashCode is not.
    private static (ulong, ulong) Hash(string id)
    {
        ulong first = 0xcbf29ce484222325, second = 0x9e3779b97f4a7c15;
        foreach (char c in id)
        {
            first = (first ^ c) * 0x100000001b3;
            second = (second + c) * 0xff51afd7ed558ccd;
            second ^= second >> 29;
        }
        return (Mix(first), Mix(second ^ (ulong)id.Length));
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 33)) * 0xff51afd7ed558ccd;
        x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53;
        return x ^ (x >> 33);
    }
}
