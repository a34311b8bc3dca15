using System.Text.RegularExpressions;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Evidence;

/// <summary>
/// What personas are told apart by without reading: how often each says a word, and a pair of neighbours, in its examples
/// (<see cref="NaiveBayes"/>). It knows the words of few examples better than a fitted model does, and nothing of order.
/// </summary>
public sealed partial class WordCounts
{
    /// <summary>
    /// The scales that speak for word counts, and for a model beside them, before anything is known: about what is found
    /// (docs/real-text.md). Every word is counted some three times, words hang together, and the model knows most of what is counted.
    /// </summary>
    internal const double UsualScale = 0.1, UsualModelScale = 0.3;

    /// <summary>Most words of all personas together that are counted: a bound on memory, of 0.2 kB each.</summary>
    internal const long MostWords = 5_000_000;

    private readonly NaiveBayes _counted;

    private WordCounts(NaiveBayes counted, ContentId id) => (_counted, Id) = (counted, id);

    /// <summary>The content id: of the replies that were counted.</summary>
    public ContentId Id { get; }

    /// <summary>Counts words. Of long lists the first replies of each persona are counted.</summary>
    /// <param name="examples">[persona]: what it said; every persona has some.</param>
    public static WordCounts Of(IReadOnlyList<IReadOnlyList<Episode>> examples)
    {
        long most = MostWords / examples.Count;
        var counted = new List<(int, IEnumerable<string>)>();
        var parts = new List<object>();
        for (int h = 0; h < examples.Count; h++)
        {
            long words = 0;
            foreach (Episode example in examples[h])
            {
                if (words >= most) break;
                // A word has four letters at least, about, with the space behind it.
                words += example.Reply.Length / 4;
                counted.Add((h, Features(example.Reply)));
                parts.Add(h);
                parts.Add(example.Reply);
            }
        }
        return new WordCounts(NaiveBayes.Fit(examples.Count, counted), ContentId.Of("word-counts", [.. parts]));
    }

    /// <summary>
    /// log p(words of the reply | persona) by persona, in nats, up to a constant that is the same for all; too sure before it is scaled.
    /// </summary>
    public double[] Evidence(string reply) => _counted.LogLikelihood(Features(reply));

    /// <summary>The words of a text in small letters, punctuation too, and its pairs of neighbours.</summary>
    public static IEnumerable<string> Features(string text)
    {
        string[] words = [.. Words().Matches(text.ToLowerInvariant()).Select(m => m.Value)];
        return words.Concat(words.Zip(words.Skip(1), (a, b) => $"{a} {b}"));
    }

    [GeneratedRegex(@"\w+|[^\w\s]+")]
    private static partial Regex Words();
}
