using System.Runtime.CompilerServices;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>One rendering: where it stands, what it wrote, and how much it may still do. Templates come from strangers.</summary>
internal sealed class JinjaRun(JinjaFrame frame, TimeProvider time)
{
    /// <summary>The most steps: statements, operations, rounds of loops, and elements of lists that are made or searched.</summary>
    public const long MostSteps = 10_000_000;

    /// <summary>The most characters, of the output and of all texts made on the way to it.</summary>
    public const long MostCharacters = 64 << 20;

    private const int DeepestCalls = 200;

    private long _steps;
    private long _characters;
    private int _calls;

    /// <summary>The names that can be seen.</summary>
    public JinjaFrame Frame { get; set; } = frame;

    /// <summary>What is written to: the result, or the text of a macro or a block.</summary>
    public StringBuilder Output { get; set; } = new();

    /// <summary>The text of the block whose filters are being applied.</summary>
    public object Captured { get; set; } = "";

    /// <summary>The line of the statement that runs.</summary>
    public int Line { get; set; }

    /// <summary>Where the time is from.</summary>
    public TimeProvider Time { get; } = time;

    /// <summary>Counts work against the limit.</summary>
    public void Step(long count = 1)
    {
        _steps += count;
        if (_steps > MostSteps) throw Error($"more than {MostSteps} steps");
    }

    /// <summary>Counts characters, before they are made where their number is not bounded by what is there.</summary>
    public void Make(long characters)
    {
        _characters += characters;
        if (_characters > MostCharacters)
            throw Error($"more than {MostCharacters} characters, of the output and of texts on the way to it");
    }

    /// <summary>A text that was just made, counted.</summary>
    public string Made(string text)
    {
        Make(text.Length);
        return text;
    }

    /// <summary>Writes to the output.</summary>
    public void Write(string text)
    {
        Make(text.Length);
        Output.Append(text);
    }

    /// <summary>What <paramref name="body"/> writes, as a text of its own.</summary>
    public string Capture(JinjaBlock body, out JinjaFlow flow)
    {
        StringBuilder kept = Output;
        Output = new StringBuilder();
        flow = body.Execute(this);
        string text = Output.ToString();
        Output = kept;
        return text;
    }

    /// <summary>Runs the body of a macro in a frame of its own.</summary>
    public string Call(JinjaBlock body, JinjaFrame frame)
    {
        CheckStack();
        if (++_calls > DeepestCalls) throw Error($"macros call each other more than {DeepestCalls} deep");
        (JinjaFrame caller, int line) = (Frame, Line);
        Frame = frame;
        string text = Capture(body, out _);
        (Frame, Line) = (caller, line);
        _calls--;
        return text;
    }

    /// <summary>An empty frame; a large one counts as more work.</summary>
    public JinjaFrame Open(JinjaScopePlan plan, JinjaFrame outer)
    {
        Step(1 + (plan.Slots.Count >> 4));
        return new JinjaFrame(plan, outer);
    }

    /// <summary>Refuses to go deeper than the stack is; called where the depth is the template's choice.</summary>
    public void CheckStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw Error("nested too deeply");
    }

    /// <summary>An error where the rendering stands.</summary>
    public JinjaException Error(string problem) => new(Line, problem);
}
