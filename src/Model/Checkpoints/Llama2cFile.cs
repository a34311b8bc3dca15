using System.Buffers.Binary;
using System.Runtime.InteropServices;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>
/// Imports a llama2.c checkpoint (the format of its first version): seven sizes, then floats. Its rotary pairs are neighbours (2i, 2i+1)
/// and ours are (i, i + hd/2), so the rows of its query and key matrices are put in our order.
/// </summary>
public static class Llama2cFile
{
    private const int HeaderLength = 28;

    /// <summary>Reads a model and its tokenizer.</summary>
    /// <param name="path">Such as <c>stories260K.bin</c>.</param>
    /// <param name="tokenizerPath">Such as <c>tok512.bin</c>.</param>
    /// <param name="threads">As for <see cref="Transformer"/>.</param>
    /// <exception cref="UserErrorException">No such file, or one whose length is not what its sizes ask for.</exception>
    public static Transformer Load(string path, string tokenizerPath, int threads = 0)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            DecoderConfig config = ReadConfig(file, path);
            PieceTokenizer tokenizer = PieceTokenizer.Load(tokenizerPath, config.VocabularySize);
            var weights = new DecoderWeights(config);
            ReadWeights(file, weights);
            return new Transformer(weights, tokenizer, null, threads) { OwnsWeights = true };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}", "Give a llama2.c checkpoint.", e);
        }
    }

    private static DecoderConfig ReadConfig(FileStream file, string path)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        if (file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength) throw Broken(path, "it is too short");
        Span<int> sizes = stackalloc int[7];
        for (int i = 0; i < 7; i++) sizes[i] = BinaryPrimitives.ReadInt32LittleEndian(header[(4 * i)..]);
        if (sizes[3] <= 0 || sizes[5] == int.MinValue) throw Broken(path, "its sizes are impossible");
        var config = new DecoderConfig
        {
            Width = sizes[0],
            FeedForward = sizes[1],
            Layers = sizes[2],
            Heads = sizes[3],
            KvHeads = sizes[4],
            HeadDim = sizes[0] / sizes[3],
            VocabularySize = Math.Abs(sizes[5]),
            TieEmbeddings = sizes[5] > 0,
            ContextLength = sizes[6],
        };
        try
        {
            config.Validate();
        }
        catch (ArgumentException e)
        {
            throw Broken(path, e.Message);
        }
        long floats = config.ParameterCount + (long)config.ContextLength * config.HeadDim;
        if (file.Length != HeaderLength + 4 * floats) throw Broken(path, "its length is not what its sizes ask for");
        return config;
    }

    private static void ReadWeights(FileStream file, DecoderWeights weights)
    {
        DecoderConfig c = weights.Config;
        // Their order: each kind of tensor for all blocks in turn; all are [out, in].
        Dictionary<string, LlamaTensor> tensors = LlamaTensor.All(c).ToDictionary(t => t.Name);
        Read(tensors["model.embed_tokens.weight"]);
        foreach (string kind in (string[])["input_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
            "self_attn.o_proj",
            "post_attention_layernorm", "mlp.gate_proj", "mlp.down_proj", "mlp.up_proj"])
        {
            bool rotated = kind is "self_attn.q_proj" or "self_attn.k_proj";
            for (int i = 0; i < c.Layers; i++) Read(tensors[$"model.layers.{i}.{kind}.weight"], rotated);
        }
        Read(tensors["model.norm.weight"]);
        // Two tables of cosines and sines, which we compute.
        file.Seek(4L * c.ContextLength * c.HeadDim, SeekOrigin.Current);
        if (!c.TieEmbeddings) Read(tensors["lm_head.weight"]);

        void Read(LlamaTensor tensor, bool rotated = false)
        {
            var numbers = new float[tensor.Length];
            file.ReadExactly(MemoryMarshal.AsBytes(numbers.AsSpan()));
            tensor.CopyTo(weights, rotated ? Unpaired(numbers, c.HeadDim, c.Width) : numbers);
        }
    }

    /// <summary>Rows 2i and 2i + 1 of every head become rows i and i + hd/2.</summary>
    private static float[] Unpaired(float[] rows, int headDim, int width)
    {
        var result = new float[rows.Length];
        for (int row = 0; row < rows.Length / width; row++)
        {
            int head = row / headDim, within = row % headDim;
            int to = head * headDim + within / 2 + (within % 2 == 0 ? 0 : headDim / 2);
            rows.AsSpan(row * width, width).CopyTo(result.AsSpan(to * width));
        }
        return result;
    }

    private static UserErrorException Broken(string path, string why) =>
        new("corrupt-checkpoint", $"{path} is not a usable llama2.c checkpoint: {why.TrimEnd('.')}.", "Download the file again.");
}
