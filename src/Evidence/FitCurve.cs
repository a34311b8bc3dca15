using System.Globalization;
using System.Text.Json;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Evidence;

/// <summary>How well a persona's model knows the examples it was not fitted to.</summary>
/// <param name="Step">Optimiser steps.</param>
/// <param name="HeldOut">Mean -log p of a token of the persona's own held-out replies, nats; NaN when nothing is held out.</param>
public sealed record FitPoint(int Step, double HeldOut)
{
    /// <summary>log p of the held-out replies of all personas, one after the other, nats.</summary>
    public IReadOnlyList<double> Scores { get; init; } = [];

    /// <summary>The point as readings of a training curve.</summary>
    internal IReadOnlyDictionary<string, double> Readings() =>
        Scores.Select((s, i) => KeyValuePair.Create(NameOf(i), s)).Prepend(KeyValuePair.Create("held-out", HeldOut)).ToDictionary();

    /// <summary>The point that readings of a training curve were.</summary>
    internal static FitPoint Of(TrainingPoint point) => new(point.Step, point.Readings["held-out"])
    {
        Scores = [.. Enumerable.Range(0, point.Readings.Count - 1).Select(i => point.Readings[NameOf(i)])],
    };

    private static string NameOf(int reply) => reply.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Held-out replies that all personas of a fit are asked about, and where they are told apart best.</summary>
internal sealed class FitCurve(IReadOnlyList<(int Owner, ScoreRequest Request)> asked)
{
    /// <summary>The persona of each held-out reply.</summary>
    public int[] Owners { get; } = [.. asked.Select(a => a.Owner)];

    /// <summary>A reading of one persona's model.</summary>
    public FitPoint Read(int persona, int step, Transformer fitted, CancellationToken cancellation) =>
        Point(persona, step, Score(fitted, cancellation));

    /// <summary>log p of every held-out reply, nats.</summary>
    public double[] Score(Transformer fitted, CancellationToken cancellation)
    {
        if (asked.Count == 0) return [];
        ScoreTable table = fitted.Score([.. asked.Select(a => a.Request)], cancellation: cancellation);
        return [.. asked.Select((_, r) => table.LogProbability(r, 0))];
    }

    /// <summary>What scores are as a reading of one persona's model.</summary>
    public FitPoint Point(int persona, int step, double[] scores)
    {
        int[] own = [.. Enumerable.Range(0, scores.Length).Where(i => Owners[i] == persona)];
        return new FitPoint(step, -own.Sum(i => scores[i]) / own.Sum(i => asked[i].Request.Continuations[0].Length)) { Scores = scores };
    }

    /// <summary>
    /// The point at which the softmax over personas, at its best temperature, is surest of the held-out replies' own persona; early ones
    /// win a draw. With one persona there is nothing to tell apart: the point at which its own replies are likeliest.
    /// Nothing held out: the last.
    /// </summary>
    /// <param name="curves">[persona]: the same steps for all.</param>
    /// <param name="owners">The persona of each held-out reply.</param>
    /// <param name="first">Index of the first point that may be taken.</param>
    public static int Best(IReadOnlyList<FitPoint[]> curves, int[] owners, int first)
    {
        IEnumerable<int> points = Enumerable.Range(first, curves[0].Length - first);
        if (owners.Length == 0) return curves[0].Length - 1;
        if (owners.Distinct().Count() == 1) return points.MinBy(k => curves.Sum(c => c[k].HeldOut));
        double[] weights = SoftmaxCalibration.Balance(owners);
        return points.MinBy(k => Softmax(curves, owners, k).Loss(Scores(curves, owners, k), owners, weights));
    }

    /// <summary>The temperature at which a point is surest.</summary>
    public static SoftmaxCalibration Softmax(IReadOnlyList<FitPoint[]> curves, int[] owners, int point) =>
        SoftmaxCalibration.Fit(Scores(curves, owners, point), owners, SoftmaxCalibration.Balance(owners), withOffsets: false);

    /// <summary>Writes a curve.</summary>
    public static void Save(string path, IEnumerable<FitPoint> points) => AtomicFile.WriteText(path, JsonSerializer.Serialize(
        points.Select(p => new Stored(p.Step, double.IsFinite(p.HeldOut) ? p.HeldOut : null, [.. p.Scores])),
        JsonSerializerOptions.Web) + "\n");

    /// <summary>Reads a curve.</summary>
    /// <exception cref="UserErrorException"><c>corrupt-adapter</c>.</exception>
    public static FitPoint[] Load(string path) =>
        [.. FitFile.Read<Stored[]>(path).Select(p => new FitPoint(p.Step, p.HeldOut ?? double.NaN) { Scores = p.Scores })];

    private static double[][] Scores(IReadOnlyList<FitPoint[]> curves, int[] owners, int point) =>
        [.. owners.Select((_, i) => curves.Select(c => c[point].Scores[i]).ToArray())];

    private sealed record Stored(int Step, double? HeldOut, double[] Scores);
}

/// <summary>Files of what was fitted.</summary>
internal static class FitFile
{
    /// <summary>Reads JSON.</summary>
    /// <exception cref="UserErrorException"><c>corrupt-adapter</c>.</exception>
    public static T Read<T>(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(path), JsonSerializerOptions.Web)
                ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new UserErrorException("corrupt-adapter", $"The fitted persona {path} cannot be used: {e.Message}",
                "Delete its folder; it is fitted again.", e);
        }
    }
}
