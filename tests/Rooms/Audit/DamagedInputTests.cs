using System.Text.RegularExpressions;
using PersonaSelection.Audit;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.AuditTests;

/// <summary>Logs that were edited, and data of which nothing can be read.</summary>
public sealed class DamagedInputTests : IDisposable
{
    private readonly AuditFixture _here = new();

    public void Dispose() => _here.Dispose();

    [Fact]
    public void A_damaged_number_in_the_log_is_asked_for_again()
    {
        string data = _here.Chats("data.jsonl", 20);
        _here.Audit(data, "a");
        string log = Path.Combine(_here["a"], "evidence.jsonl");
        byte[] whole = File.ReadAllBytes(log);
        string[] lines = File.ReadAllLines(log);
        string good = lines[11];
        foreach (string damage in (string[])["1e999", "-1e999", "\"x\"", "[]"])
        {
            lines[11] = Regex.Replace(good, @"(?<=""values"":\[)[^,]+", damage);
            Assert.NotEqual(good, lines[11]);
            File.WriteAllText(log, string.Concat(lines.Select(line => line + "\n")));

            Assert.Equal(10, _here.Audit(data, "a").Evidence.Resumed);
            Assert.Equal(whole, File.ReadAllBytes(log));
        }
    }

    [Fact]
    public void A_log_of_more_episodes_than_there_are_is_refused_as_that()
    {
        string data = _here.Chats("data.jsonl", 20);
        _here.Audit(data, "a");
        string log = Path.Combine(_here["a"], "evidence.jsonl");
        string last = File.ReadLines(log).Last();
        File.AppendAllText(log, last.Replace("\"episode\":19", "\"episode\":20", StringComparison.Ordinal) + "\n");

        UserErrorException error = Assert.Throws<UserErrorException>(() => _here.Audit(data, "a"));

        Assert.Equal("other-audit", error.Code);
        Assert.Contains("21 episodes", error.Problem, StringComparison.Ordinal);
        Assert.Contains("20", error.Problem, StringComparison.Ordinal);
    }

    /// <summary>Lines that hold nothing are lines too: a stop is seen among them, and so is how far it is.</summary>
    [Theory]
    [InlineData("{}\n")]
    [InlineData("\n")]
    public void Lines_that_are_passed_over_are_told_and_can_be_stopped(string line)
    {
        string data = _here.Write("data.jsonl", "{}\n" + string.Concat(Enumerable.Repeat(line, 50_000)) + "[");
        using var stop = new CancellationTokenSource();
        int bad = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => new AuditData([data]).Survey(b =>
        {
            bad++;
            Assert.True(b.Line < 50_000, "it read on to the end");
            stop.Cancel();
        }, null, stop.Token));
        Assert.InRange(bad, 1, 10_000);

        var told = new Told();
        Assert.Throws<UserErrorException>(() => new AuditData([data]).Survey(_ => { }, told));
        if (line.Length > 1) Assert.NotEmpty(told.Lines);
    }

    private sealed class Told : IProgress<WorkProgress>
    {
        public List<double> Lines { get; } = [];

        public void Report(WorkProgress value) => Lines.Add(value.Done);
    }
}
