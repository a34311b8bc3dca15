using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

public sealed class ByteLevelBpeTests : IDisposable
{
    private const string Sample = "The tests failed. I fixed the tests, and then the tests passed; the code's better now.\n\n"
        + "  def test():\n    return 42\n";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Pieces_are_those_of_the_pattern() =>
        Prop.ForAll(Texts(), text =>
        {
            var pieces = new List<string>();
            var scan = new BytePieces(text);
            while (scan.MoveNext()) pieces.Add(scan.Current.ToString());
            const string pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
            Assert.Equal(Regex.Matches(text, pattern).Select(m => m.Value), pieces);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_comes_back()
    {
        ByteLevelBpeTokenizer tokenizer = Trained(320);
        Prop.ForAll(Texts(), text => Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)))).QuickCheckThrowOnFailure();
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text =>
        {
            // Half a surrogate pair is no text and has no UTF-8.
            string whole = string.Concat(text.Get.EnumerateRunes().Select(r => r.ToString()));
            Assert.Equal(whole, tokenizer.Decode(tokenizer.Encode(whole)));
        }).QuickCheckThrowOnFailure();
        Assert.Equal("<eos>", tokenizer.Decode([1, .. tokenizer.Encode("<eos>"), 2]));
    }

    [Fact]
    public void Merges_are_the_most_frequent_pairs_of_a_slow_count()
    {
        string text = string.Concat(Enumerable.Repeat(Sample, 3)) + "abcabcabc abcd bcd bcd";
        ByteLevelBpeTokenizer tokenizer = ByteLevelBpeTokenizer.Train([text], 330);
        Assert.Equal(SlowMerges(text, 330), tokenizer.Merges);
        Assert.True(tokenizer.Encode(text).Length < text.Length * 0.5);
    }

    [Fact]
    public void Joining_by_queue_is_joining_by_rank()
    {
        ByteLevelBpeTokenizer tokenizer = Trained(400);
        RngStream rng = RngStream.Root(5);
        for (int trial = 0; trial < 200; trial++)
        {
            string piece = string.Concat(Enumerable.Range(0, 1 + rng.NextInt(30)).Select(_ => "testhfixdcode"[rng.NextInt(13)]));
            List<int> ids = [.. piece.Select(c => c + 3)];
            foreach ((int left, int right) in tokenizer.Merges)
            {
                for (int i = 0; i + 1 < ids.Count; i++)
                {
                    if (ids[i] != left || ids[i + 1] != right) continue;
                    byte[] joint = [.. tokenizer.BytesOf(left), .. tokenizer.BytesOf(right)];
                    ids[i] = Enumerable.Range(3, tokenizer.VocabularySize - 3).First(id =>
                        tokenizer.BytesOf(id).AsSpan().SequenceEqual(joint));
                    ids.RemoveAt(i + 1);
                }
            }
            Assert.Equal(ids, tokenizer.Encode(piece));
        }
    }

    [Fact]
    public void Long_runs_without_spaces_are_no_trouble()
    {
        ByteLevelBpeTokenizer tokenizer = Trained(300);
        string run = string.Concat(Enumerable.Repeat("tests", 40_000));
        Assert.Equal(run, tokenizer.Decode(tokenizer.Encode(run)));
    }

    [Fact]
    public void A_saved_tokenizer_comes_back()
    {
        ByteLevelBpeTokenizer tokenizer = Trained(320);
        string path = _folder["tokenizer.json"];
        TokenizerFile.Save(path, tokenizer);
        ITokenizer back = TokenizerFile.Load(path);
        Assert.Equal(tokenizer.Id, back.Id);
        Assert.Equal(tokenizer.Encode(Sample), back.Encode(Sample));
        string json = File.ReadAllText(path);
        foreach ((string good, string bad) in ((string, string)[])[("\"<eos>\": 2", "\"<eos>\": 3"), ("\"BPE\"", "\"Unigram\"")])
        {
            Assert.Contains(good, json, StringComparison.Ordinal);
            File.WriteAllText(path, json.Replace(good, bad, StringComparison.Ordinal));
            Assert.Equal("bad-tokenizer", Assert.Throws<UserErrorException>(() => TokenizerFile.Load(path)).Code);
        }
    }

    [Fact]
    public void Training_does_not_depend_on_the_order_of_texts() =>
        Assert.Equal(ByteLevelBpeTokenizer.Train(["one two three", Sample], 300).Id,
            ByteLevelBpeTokenizer.Train([Sample, "one two three"], 300).Id);

    private static ByteLevelBpeTokenizer Trained(int size) => ByteLevelBpeTokenizer.Train(Enumerable.Repeat(Sample, 2), size);

    private static List<(int, int)> SlowMerges(string text, int size)
    {
        var words = new List<List<byte[]>>();
        var scan = new BytePieces(text);
        while (scan.MoveNext()) words.Add([.. System.Text.Encoding.UTF8.GetBytes(scan.Current.ToString()).Select(b => new[] { b })]);
        var ids = Enumerable.Range(0, 256).ToDictionary(b => Convert.ToHexString([(byte)b]), b => b + 3);
        var merges = new List<(int, int)>();
        while (ids.Count + 3 < size)
        {
            var best = words.SelectMany(w => w.Zip(w.Skip(1), (a, b) => (ids[Convert.ToHexString(a)], ids[Convert.ToHexString(b)])))
                .GroupBy(p => p).Where(g => g.Count() >= 2).OrderByDescending(g => g.Count()).ThenBy(g => g.Key).FirstOrDefault();
            if (best is null) break;
            merges.Add(best.Key);
            byte[] left = Convert.FromHexString(ids.First(i => i.Value == best.Key.Item1).Key),
                right = Convert.FromHexString(ids.First(i => i.Value == best.Key.Item2).Key);
            ids.TryAdd(Convert.ToHexString([.. left, .. right]), ids.Count + 3);
            foreach (List<byte[]> word in words)
            {
                for (int i = 0; i + 1 < word.Count; i++)
                {
                    if (!word[i].SequenceEqual(left) || !word[i + 1].SequenceEqual(right)) continue;
                    word[i] = [.. left, .. right];
                    word.RemoveAt(i + 1);
                }
            }
        }
        return merges;
    }

    private static Arbitrary<string> Texts() =>
        Gen.ArrayOf(Gen.Elements("a", "the", "É", "1", "٣", ".", "'", "'s", "'ll", "_", "\"", " ", "  ", "\n", "\t", "\u00a0", "ß", "猫",
            "€", "☃", "🙂"))
            .Select(string.Concat).ToArbitrary();
}
