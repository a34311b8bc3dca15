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
            File.WriteAllLines(log, lines);

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
}
