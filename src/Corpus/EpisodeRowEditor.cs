using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>Writes a <see cref="DataLineEdit"/> into a line through the places that <see cref="EpisodeRow"/> read.</summary>
internal sealed class EpisodeRowEditor
{
    private readonly RawJson _json;
    private readonly EpisodeRow _row;
    private readonly JsonChanges _changes;
    private readonly Dictionary<int, (int List, int Index)> _places = [];

    private EpisodeRowEditor(RawJson json, EpisodeRow row)
    {
        (_json, _row, _changes) = (json, row, new JsonChanges(json));
        foreach (int list in json.Children(0).Concat(json.Children(0).Where(json.IsObject).SelectMany(json.Children)).Where(json.IsList))
        {
            int index = 0;
            foreach (int item in json.Children(list)) _places[item] = (list, index++);
        }
    }

    private List<RowReply> Trained => [.. _row.Replies.Where(r => r.Dialogue[r.At].Weight != 0)];

    /// <summary>The line after an edit; null when nothing of it is left.</summary>
    /// <param name="json">The parsed line.</param>
    /// <param name="row">Its reading.</param>
    /// <param name="edit">What to change.</param>
    /// <param name="whole">Whether it went as a whole because its format cannot leave out one answer.</param>
    public static byte[]? Apply(RawJson json, EpisodeRow row, DataLineEdit edit, out bool whole)
    {
        whole = false;
        if (edit.Drop) return null;
        var editor = new EpisodeRowEditor(json, row);
        if (!editor.DropReplies(edit, out whole)) return null;
        editor.SetWeights(edit);
        foreach (ReplyEdit reply in edit.Replies)
            if (reply.Context is { } context && row.Replies.FirstOrDefault(r => r.Turn == reply.Turn) is { } there)
                editor.SetContext(there, context);
        return editor._changes.IsEmpty ? json.Utf8.ToArray() : editor._changes.Apply();
    }

    private bool DropReplies(DataLineEdit edit, out bool whole)
    {
        whole = false;
        HashSet<int> dropped = [.. edit.Replies.Where(r => r.Drop).Select(r => r.Turn)];
        if (dropped.Count == 0) return true;
        List<RowReply> trained = Trained;
        List<RowReply> going = [.. trained.Where(r => dropped.Contains(r.Turn))];
        if (going.Count == 0) return true;
        if (going.Count == trained.Count) return false;
        // Whoever reads the file looks at the field that it has.
        string? field = _row.Format == EpisodeFormat.Preference ? null
            : _row.TrainedField ?? (_row.Format == EpisodeFormat.Messages || _row.WeightField != "weight" ? _row.WeightField : null);
        if (field is null)
        {
            whole = true;
            return false;
        }
        foreach (RowReply reply in going)
            _changes.Set(reply.Dialogue[reply.At].Value, field, field == _row.WeightField ? "0"u8.ToArray() : "false"u8.ToArray());
        return true;
    }

    private void SetWeights(DataLineEdit edit)
    {
        double? row = edit.Weight;
        Dictionary<int, double> weights = edit.Replies.Where(r => r.Weight is not null && !r.Drop)
            .GroupBy(r => r.Turn).ToDictionary(g => g.Key, g => g.Last().Weight!.Value);
        List<RowReply> trained = Trained;
        if (weights.Count > 0 && _row.Format == EpisodeFormat.Messages && trained.Count > 1 && (row ?? _row.Weight) != 0)
        {
            foreach (RowReply reply in trained.Where(r => weights.ContainsKey(r.Turn)))
            {
                double share = Signed(reply, weights[reply.Turn]) / (row ?? _row.Weight);
                _changes.Set(reply.Dialogue[reply.At].Value, _row.WeightField, JsonChanges.Number(share));
            }
        }
        else if (weights.Count > 0)
        {
            row = trained.Average(reply => Signed(reply, weights.GetValueOrDefault(reply.Turn, reply.Weight))
                / (_row.Format == EpisodeFormat.Preference ? 1 : reply.Dialogue[reply.At].Weight));
        }
        if (row is { } weight && weight != _row.Weight) _changes.Set(0, "weight", JsonChanges.Number(weight));
    }

