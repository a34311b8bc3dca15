using PersonaSelection.Corpus;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>Some requests that one thread draws together: a pass over the prompts, then one pass per token.</summary>
internal sealed unsafe class GenerationChunk : IDisposable
{
    private readonly PackedDecoder _decoder;
    private readonly Interventions? _edits;
    private readonly GenerationOptions _options;
    private readonly TokenSampler _sampler;
    private readonly GenerationSequence[] _sequences;
    private readonly int[] _promptOf;
    private readonly List<int[]> _prompts = [];
    private readonly InferenceBatch _batch = new();
    private readonly InferenceWorkspace _space = new();
    private readonly FloatBuffer _cache;
    private readonly CachedRows[] _promptRows, _ownRows;

    public GenerationChunk(PackedDecoder decoder, ITokenizer tokenizer, Interventions? edits, GenerationOptions options,
        Action<int, string>? onText, int firstIndex, GenerationRequest[] requests)
    {
        DecoderConfig c = decoder.Config;
        (_decoder, _edits, _options) = (decoder, edits, options);
        _sampler = new TokenSampler(options, c.VocabularySize);
        _sequences = new GenerationSequence[requests.Length];
        _promptOf = new int[requests.Length];
        long rows = 0;
        for (int i = 0; i < requests.Length; i++)
        {
            int[] prompt = requests[i].Prompt;
            int known = _prompts.FindIndex(p => p.AsSpan().SequenceEqual(prompt));
            _promptOf[i] = known >= 0 ? known : _prompts.Count;
            if (known < 0)
            {
                _prompts.Add(prompt);
                rows += prompt.Length;
            }
            int room = Math.Min(options.MaxTokens, c.ContextLength - prompt.Length);
            int index = firstIndex + i;
            _sequences[i] = new GenerationSequence(tokenizer, options, room, RngStream.Root(requests[i].Seed).Child("generate"),
                onText is null ? null : text => onText(index, text));
            rows += room;
        }
        int width = decoder.CacheWidth;
        _cache = new FloatBuffer(rows * width * c.Layers);
        float* next = _cache.Pointer;
        CachedRows Take(int length)
        {
            var taken = new CachedRows(next, length, (long)length * width);
            next += (long)length * width * c.Layers;
            return taken;
        }
        _promptRows = [.. _prompts.Select(p => Take(p.Length))];
        _ownRows = [.. _sequences.Select(s => Take(s.Room))];
    }

    public GeneratedText[] Run(CancellationToken cancellation)
    {
        ReadPrompts(cancellation);
        var active = Enumerable.Range(0, _sequences.Length).Where(i => !_sequences[i].Ended).ToList();
        Span<int> token = stackalloc int[1];
        while (active.Count > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            _batch.Clear();
            foreach (int i in active)
            {
                int seen = _sequences[i].Tokens.Count - 1;
                token[0] = _sequences[i].Tokens[seen];
                _batch.AddHeadRow(_batch.Add(token, _promptRows[_promptOf[i]], _ownRows[i].Slice(0, seen, _decoder.CacheWidth),
                    _ownRows[i].Slice(seen, 1, _decoder.CacheWidth)));
            }
            _decoder.Forward(_batch, _space, _edits);
            for (int k = 0; k < active.Count; k++) Draw(active[k], k);
            active.RemoveAll(i => _sequences[i].Ended);
        }
        return [.. _sequences.Select(s => s.Result())];
    }

    public void Dispose()
    {
        _cache.Dispose();
        _space.Dispose();
    }

    private void ReadPrompts(CancellationToken cancellation)
    {
        for (int p = 0; p < _prompts.Count; p++)
        {
            cancellation.ThrowIfCancellationRequested();
            _batch.Clear();
            int first = _batch.Add(_prompts[p], default, default, _promptRows[p]);
            _batch.AddHeadRow(first + _prompts[p].Length - 1);
            _decoder.Forward(_batch, _space, _edits);
            for (int i = 0; i < _sequences.Length; i++)
                if (_promptOf[i] == p) Draw(i, 0);
        }
    }

    private void Draw(int sequence, int headRow)
    {
        int v = _decoder.Config.VocabularySize;
        GenerationSequence s = _sequences[sequence];
        s.Add(_sampler.Draw(new ReadOnlySpan<float>(_space.Logits + (long)headRow * v, v), s.Rng));
    }
}
