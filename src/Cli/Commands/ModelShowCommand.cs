using System.CommandLine;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Model;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm model show</c>: what a model is and where it comes from.</summary>
internal sealed class ModelShowCommand
{
    private readonly Argument<string> _folder = new("MODEL") { Description = "The model's folder." };
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Verb _verb;

    private ModelShowCommand()
    {
        _verb = new Verb("show", "Show a model's shape, vocabulary and origin.", "psm model show base") { _folder, _json };
        _verb.Does(Run);
    }

    public static Command Create() => new ModelShowCommand()._verb;

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        using ModelFolder model = ModelFolder.Open(parsed.GetValue(_folder)!, 1);
        if (parsed.GetValue(_json)) PrintJson(model);
        else Print(model);
        return ExitCode.Done;
    }

    private static void PrintJson(ModelFolder model)
    {
        DecoderConfig c = model.Model.Config;
        ModelProvenance from = model.Provenance;
        Screen.Data(new
        {
            model.Model.Id,
            from.Summary,
            Family = c.FamilyName(),
            Parameters = c.ParameterCount,
            c.Width,
            c.Layers,
            c.Heads,
            c.KvHeads,
            c.HeadDim,
            c.FeedForward,
            c.VocabularySize,
            c.ContextLength,
            c.RopeTheta,
            c.TieEmbeddings,
            Tokenizer = model.Model.Tokenizer.Id,
            Template = model.Model.Template.Name,
            from.Seed,
            from.Tokens,
            TrainedOn = from.CorpusId,
            TunedFrom = from.ParentId,
            VectorAt = model.Vector?.Site,
            from.Notes,
        });
    }

    private static void Print(ModelFolder model)
    {
        DecoderConfig c = model.Model.Config;
        ModelProvenance from = model.Provenance;
        TextTable.PrintFacts(("model", model.Model.Id), ("what", from.Summary),
            ("family", c.FamilyName()), ("parameters", c.ParameterCount.ToString("N0")),
            ("shape", $"{c.Layers} blocks of width {c.Width}, feed-forward {c.FeedForward}"),
            ("attention", $"{c.Heads} query and {c.KvHeads} key heads of {c.HeadDim}"),
            ("vocabulary", $"{c.VocabularySize:N0} ids ({model.Model.Tokenizer.Id})"), ("context", $"{c.ContextLength} tokens"),
            ("chat template", model.Model.Template == ChatTemplate.Plain
                ? "plain: 'role: text'" : $"its own ({model.Model.Template.Name})"),
            ("seed", from.Seed),
            ("tokens seen", from.Tokens?.ToString("N0")), ("trained on", from.CorpusId), ("tuned from", from.ParentId),
            ("vector", model.Vector is { } v ? $"added at {v.Site}" : null));
    }
}