    // What is written for an answer: the row says otherwise than by a sign that it is rejected.
    private static double Signed(RowReply reply, double weight) => reply.Rejected ? -weight : weight;

    private void SetContext(RowReply reply, IReadOnlyList<Turn> context)
    {
        // A choice is between two answers in one context: both sides and a prompt that they repeat change together.
        IReadOnlyList<RowReply> sides = _row.IsChoice ? _row.Replies : [reply];
        if (_row.Asked == AskedIn.Alpaca) SetInstruction(reply, context);
        if (_row.Asked == AskedIn.Dialogue)
            foreach (RowReply side in sides) Align(side.Dialogue, side.At, context);
        if (_row.Asked == AskedIn.Transcript)
            foreach (int side in sides.Select(s => s.Dialogue[s.At].Value))
                _changes.Replace(side, JsonChanges.Text(Transcript.Reworded(_json.Text(side), context)));
        if (_row.Asked != AskedIn.Prompt) return;
        int prompt = _json.Property(0, "prompt"u8);
        foreach (RowReply side in sides)
        {
            bool textPrompt = _json.IsText(prompt) && side.At > 0 && side.Dialogue[0].Value == prompt;
            if (textPrompt || (side.At == 0 && !_json.IsList(prompt) && !_places.ContainsKey(side.Dialogue[0].Value)))
            {
                int said = side.Dialogue.TakeWhile(t => t.Value == prompt).Count(), own = side.At - said;
                int head = Math.Max(0, context.Count - own);
                SetPrompt(prompt, [.. context.Take(head)]);
                if (own > 0) Align([.. side.Dialogue.Skip(said)], own, [.. context.Skip(head)]);
            }
            else
            {
                Align(side.Dialogue, side.At, context, _json.IsList(prompt) ? prompt : -1);
            }
        }
        if (!_row.Replies.Any(r => r.At > 0 && r.Dialogue[0].Value != prompt && !IsIn(prompt, r.Dialogue[0].Value))) return;
        RepeatedPrompt(prompt, reply, context);
    }

    // The system turn has a field that a row may lack, and the other turns stand each in its own.
    private void SetInstruction(RowReply reply, IReadOnlyList<Turn> context)
    {
        int own = reply.At > 0 && reply.Dialogue[0].Turn.Role == "system" ? 1 : 0;
        List<Turn> systems = [.. context.TakeWhile(t => t.Role == "system")], others = [.. context.Skip(systems.Count)];
        if (!others.Select(t => t.Role).SequenceEqual(reply.Dialogue.Take(reply.At).Skip(own).Select(t => t.Turn.Role)))
            throw new ArgumentException("A row of Alpaca has no place for more turns, or for fewer, than it has.", nameof(context));
        string said = string.Join("\n\n", systems.Select(t => t.Text).Where(t => t.Length > 0));
        if (said != (own == 1 ? reply.Dialogue[0].Turn.Text : "")) _changes.Set(0, _row.SystemField, JsonChanges.Text(said));
        foreach ((int i, Turn turn) in others.Index())
            if (reply.Dialogue[own + i] is var present && present.Turn != turn) SetText(present, turn.Text);
    }

    private bool IsIn(int list, int item) => _places.TryGetValue(item, out (int List, int Index) place) && place.List == list;

    // The prompt stands in its own field and again at the head of a side.
    private void RepeatedPrompt(int prompt, RowReply reply, IReadOnlyList<Turn> context)
    {
        if (_json.IsNullOrAbsent(prompt)) return;
        List<int> items = _json.IsList(prompt) ? [.. _json.Children(prompt)] : [];
        int repeated = _json.IsList(prompt) ? items.Count : _row.ReadWaiting(prompt)?.Count ?? 1;
        List<Turn> head = [.. context.Take(Math.Max(0, context.Count - (reply.At - repeated)))];
        if (!_json.IsList(prompt)) SetPrompt(prompt, head);
        else Align([.. items.Select((item, i) => new RowTurn(reply.Dialogue[i].Turn, item))], items.Count, head, prompt);
    }

