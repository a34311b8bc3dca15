using System.Globalization;

namespace PersonaSelection.Model;

/// <summary>
/// The named places of a decoder where activations can be read and changed, in the order of the forward pass: <c>embed</c>, then for every
/// block <c>blocks.{i}.resid_pre</c>, <c>.attn_out</c>, <c>.resid_mid</c>, <c>.mlp_out</c>, <c>.resid_post</c>, then <c>final</c> (after
/// the last norm; it has only the rows with a target). Each holds one row of width d per token. Names as in TransformerLens.
/// </summary>
public static class ActivationSite
{
    private static readonly string[] Parts = ["resid_pre", "attn_out", "resid_mid", "mlp_out", "resid_post"];

    internal const int Embed = 0;
    internal const int PartsPerBlock = 5;

    /// <summary>Every site of a decoder.</summary>
    public static IReadOnlyList<string> All(DecoderConfig config) =>
        ["embed", .. Enumerable.Range(0, config.Layers).SelectMany(i => Parts.Select(p => $"blocks.{i}.{p}")), "final"];

    internal static int Count(DecoderConfig config) => 2 + PartsPerBlock * config.Layers;

    internal static int Pre(int block) => 1 + PartsPerBlock * block;

    internal static int AttentionOut(int block) => 2 + PartsPerBlock * block;

    internal static int Mid(int block) => 3 + PartsPerBlock * block;

    internal static int MlpOut(int block) => 4 + PartsPerBlock * block;

    internal static int Post(int block) => 5 + PartsPerBlock * block;

    internal static int Final(DecoderConfig config) => 1 + PartsPerBlock * config.Layers;

    /// <summary>The place of a name in <see cref="All"/>.</summary>
    /// <exception cref="ArgumentException">The decoder has no such site.</exception>
    internal static int Index(DecoderConfig config, string name)
    {
        if (name == "embed") return Embed;
        if (name == "final") return Final(config);
        string[] pieces = name.Split('.');
        if (pieces.Length == 3 && pieces[0] == "blocks"
            && int.TryParse(pieces[1], NumberStyles.None, CultureInfo.InvariantCulture, out int block) && block < config.Layers)
        {
            int part = Array.IndexOf(Parts, pieces[2]);
            if (part >= 0) return Pre(block) + part;
        }
        throw new ArgumentException($"There is no activation site called '{name}' in a decoder of {config.Layers} blocks.", nameof(name));
    }
}
