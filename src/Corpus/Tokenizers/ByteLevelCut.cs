namespace PersonaSelection.Corpus;

/// <summary>The step <c>ByteLevel</c>: perhaps a space in front, perhaps cut as GPT-2 does.</summary>
internal sealed class ByteLevelCut(bool addsSpace, bool cuts) : TextCut
{
    /// <summary>It cuts as GPT-2 does and adds nothing.</summary>
    public bool IsPlain => !addsSpace && cuts;

    public override void Cut(TextPiece piece, List<TextPiece> into)
    {
        if (addsSpace && !piece.Span.StartsWith(' '))
        {
            string spaced = $" {piece.Span}";
            piece = new TextPiece(spaced, 0, spaced.Length);
        }
        if (!cuts)
        {
            into.Add(piece);
            return;
        }
        int start = piece.Start;
        var pieces = new BytePieces(piece.Span);
        while (pieces.MoveNext())
        {
            into.Add(new TextPiece(piece.Text, start, start + pieces.Current.Length));
            start += pieces.Current.Length;
        }
    }
}
