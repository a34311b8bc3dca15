using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using PersonaSelection.Lab;
using Spectre.Console;

namespace PersonaSelection.Cli;

/// <summary>What a person at the terminal sees: data goes to stdout, everything else to stderr.</summary>
internal static class Screen
{
    /// <summary>The console on stderr.</summary>
    public static IAnsiConsole Error { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>How results are written as JSON: indented, camel case, plain characters.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new FiniteNumbers(), new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    /// <summary>One line for the person, on stderr.</summary>
    public static void Say(string line) => Console.Error.WriteLine(line);

    /// <summary>One JSON object on stdout.</summary>
    public static void Data<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Json));

    /// <summary>One paragraph: what is wrong (a line each where there is more than one thing), where, and what to do.</summary>
    public static void Fail(UserErrorException e) =>
        Console.Error.WriteLine($"psm: {e.Problem}{(e.Problem.EndsWith('\n') ? "" : " ")}{e.Remedy} [{e.Code}]");

    /// <summary>Runs work with its progress and time left on stderr: bars in a terminal, a line every few seconds elsewhere.</summary>
    public static T Work<T>(bool quiet, Func<IProgress<WorkProgress>, T> work)
    {
        if (quiet) return work(new Silence());
        if (Console.IsErrorRedirected) return work(new ProgressLines());
        T result = default!;
        Error.Progress().AutoClear(false).HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                new RemainingTimeColumn())
            .Start(context => result = work(new ProgressBars(context)));
        return result;
    }

    private sealed class Silence : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
        }
    }

    private const string Whole = "in all";

    private sealed class ProgressBars(ProgressContext context) : IProgress<WorkProgress>
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<string, ProgressTask> _tasks = [];

        public void Report(WorkProgress value)
        {
            lock (_lock)
            {
                if (value.Whole is { } share)
                {
                    if (!_tasks.TryGetValue(Whole, out ProgressTask? whole)) _tasks[Whole] = whole = context.AddTask(Whole, maxValue: 1);
                    whole.Value = share;
                }
                if (!_tasks.TryGetValue(value.Stage, out ProgressTask? task))
                    _tasks[value.Stage] = task = context.AddTask(Markup.Escape(value.Stage), maxValue: Math.Max(value.Total, 1e-9));
                task.MaxValue = Math.Max(value.Total, 1e-9);
                task.Value = value.Done;
                task.Description = Markup.Escape(value.Detail.Length > 0 ? $"{value.Stage}  {value.Detail}" : value.Stage);
            }
        }
    }

    private sealed class ProgressLines : IProgress<WorkProgress>
    {
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
        private readonly Lock _lock = new();
        private string _stage = "";
        private long _start, _last;
        private double _done, _from;
        private (long At, double Share)? _first;

        public void Report(WorkProgress value)
        {
            lock (_lock)
            {
                // The same stage from its beginning again is another one: the next model, the next set.
                bool fresh = value.Stage != _stage || value.Done < _done;
                _done = value.Done;
                if (fresh)
                {
                    _stage = value.Stage;
                    _start = Stopwatch.GetTimestamp();
                    _from = Share(value);
                }
                bool complete = value.Total > 0 && value.Done >= value.Total;
                if (!fresh && !complete && Stopwatch.GetElapsedTime(_last) < Pause) return;
                _last = Stopwatch.GetTimestamp();
                if (value.Whole is { } whole) _first ??= (_last, whole);
                Console.Error.WriteLine(Line(value) + InAll(value.Whole));
            }
        }

        private string InAll(double? whole) =>
            whole is { } share && _first is { } first && Left(first.At, first.Share, share) is { } left ? $"  {left:0} s left in all" : "";

        private string Line(WorkProgress value)
        {
            string line = $"{value.Stage,-34}";
            if (value.Total > 0)
            {
                line += $" {Share(value),4:0%}";
                if (Left(_start, _from, Share(value)) is { } left) line += $"  {left,4:0} s left";
            }
            return value.Detail.Length > 0 ? $"{line}  {value.Detail}" : line;
        }

        private static double Share(WorkProgress value) => value.Total > 0 ? Math.Min(1, value.Done / value.Total) : 0;

        // By the pace since the first report: a run that goes on from files was never slow where it did nothing.
        private static double? Left(long start, double from, double share) =>
            share > from && share < 1 ? Stopwatch.GetElapsedTime(start).TotalSeconds * (1 - share) / (share - from) : null;
    }
}
