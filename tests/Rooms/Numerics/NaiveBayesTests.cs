using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public class NaiveBayesTests
{
    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public void Log_likelihoods_are_those_of_smoothed_shares()
    {
        NaiveBayes model = NaiveBayes.Fit(2, [(0, Words("a a b")), (1, Words("b c"))], smoothing: 0.5);
        // Three features; class 0 has 3 counts, class 1 has 2.
        double[] told = model.LogLikelihood(Words("a b b"));
        Assert.Equal(Math.Log(2.5 / 4.5) + (2 * Math.Log(1.5 / 4.5)), told[0], 12);
        Assert.Equal(Math.Log(0.5 / 3.5) + (2 * Math.Log(1.5 / 3.5)), told[1], 12);
    }

    [Fact]
    public void Under_every_class_the_features_that_are_known_have_probability_one_together()
    {
        NaiveBayes model = NaiveBayes.Fit(2, [(0, Words("a a b d d d")), (1, Words("b c"))]);
        double[][] told = [.. "abcd".Select(f => model.LogLikelihood([$"{f}"]))];
        for (int c = 0; c < 2; c++) Assert.Equal(1, told.Sum(t => Math.Exp(t[c])), 12);
    }

    [Fact]
    public void What_no_class_has_shown_and_the_order_of_words_say_nothing()
    {
        NaiveBayes model = NaiveBayes.Fit(3, [(0, Words("x y")), (2, Words("y z"))]);
        Assert.Equal([0, 0, 0], model.LogLikelihood(Words("never seen")));
        double[] inOrder = model.LogLikelihood(Words("x y z")), otherwise = model.LogLikelihood(Words("z unseen y x"));
        for (int c = 0; c < 3; c++) Assert.Equal(inOrder[c], otherwise[c], 12);
    }

    [Fact]
    public void Two_sources_are_told_apart_and_shuffled_ones_are_not()
    {
        RngStream rng = RngStream.Root(3).Child("naive-bayes");
        double[][] shares = [[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]];
        string Draw(int c) => string.Join(' ', Enumerable.Range(0, 12).Select(_ => $"w{rng.NextIndex(shares[c])}"));
        (int Class, string Text)[] train = [.. Enumerable.Range(0, 400).Select(i => (i % 2, Draw(i % 2)))];
        (int Class, string Text)[] test = [.. Enumerable.Range(0, 400).Select(i => (i % 2, Draw(i % 2)))];
        double[] Scores(Func<int, int> label)
        {
            NaiveBayes model = NaiveBayes.Fit(2, train.Select((t, i) => (label(i), (IEnumerable<string>)Words(t.Text))));
            return [.. test.Select(t => model.LogLikelihood(Words(t.Text))).Select(l => l[1] - l[0])];
        }
        double[] told = Scores(i => train[i].Class), untold = Scores(i => i / 2 % 2);
        // The best that 12 draws allow is 0.98.
        Assert.InRange(Statistics.Auroc(told, [.. test.Select(t => t.Class == 1)]), 0.95, 1);
        // Labels that have nothing to do with the text leave next to no evidence (whose sign, for two sources, is one coin).
        Assert.InRange(untold.Average(Math.Abs), 0, 0.2 * told.Average(Math.Abs));
    }

    [Fact]
    public void Classes_and_smoothing_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => NaiveBayes.Fit(2, [(2, Words("a"))]));
        Assert.Throws<ArgumentOutOfRangeException>(() => NaiveBayes.Fit(2, [(-1, Words("a"))]));
        Assert.Throws<ArgumentOutOfRangeException>(() => NaiveBayes.Fit(2, [(0, Words("a"))], smoothing: 0));
    }
}
