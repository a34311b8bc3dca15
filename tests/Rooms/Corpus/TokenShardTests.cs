using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

public sealed class TokenShardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(50)]
    [InlineData(70_000)]
    public void Documents_come_back(int vocabulary)
    {
        var tokenizer = new FakeTokenizer(vocabulary);
        int[][] documents = Documents(vocabulary, [0, 1, 7, 40_000, 3]);
        string path = _folder["a.tokens"];
        Assert.Equal(40_011, TokenShardWriter.Write(path, tokenizer, documents));
        using (TokenShard shard = TokenShard.Open(path, tokenizer))
        {
            Assert.Equal((documents.Length, 40_011L, vocabulary), (shard.Documents, shard.Tokens, shard.VocabularySize));
            for (int d = 0; d < documents.Length; d++) Assert.Equal(documents[d], shard.Read(d));
            Assert.Throws<ArgumentOutOfRangeException>(() => shard.LengthOf(documents.Length));
        }
        Assert.Equal(["a.tokens"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Every_altered_byte_and_every_cut_is_refused()
    {
        var tokenizer = new FakeTokenizer(50);
        string path = _folder["a.tokens"];
        TokenShardWriter.Write(path, tokenizer, Documents(50, [3, 5]));
        byte[] good = File.ReadAllBytes(path);
        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 0x41;
            File.WriteAllBytes(path, bad);
            Assert.Throws<UserErrorException>(() => TokenShard.Open(path, tokenizer));
            File.WriteAllBytes(path, good[..i]);
            Assert.Throws<UserErrorException>(() => TokenShard.Open(path, tokenizer));
        }
    }

    /// <summary>A checksum can be made by whoever makes the file, so it vouches for nothing that is not looked at.</summary>
    [Theory]
    [InlineData(50)]
    [InlineData(70_000)]
    public void A_token_beyond_the_vocabulary_is_refused_whatever_the_checksum(int vocabulary)
    {
        string path = _folder["a.tokens"];
        TokenShardWriter.Write(path, new FakeTokenizer(vocabulary), [[3, vocabulary - 1]]);
        TokenShard.Open(path).Dispose();
        byte[] bytes = File.ReadAllBytes(path);
        int width = vocabulary > 1 << 16 ? 4 : 2;
        Forge(vocabulary);
        Assert.Equal("corrupt-shard", Assert.Throws<UserErrorException>(() => TokenShard.Open(path)).Code);
        if (width == 2) return;
        Forge(-1);
        Assert.Equal("corrupt-shard", Assert.Throws<UserErrorException>(() => TokenShard.Open(path)).Code);

        void Forge(int id)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(TokenShard.HeaderLength + width), id);
            System.Security.Cryptography.SHA256.HashData(bytes.AsSpan(TokenShard.HeaderLength), bytes.AsSpan(40, 32));
            File.WriteAllBytes(path, bytes);
        }
    }

    [Fact]
    public void Another_tokenizer_and_a_missing_file_are_refused()
    {
        string path = _folder["a.tokens"];
        TokenShardWriter.Write(path, new FakeTokenizer(50), Documents(50, [3]));
        Assert.Equal("wrong-tokenizer", Assert.Throws<UserErrorException>(() => TokenShard.Open(path, new FakeTokenizer(51))).Code);
        Assert.Equal("cannot-read", Assert.Throws<UserErrorException>(() => TokenShard.Open(path + "x")).Code);
    }

    [Fact]
    public void A_token_outside_the_vocabulary_leaves_no_file()
    {
        string path = _folder["a.tokens"];
        Assert.Throws<ArgumentException>(() => TokenShardWriter.Write(path, new FakeTokenizer(5), [[4], [5]]));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    private static int[][] Documents(int vocabulary, int[] lengths)
    {
        RngStream rng = RngStream.Root(1);
        return [.. lengths.Select(n => Enumerable.Range(0, n).Select(_ => rng.NextInt(vocabulary)).ToArray())];
    }

    private sealed class FakeTokenizer(int vocabulary) : ITokenizer
    {
        public string Id => $"fake-{vocabulary}";
        public int VocabularySize => vocabulary;
        public int BeginId => 1;
        public int EndId => 2;
        public IReadOnlyDictionary<string, int> Specials { get; } = new Dictionary<string, int>();
        public int[] Encode(string text) => throw new NotSupportedException();
        public string Decode(ReadOnlySpan<int> ids) => throw new NotSupportedException();
    }
}