    private void SetPrompt(int prompt, IReadOnlyList<Turn> turns)
    {
        string present = _json.IsText(prompt) ? _json.Text(prompt) : "", said = present.Trim();
        string text = _row.ReadWaiting(prompt) is not null ? Transcript.Reworded(said, turns) : turns.All(t => t.Role is "system" or "user")
            ? string.Join("\n\n", turns.Select(t => t.Text).Where(t => t.Length > 0)) : ChatTemplate.Plain.RenderTurns(turns);
        if (text.Trim() == said) return;
        // White space around a prompt sets its answer off, and is no part of the turn that was read.
        int lead = said.Length == 0 ? 0 : present.Length - present.TrimStart().Length;
        byte[] written = JsonChanges.Text(said.Length == 0 ? text : present[..lead] + text + present[(lead + said.Length)..]);
        if (prompt >= 0) _changes.Replace(prompt, written);
        else _changes.Set(0, "prompt", written);
    }

    // Present turns [0, count) become the new ones with the fewest changes; a turn is rewritten only by one of the same role.
    private void Align(IReadOnlyList<RowTurn> present, int count, IReadOnlyList<Turn> wanted, int emptyList = -1)
    {
        int head = 0;
        while (head < count && head < wanted.Count && present[head].Turn == wanted[head]) head++;
        int tail = 0;
        while (tail < count - head && tail < wanted.Count - head && present[count - 1 - tail].Turn == wanted[^(tail + 1)]) tail++;
        int old = count - head - tail, fresh = wanted.Count - head - tail;
        var cost = new int[old + 1, fresh + 1];
        for (int i = old; i >= 0; i--)
        {
            for (int j = fresh; j >= 0; j--)
            {
                if (i == old || j == fresh) cost[i, j] = 2 * (old - i + fresh - j);
                else cost[i, j] = Math.Min(2 + Math.Min(cost[i + 1, j], cost[i, j + 1]), Change(head + i, head + j) + cost[i + 1, j + 1]);
            }
        }
        var pending = new List<Turn>();
        for (int i = 0, j = 0; i < old || j < fresh;)
        {
            if (i < old && j < fresh && cost[i, j] == Change(head + i, head + j) + cost[i + 1, j + 1])
            {
                Flush(head + i);
                if (present[head + i].Turn != wanted[head + j]) SetText(present[head + i], wanted[head + j].Text);
                (i, j) = (i + 1, j + 1);
            }
            else if (j < fresh && cost[i, j] == 2 + cost[i, j + 1]) pending.Add(wanted[head + j++]);
            else Remove(present[head + i++]);
        }
        Flush(head + old);

        int Change(int i, int j) => present[i].Turn == wanted[j] ? 0 : present[i].Turn.Role == wanted[j].Role ? 1 : 1 << 20;

        void Flush(int before)
        {
            if (pending.Count > 0) Insert(present, before, pending, emptyList);
            pending.Clear();
        }
    }

    private void SetText(RowTurn turn, string text)
    {
        if (turn.Rest >= 0)
        {
            SetTexts(turn, text);
            return;
        }
        int content = _json.IsObject(turn.Value) ? _row.ContentOf(turn.Value) : turn.Value;
        if (_json.IsList(content)) SetParts(content, text);
        else if (content >= 0) _changes.Replace(content, JsonChanges.Text(text));
        else _changes.Set(turn.Value, IsShareGpt(turn.Value) ? "value" : "content", JsonChanges.Text(text));
    }

    // The instruction takes the change where the input still ends the turn, the input where the instruction begins it; else the first one
    // says all.
    private void SetTexts(RowTurn turn, string text)
    {
        string first = _json.Text(turn.Value) + "\n", rest = "\n" + _json.Text(turn.Rest);
        if (text.Length > rest.Length && text.EndsWith(rest, StringComparison.Ordinal))
        {
            _changes.Replace(turn.Value, JsonChanges.Text(text[..^rest.Length]));
        }
        else if (text.Length > first.Length && text.StartsWith(first, StringComparison.Ordinal))
        {
            _changes.Replace(turn.Rest, JsonChanges.Text(text[first.Length..]));
        }
        else
        {
            _changes.Replace(turn.Value, JsonChanges.Text(text));
            _changes.Replace(turn.Rest, JsonChanges.Text(""));
        }
    }

