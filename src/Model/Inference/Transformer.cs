using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>
/// A trained decoder with its tokenizer and chat template: what is scored, sampled, saved and loaded. The weights are packed for inference
/// on first use and must not change after that; to follow a training run, make a new one.
/// </summary>
public sealed class Transformer : ILanguageModel, IDisposable
{
    private readonly Lazy<PackedDecoder> _decoder;
    private readonly Lazy<PackedProjections> _transposes;
    private readonly Lazy<string> _id;
    private readonly HeldWeights _weights;
    private readonly Interventions? _edits;
    private readonly bool _owner = true;

    /// <summary>Puts a model together.</summary>
    /// <param name="weights">The weights; still the caller's to dispose of, and not before this.</param>
    /// <param name="tokenizer">A tokenizer of the same vocabulary size.</param>
    /// <param name="template">How turns become text; the plain template when null.</param>
    /// <param name="threads">Threads that may work at once; 0 for one per processor. Results do not depend on it.</param>
    /// <exception cref="ArgumentException">The vocabularies have different sizes.</exception>
    public Transformer(DecoderWeights weights, ITokenizer tokenizer, ChatTemplate? template = null, int threads = 0)
        : this(new HeldWeights(weights), tokenizer, template, threads)
    {
    }

    internal Transformer(HeldWeights held, ITokenizer tokenizer, ChatTemplate? template, int threads)
    {
        DecoderWeights weights = held.Unpacked;
        if (tokenizer.VocabularySize != weights.Config.VocabularySize)
        {
            throw new ArgumentException(
                $"The tokenizer has {tokenizer.VocabularySize} ids and the weights have {weights.Config.VocabularySize}.",
                    nameof(tokenizer));
        }
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        (_weights, Tokenizer, Template) = (held, tokenizer, template ?? ChatTemplate.Plain);
        Threads = threads == 0 ? Environment.ProcessorCount : threads;
        _decoder = new Lazy<PackedDecoder>(() => new PackedDecoder(held, Threads));
        _transposes = new Lazy<PackedProjections>(() => held.Pack(PackedProjections.Backward(Config), Threads));
        _id = new Lazy<string>(() => ContentId.Of("model", held.Id, tokenizer.Id, Template.Name).ToString());
    }

    /// <summary>A model that disposes of its weights with itself.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="tokenizer">A tokenizer of the same vocabulary size.</param>
    /// <param name="template">How turns become text; the plain template when null.</param>
    /// <param name="threads">Threads that may work at once; 0 for one per processor.</param>
    public static Transformer Owning(DecoderWeights weights, ITokenizer tokenizer, ChatTemplate? template = null, int threads = 0) =>
        new(weights, tokenizer, template, threads) { OwnsWeights = true };

    private Transformer(Transformer of, Interventions edits)
    {
        (_weights, Tokenizer, Template, Threads) = (of._weights, of.Tokenizer, of.Template, of.Threads);
        (_decoder, _transposes, _owner) = (of._decoder, of._transposes, false);
        _edits = of._edits is { } own ? Interventions.Joined(own, edits) : new Interventions(edits);
        _id = new Lazy<string>(() => ContentId.Of("model", of.Id, edits.Id()).ToString());
    }

    /// <inheritdoc/>
    public string Id => _id.Value;

    /// <inheritdoc/>
    public ITokenizer Tokenizer { get; }

    /// <inheritdoc/>
    public ChatTemplate Template { get; }

    /// <summary>
    /// The weights as they were given. A model from a folder that has scored reads its matrices again the first time they are asked for.
    /// </summary>
    /// <exception cref="UserErrorException">The folder holds other weights by now.</exception>
    public DecoderWeights Weights => _weights.Whole();

    /// <summary>What every token enters with, [V, d].</summary>
    public ReadOnlySpan<float> Embedding => _weights.Unpacked["embed.weight"];

    /// <summary>The shape.</summary>
    public DecoderConfig Config => _weights.Unpacked.Config;

