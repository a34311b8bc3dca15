using System.Globalization;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.LabTests;

public sealed class ContentIdTests
{
    /// <summary>The ids of results already saved must not change: SHA-256 over length-prefixed UTF-8, little endian.</summary>
    [Fact]
    public void Of_IsTheSameOnEveryMachineAndInEveryVersion()
    {
        // python3 -c "import hashlib,struct;p=lambda s:struct.pack('<i',len(s))+s;print(hashlib.sha256(
        //   p(b'corpus')+p(b'seed')+p(b'7')+p(b'0.5')+p(b'[2]')+struct.pack('<2d',1,-2.5)).hexdigest()[:16])"
        Assert.Equal("corpus-b029ea3c1d6b0a3f", ContentId.Of("corpus", "seed", 7, 0.5, new[] { 1.0, -2.5 }).ToString());
    }

    [Fact]
    public void Of_KeepsPartsApart()
    {
        ContentId[] ids =
        [
            ContentId.Of("k", "ab", "c"), ContentId.Of("k", "a", "bc"), ContentId.Of("k", "abc"), ContentId.Of("ka", "bc"),
            ContentId.Of("k", "c", "ab"), ContentId.Of("k", "ab", "c", null), ContentId.Of("k", "ab", "c", ""),
            ContentId.Of("k", new[] { 1.0, 2.0 }), ContentId.Of("k", new[] { 2.0, 1.0 }), ContentId.Of("k", new[] { 1.0 }, new[] { 2.0 }),
        ];

        Assert.Equal(ids.Length, ids.Select(i => i.Digits).Distinct().Count());
    }

    private sealed record Recipe(double Rate, int Steps);

    /// <summary>A run that is gone on with where numbers are written with a comma is the same run.</summary>
    [Fact]
    public void Of_ARecordIsTheSameInEveryCulture()
    {
        ContentId here = ContentId.Of("k", new Recipe(0.5, 7));
        Assert.Equal(ContentId.Of("k", "Recipe { Rate = 0.5, Steps = 7 }"), here);
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "," } };
            Assert.Contains("0,5", new Recipe(0.5, 7).ToString(), StringComparison.Ordinal);
            Assert.Equal(here, ContentId.Of("k", new Recipe(0.5, 7)));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Of_RefusesACollectionItWouldNotRead() =>
        Assert.Throws<ArgumentException>(() => ContentId.Of("k", new List<double> { 1, 2 }));

    [Fact]
    public void OfFile_DependsOnTheBytesAlone()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a"], "text");
        File.WriteAllText(folder["b"], "text");
        File.WriteAllText(folder["c"], "Text");

        Assert.Equal(ContentId.OfFile("file", folder["a"]), ContentId.OfFile("file", folder["b"]));
        Assert.NotEqual(ContentId.OfFile("file", folder["a"]), ContentId.OfFile("file", folder["c"]));
    }
}
