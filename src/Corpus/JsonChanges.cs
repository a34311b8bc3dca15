using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace PersonaSelection.Corpus;

/// <summary>Changes to a <see cref="RawJson"/> that leave every other byte as it is.</summary>
internal sealed class JsonChanges(RawJson json)
{
    private static readonly JavaScriptEncoder Relaxed = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
    private readonly Dictionary<int, byte[]> _replaced = [];
    private readonly Dictionary<int, List<(string Name, byte[] Text)>> _members = [];
    private readonly Dictionary<(int List, int Index), IReadOnlyList<byte[]>> _inserted = [];
    private readonly HashSet<int> _removed = [];

    /// <summary>Whether nothing was changed.</summary>
    public bool IsEmpty => _replaced.Count + _members.Count + _inserted.Count + _removed.Count == 0;

    /// <summary>Whether the text puts a space after its colons, as Python does.</summary>
    public bool IsSpaced => json.Children(0).FirstOrDefault(-1) is var first and >= 0 && json.Utf8.Span[json.Start(first) - 1] == (byte)' ';

    /// <summary>A text as JSON, with every character as itself that a line can hold.</summary>
    public static byte[] Text(string text)
    {
        // The encoder would escape what takes two surrogates, as emoji do.
        var json = new StringBuilder("\"");
        int from = 0;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            if (!char.IsSurrogatePair(text[i], text[i + 1])) continue;
            json.Append(Relaxed.Encode(text[from..i])).Append(text, i++, 2);
            from = i + 1;
        }
        return Encoding.UTF8.GetBytes(json.Append(Relaxed.Encode(text[from..])).Append('"').ToString());
    }

    /// <summary>A number as JSON.</summary>
    public static byte[] Number(double value) => Encoding.UTF8.GetBytes(value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>Puts another value in the place of one.</summary>
    public void Replace(int value, byte[] text) => _replaced[value] = text;

    /// <summary>Gives a member of an object a value: in its place, or after the others.</summary>
    public void Set(int parent, string name, byte[] text)
    {
        int present = json.Property(parent, Encoding.UTF8.GetBytes(name));
        if (present >= 0)
        {
            Replace(present, text);
            return;
        }
        if (!_members.TryGetValue(parent, out List<(string Name, byte[] Text)>? members)) _members[parent] = members = [];
        members.RemoveAll(m => m.Name == name);
        members.Add((name, text));
    }

    /// <summary>
    /// Inserts items into a list before its item of that index; its count of items is the end. The last call for a place holds.
    /// </summary>
    public void Insert(int list, int index, IReadOnlyList<byte[]> items) => _inserted[(list, index)] = items;

    /// <summary>Removes an item of a list.</summary>
    public void Remove(int item) => _removed.Add(item);

    /// <summary>The text with all changes.</summary>
    public byte[] Apply()
    {
        var text = new MemoryStream(json.Utf8.Length + 256);
        text.Write(json.Utf8.Span[..json.Start(0)]);
        Write(text, 0);
        text.Write(json.Utf8.Span[json.End(0)..]);
        return text.ToArray();
    }

    private void Write(MemoryStream text, int value)
    {
        if (_replaced.TryGetValue(value, out byte[]? replaced)) text.Write(replaced);
        else if (json.IsList(value)) WriteList(text, value);
        else
        {
            int at = json.Start(value);
            foreach (int child in json.IsObject(value) ? json.Children(value) : [])
            {
                text.Write(json.Utf8.Span[at..json.Start(child)]);
                Write(text, child);
                at = json.End(child);
            }
            bool first = at == json.Start(value);
            if (_members.TryGetValue(value, out List<(string Name, byte[] Text)>? members))
            {
                if (first) text.WriteByte(json.Utf8.Span[at++]);
                foreach ((string name, byte[] member) in members)
                {
                    if (!first) text.Write(IsSpaced ? ", "u8 : ","u8);
                    first = false;
                    text.Write(Text(name));
                    text.Write(IsSpaced ? ": "u8 : ":"u8);
                    text.Write(member);
                }
            }
            text.Write(json.Utf8.Span[at..json.End(value)]);
        }
    }

    private void WriteList(MemoryStream text, int list)
    {
        List<int> items = [.. json.Children(list)];
        ReadOnlySpan<byte> raw = json.Utf8.Span;
        if (items.Count == 0 && !_inserted.ContainsKey((list, 0)))
        {
            text.Write(raw[json.Start(list)..json.End(list)]);
            return;
        }
        int written = 0, last = -1;
        text.Write(items.Count == 0 ? "["u8 : raw[json.Start(list)..json.Start(items[0])]);
        for (int i = 0; i <= items.Count; i++)
        {
            foreach (byte[] item in _inserted.GetValueOrDefault((list, i)) ?? [])
            {
                if (written++ > 0) text.Write(IsSpaced ? ", "u8 : ","u8);
                text.Write(item);
                last = -1;
            }
            if (i == items.Count || _removed.Contains(items[i])) continue;
            // Between two items that stay neighbours stands what stood there.
            if (written++ > 0)
                text.Write(last == i - 1 && last >= 0 ? raw[json.End(items[last])..json.Start(items[i])] : IsSpaced ? ", "u8 : ","u8);
            Write(text, items[i]);
            last = i;
        }
        text.Write(items.Count == 0 ? "]"u8 : raw[json.End(items[^1])..json.End(list)]);
    }
}
