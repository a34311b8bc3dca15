using System.Diagnostics;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>What a model of this machine takes to read so much.</summary>
/// <param name="Tokens">Tokens that go through the model; a token of a backward pass counts as two more.</param>
/// <param name="Flops">Floating-point operations.</param>
/// <param name="Seconds">How long that takes at the rate at which the model reads some of the episodes now.</param>
public sealed record ReadingCost(long Tokens, double Flops, double Seconds)
{
    /// <summary>Both together.</summary>
    public ReadingCost Plus(ReadingCost other) => new(Tokens + other.Tokens, Flops + other.Flops, Seconds + other.Seconds);
}

/// <summary>How a model of this machine reads data behind personas: in how many tokens, and how fast.</summary>
internal sealed class ModelReading
{
    private const int MeasuredEpisodes = 8, MeasuredTokens = 1024;

    private readonly Transformer _model;
    private readonly IReadOnlyList<Persona> _personas;
    private readonly Episode[] _different;
    private readonly double _reply;
    private readonly Lazy<double> _tokensPerSecond;

    /// <param name="model">The model.</param>
    /// <param name="personas">The personas.</param>
    /// <param name="some">Some of the episodes, at least one.</param>
    public ModelReading(Transformer model, PersonaSet personas, IReadOnlyList<Episode> some)
    {
        (_model, _personas, _different) = (model, personas.Personas, [.. some.DistinctBy(e => e.TextId)]);
        _reply = some.Average(e => (double)TokensOf(e.Reply));
        Episode = some.Average(TokensOf);
        Openings = [.. _personas.SelectMany(p => OpeningsOf(p))];
        _tokensPerSecond = new Lazy<double>(TokensPerSecond);
    }

    /// <summary>Tokens of an episode in the mean, its context with it.</summary>
    public double Episode { get; }

    /// <summary>
    /// Tokens of what stands before an episode, by context of every persona; a persona that is fitted or directed needs none.
    /// </summary>
    public IReadOnlyList<double> Openings { get; }

    /// <summary>The same where every persona is told in words, as gradients have it.</summary>
    public IReadOnlyList<double> ToldOpenings => [.. _personas.SelectMany(p => PresentedPersona.WithContexts(p).Contexts)
        .Select(c => (double)TokensOf(c))];

    /// <summary>Tokens of turns, before a reply.</summary>
    public int TokensOf(IReadOnlyList<Turn> turns)
    {
        try
        {
            return _model.Template.EncodeContext(_model.Tokenizer, turns).Length;
        }
        catch (UserErrorException e) when (e.Code is "unknown-word" or "template-refuses")
        {
            return (int)Math.Min(int.MaxValue, AuditCost.ServedTokens(turns));
        }
    }

    /// <summary>Tokens of a reply.</summary>
    public int TokensOf(string reply)
    {
        try
        {
            return _model.Template.EncodeReply(_model.Tokenizer, reply).Length;
        }
        catch (UserErrorException e) when (e.Code == "unknown-word")
        {
            return (int)EndpointEstimate.Tokens(reply);
        }
    }

    /// <summary>Tokens of an episode, as far as the model reads it.</summary>
    public double TokensOf(Episode episode) => Math.Min(_model.ContextLength, TokensOf(episode.Context) + TokensOf(episode.Reply));

    /// <summary>Tokens of a probe: its question once, and every reply.</summary>
    public double TokensOf(Probe probe) => TokensOf(probe.Context) + probe.Low.Concat(probe.High).Sum(r => (double)TokensOf(r));

    /// <summary>What so many tokens take.</summary>
    public ReadingCost Cost(double tokens)
    {
        DecoderConfig shape = _model.Config;
        // A third of a training step is the forward pass; tokens that are only read need no logits.
        double each = (shape.TrainingFlopsPerToken(Math.Min(_model.ContextLength, Episode + Openings.Average())) / 3)
            - ((1 - Math.Min(1, _reply / Episode)) * 2.0 * shape.Width * shape.VocabularySize);
        return new ReadingCost((long)tokens, tokens * each, tokens / _tokensPerSecond.Value);
    }

    private IEnumerable<double> OpeningsOf(Persona persona) => persona.IsDirected ? [0]
        : !persona.IsExemplified ? PresentedPersona.WithContexts(persona).Contexts.Select(c => (double)TokensOf(c))
        : persona.Given is not Presentation.Shown ? [0]
        : Enumerable.Repeat((double)PresentationOptions.ShownTokens(_model), new PresentationOptions().Draws);

    /// <summary>How fast the model reads some of the episodes behind some of the personas, as likelihoods do.</summary>
    private double TokensPerSecond()
    {
        PresentedPersona[] told = [.. _personas.Where(p => !p.IsExemplified && !p.IsDirected)
            .Select(p => PresentedPersona.Described(p, _model))];
        // Examples and directions take no words of ours, so the model reads as it is.
        if (told.Length == 0) told = [PresentedPersona.AsGiven(_personas[0] with { Contexts = [] }, _model)];
        // Enough that every thread has work, and no more: a large model takes seconds for it.
        double tokens = MeasuredTokens * _model.Threads;
        int rows = (int)Math.Clamp(tokens / (Episode * told.Length), Math.Min(MeasuredEpisodes, _different.Length), _different.Length);
        PresentedPersona[] few = [.. told.Take((int)Math.Ceiling(tokens / (Episode * rows)))];
        var source = new LikelihoodSource(few, new LikelihoodOptions());
        source.Compute([_different[0]], [0]);
        long start = Stopwatch.GetTimestamp();
        source.Compute([.. _different.Take(rows)]);
        double read = few.SelectMany(p => p.Contexts).Sum(c => (rows * Episode) + TokensOf(c));
        return read / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
