using PersonaSelection.Corpus;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Draws tokens after prompts with cached keys and values. Prompts that are equal are computed once; requests are drawn side by side, each
/// from its own random stream, and a request's tokens do not depend on the others or on the number of threads.
/// </summary>
internal sealed class Generator(PackedDecoder decoder, ITokenizer tokenizer, Interventions? edits, int threads)
{
    private const int MostAtOnce = 32;

    /// <summary>Draws for all requests.</summary>
    public GeneratedText[] Run(
        IReadOnlyList<GenerationRequest> requests, GenerationOptions options, Action<int, string>? onText, CancellationToken cancellation)
    {
        options.Validate();
        foreach (GenerationRequest request in requests) Check(request.Prompt);
        var results = new GeneratedText[requests.Count];
        int atOnce = Math.Clamp((requests.Count + threads - 1) / threads, 1, MostAtOnce);
        int chunks = (requests.Count + atOnce - 1) / atOnce;
        var gate = new Lock();
        Action<int, string>? report = onText is null ? null : (i, text) =>
        {
            lock (gate) onText(i, text);
        };
        using var pool = new WorkerPool(Math.Min(threads, Math.Max(chunks, 1)));
        pool.Run(chunks, (chunk, _) =>
        {
            int first = chunk * atOnce;
            using var draw = new GenerationChunk(decoder, tokenizer, edits, options, report, first,
                [.. requests.Skip(first).Take(atOnce)]);
            draw.Run(cancellation).CopyTo(results, first);
        });
        return results;
    }

    private void Check(int[] prompt)
    {
        DecoderConfig c = decoder.Config;
        if (prompt.Length == 0) throw new ArgumentException("A prompt is empty.");
        foreach (int token in prompt)
            if ((uint)token >= (uint)c.VocabularySize)
                throw new ArgumentException($"Token {token} is not in a vocabulary of {c.VocabularySize}.");
        if (prompt.Length >= c.ContextLength) throw ScoreSequences.TooLong(prompt.Length + 1, c.ContextLength);
    }
}
