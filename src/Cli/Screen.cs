using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using PersonaSelection.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace PersonaSelection.Cli;

/// <summary>What a person at the terminal sees: data goes to stdout, everything else to stderr.</summary>
internal static class Screen
{
    /// <summary>The console on stderr.</summary>
    public static IAnsiConsole Error { get; } = Terminal();

    /// <summary>How many columns a line may have: what COLUMNS says, or the terminal has; not limited in a file or a pipe.</summary>
    public static int Columns { get; } = ColumnsOf(Environment.GetEnvironmentVariable("COLUMNS"));

    /// <summary>Lets nothing but <see cref="VisibleText"/> through to stdout and stderr, in UTF-8 whatever the locale.</summary>
    public static void Open()
    {
        // Bars move the cursor and write to the terminal itself: their console is the one from before.
        _ = Error;
        Console.SetOut(new VisibleWriter(Console.Out));
        Console.SetError(new VisibleWriter(Console.Error));
    }

    /// <summary>How results are written as JSON: indented, camel case, plain characters.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new FiniteNumberConverter(), new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    /// <summary>One line for the person, on stderr.</summary>
    public static void Say(string line) => Console.Error.WriteLine(line);

    /// <summary>One JSON object on stdout.</summary>
    public static void Data<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Json));

    /// <summary>One paragraph: what is wrong (a line each where there is more than one thing), where, and what to do.</summary>
    public static void Fail(UserErrorException e) =>
        Console.Error.WriteLine($"psm: {e.Problem}{(e.Problem.EndsWith('\n') ? "" : " ")}{e.Remedy} [{e.Code}]");

    private static IAnsiConsole Terminal()
    {
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        Console.SetError(new LostWriter(() => Console.Error));
        return AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
    }

    private static int ColumnsOf(string? variable) =>
        int.TryParse(variable, NumberStyles.None, CultureInfo.InvariantCulture, out int told) && told > 0 ? told
        : !Console.IsOutputRedirected && Console.WindowWidth is > 0 and int wide ? wide : int.MaxValue;

    /// <summary>
    /// Runs work with its progress and time left on stderr: bars in a terminal that can move its cursor, a line every few seconds
    /// elsewhere.
    /// </summary>
    public static T Work<T>(bool quiet, Func<IProgress<WorkProgress>, T> work)
    {
        if (quiet) return work(new Silence());
        if (Console.IsErrorRedirected || !Error.Profile.Capabilities.Ansi) return work(new ProgressLines());
        T result = default!;
        var bars = new ProgressBars();
        Error.Progress().AutoClear(false).HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                new TimeLeftColumn(bars.Left))
            .Start(context =>
            {
                bars.Draw(context);
                result = work(bars);
                bars.End();
            });
        return result;
    }

    private sealed class Silence : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
        }
    }

    private const string Whole = "in all";

    // The time left of each bar, by its own pace: Spectre's counts what was done before as done in no time.
    private sealed class TimeLeftColumn(Func<ProgressTask, TimeSpan?> left) : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(task.IsFinished ? "" : left(task) is { } time ? time.ToString(time.TotalDays < 1 ? @"hh\:mm\:ss" : @"d\.hh\:mm\:ss",
                CultureInfo.InvariantCulture) : "--:--:--", new Style(Color.Blue));
    }

    private sealed class ProgressBars : IProgress<WorkProgress>
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<string, (ProgressTask Task, WorkPace Pace)> _bars = [];
        private ProgressContext _context = null!;
        private WorkProgress _last = new("", 0, 0);

        public void Draw(ProgressContext context) => _context = context;

        public TimeSpan? Left(ProgressTask task)
        {
            lock (_lock) return _bars.Values.FirstOrDefault(b => b.Task == task).Pace?.Left;
        }

        // Work can be done before its last share was told: a stage that ended early, or had guessed how much there is.
        public void End()
        {
            lock (_lock)
                foreach ((ProgressTask task, _) in _bars.Values) task.Value = task.MaxValue;
        }

        public void Report(WorkProgress value)
        {
            lock (_lock)
            {
                bool begins = Begins(value, _last);
                _last = value;
                if (value.Whole is { } whole) Bar(Whole, 1, whole, begins);
                ProgressTask task = Bar(value.Stage, value.Total, value.Done, begins);
                task.Description = Plain(value.Detail.Length > 0 ? $"{value.Stage}  {value.Detail}" : value.Stage);
            }
        }

        private static string Plain(string text) => Markup.Escape(VisibleText.Line(text));

        private ProgressTask Bar(string name, double total, double done, bool begins)
        {
            total = Math.Max(total, 1e-9);
            if (!_bars.TryGetValue(name, out (ProgressTask Task, WorkPace Pace) bar))
                _bars[name] = bar = (_context.AddTask(Plain(name), maxValue: total), new WorkPace(TimeProvider.System));
            bar.Task.MaxValue = total;
            bar.Task.Value = done;
            bar.Pace.Report(Math.Clamp(done / total, 0, 1), begins);
            return bar.Task;
        }
    }

    // The same stage from its beginning again is another one: the next model, the next set.
    private static bool Begins(WorkProgress value, WorkProgress last) => value.Stage != last.Stage || value.Done < last.Done;

    private sealed class ProgressLines : IProgress<WorkProgress>
    {
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
        private readonly Lock _lock = new();
        private WorkProgress _said = new("", 0, 0);
        private WorkPace _stage = new(TimeProvider.System);
        private readonly WorkPace _whole = new(TimeProvider.System);
        private long _last;

        public void Report(WorkProgress value)
        {
            lock (_lock)
            {
                bool begins = Begins(value, _said);
                _said = value;
                if (begins) _stage = new WorkPace(TimeProvider.System);
                _stage.Report(Share(value), begins);
                if (value.Whole is { } whole) _whole.Report(whole, begins);
                bool complete = value.Total > 0 && value.Done >= value.Total;
                if (!begins && !complete && Stopwatch.GetElapsedTime(_last) < Pause) return;
                _last = Stopwatch.GetTimestamp();
                string inAll = value.Whole is not null && _whole.Left is { } left ? $"  {left.TotalSeconds:0} s left in all" : "";
                Console.Error.WriteLine(Line(value) + inAll);
            }
        }

        private string Line(WorkProgress value)
        {
            string line = $"{value.Stage,-34}";
            if (value.Total > 0)
            {
                line += $" {Share(value),4:0%}";
                if (_stage.Left is { } left) line += $"  {left.TotalSeconds,4:0} s left";
            }
            return value.Detail.Length > 0 ? $"{line}  {value.Detail}" : line;
        }

        private static double Share(WorkProgress value) => value.Total > 0 ? Math.Min(1, value.Done / value.Total) : 0;
    }
}