    /// <inheritdoc/>
    public int ContextLength => Config.ContextLength;

    /// <summary>Threads that may work at once.</summary>
    public int Threads { get; }

    /// <summary>What is done to its activations; null when nothing is.</summary>
    public Interventions? Interventions => _edits;

    /// <summary>Whether disposing of this disposes of the weights too.</summary>
    internal bool OwnsWeights { get; init; }

    internal PackedDecoder Decoder => _decoder.Value;

    /// <summary>What a backward pass multiplies by.</summary>
    internal PackedProjections Transposes => _transposes.Value;

    /// <summary>The weights for passes whose matrices are packed: only shape, embedding and vectors may be read.</summary>
    internal DecoderWeights Unpacked => _weights.Unpacked;

    /// <summary>
    /// The same model with its activations changed while it scores and generates: a view that shares the packed weights and lives no
    /// longer than this. A view of a view does both, the first one's first. What is added to <paramref name="edits"/> afterwards does
    /// not reach the view; captures have no effect here.
    /// </summary>
    /// <exception cref="ArgumentException">The interventions are for another shape.</exception>
    public Transformer With(Interventions edits)
    {
        if (edits.Config != Config) throw new ArgumentException("The interventions are for a decoder of another shape.", nameof(edits));
        return new Transformer(this, edits);
    }

    /// <inheritdoc/>
    public ScoreTable Score(IReadOnlyList<ScoreRequest> requests, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var sequences = new ScoreSequences(requests, Config.VocabularySize, ContextLength);
        if (sequences.Count > 0) new Scorer(Decoder, _edits, Threads).Run(sequences, progress, cancellation);
        return new ScoreTable(sequences.Results);
    }

    /// <summary>Draws a text after every prompt.</summary>
    /// <param name="requests">The prompts.</param>
    /// <param name="options">How to draw and when to stop.</param>
    /// <param name="onText">Told of new text as it comes: the request and the text. Calls come one at a time, from any thread.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <exception cref="UserErrorException">A prompt fills the context.</exception>
    public GeneratedText[] Generate(IReadOnlyList<GenerationRequest> requests, GenerationOptions options, Action<int,
        string>? onText = null,
        CancellationToken cancellation = default) =>
        new Generator(Decoder, Tokenizer, _edits, Threads).Run(requests, options, onText, cancellation);

    /// <summary>The Assistant's reply to a context; what ends a reply by the template is added to the options.</summary>
    /// <param name="context">The turns so far.</param>
    /// <param name="options">How to draw and when to stop.</param>
    /// <param name="seed">Fixes what is drawn.</param>
    /// <param name="onText">Told of new text as it comes.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <exception cref="UserErrorException">The context fills the model's, or holds a word that the model does not know.</exception>
    public GeneratedText Reply(IReadOnlyList<Turn> context, GenerationOptions options, ulong seed = 0, Action<string>? onText = null,
        CancellationToken cancellation = default)
    {
        var request = new GenerationRequest(Template.EncodeContext(Tokenizer, context), seed);
        IEnumerable<int> ends = Template.EndOfReply(Tokenizer) is { } end ? [end] : [];
        GeneratedText reply = Generate([request], options with
        {
            StopStrings = [.. options.StopStrings, .. Template.StopStrings],
            StopTokens = [.. options.StopTokens, .. ends],
        },
            onText is null ? null : (_, text) => onText(text), cancellation)[0];
        return reply with { Text = reply.Text.Trim() };
    }

    /// <summary>
    /// Frees what is packed, unless this is a view; and the weights, if this owns them (<see cref="Owning"/>, or loaded from a folder).
    /// </summary>
    public void Dispose()
    {
        if (_owner && _decoder.IsValueCreated) _decoder.Value.Dispose();
        if (_owner && _transposes.IsValueCreated) _transposes.Value.Dispose();
        if (OwnsWeights) _weights.Unpacked.Dispose();
    }
}