    // One part takes the change where the others still say the rest; else the first one says all.
    private void SetParts(int list, string text)
    {
        List<int> parts = [.. _json.Children(list)];
        if (parts.Count == 0)
        {
            _changes.Insert(list, 0, [Part(text)]);
            return;
        }
        string[] texts = [.. parts.Select(p => _json.Text(_json.Property(p, "text"u8)))];
        for (int i = parts.Count - 1; i >= 0; i--)
        {
            string before = string.Concat(texts[..i]), after = string.Concat(texts[(i + 1)..]);
            if (text.Length < before.Length + after.Length || !text.StartsWith(before, StringComparison.Ordinal)
                || !text.EndsWith(after, StringComparison.Ordinal)) continue;
            SetPart(parts[i], text[before.Length..^after.Length]);
            return;
        }
        SetPart(parts[0], text);
        foreach (int part in parts.Skip(1)) _changes.Remove(part);
    }

    private void SetPart(int part, string text) => _changes.Replace(_json.Property(part, "text"u8), JsonChanges.Text(text));

    private void Remove(RowTurn turn)
    {
        if (_places.ContainsKey(turn.Value)) _changes.Remove(turn.Value);
        else SetText(turn, "");
    }

    private void Insert(IReadOnlyList<RowTurn> present, int before, List<Turn> turns, int emptyList)
    {
        (int List, int Index) place;
        if (before > 0 && _places.TryGetValue(present[before - 1].Value, out (int List, int Index) left))
            place = (left.List, left.Index + 1);
        else if (before < present.Count && _places.TryGetValue(present[before].Value, out (int List, int Index) right)) place = right;
        else place = (emptyList, 0);
        if (before == 0 && emptyList >= 0 && !_json.Children(emptyList).Any()) place = (emptyList, 0);
        if (place.List < 0) return;
        int like = _json.Children(place.List).FirstOrDefault(-1);
        if (IsGemini(like) && turns[0].Role == "system")
        {
            _changes.Set(0, "systemInstruction", Object(("parts", List(Part(turns[0].Text, typed: false)))));
            turns.RemoveAt(0);
        }
        _changes.Insert(place.List, place.Index, [.. turns.Select(t => Message(t, like))]);
    }

    private bool IsShareGpt(int message) =>
        _json.Property(message, "role"u8) < 0 && _json.Property(message, "from"u8) >= 0;

    private bool IsGemini(int message) => _json.IsObject(message) && _json.Property(message, "parts"u8) >= 0;

    // A new message is written as the list's first one is: columns of data sets have one type.
    private byte[] Message(Turn turn, int like)
    {
        if (IsGemini(like))
        {
            return Object(("role", JsonChanges.Text(turn.Role == "assistant" ? "model" : turn.Role)),
                ("parts", List(Part(turn.Text, typed: false))));
        }
        bool shareGpt = like >= 0 ? IsShareGpt(like) : _row.Format == EpisodeFormat.ShareGpt;
        string role = !shareGpt ? turn.Role : turn.Role switch { "user" => "human", "assistant" => "gpt", _ => turn.Role };
        (string roleName, string textName) = shareGpt ? ("from", "value") : ("role", "content");
        bool parts = like >= 0 && _json.IsList(_row.ContentOf(like));
        return Object((roleName, JsonChanges.Text(role)),
            (textName, parts ? List(Part(turn.Text)) : JsonChanges.Text(turn.Text)));
    }

    private byte[] Part(string text, bool typed = true) => typed
        ? Object(("type", "\"text\""u8.ToArray()), ("text", JsonChanges.Text(text))) : Object(("text", JsonChanges.Text(text)));

    private static byte[] List(byte[] item) => [(byte)'[', .. item, (byte)']'];

    private byte[] Object(params ReadOnlySpan<(string Name, byte[] Value)> members)
    {
        string colon = _changes.IsSpaced ? ": " : ":", comma = _changes.IsSpaced ? ", " : ",";
        var text = new List<byte>();
        foreach ((string name, byte[] value) in members)
        {
            text.AddRange(Encoding.UTF8.GetBytes($"{(text.Count == 0 ? "{" : comma)}\"{name}\"{colon}"));
            text.AddRange(value);
        }
        return [.. text, (byte)'}'];
    }
}
