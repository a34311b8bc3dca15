using System.Text;
using PersonaSelection.Lab;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace PersonaSelection.Personas;

/// <summary>
/// A YAML text somebody wrote by hand, read with suspicion: bounded in size and depth, without anchors, and with every problem kept
/// beside its line so that all of them are told at once. JSON is YAML too.
/// </summary>
internal sealed class YamlSource
{
    private const int MaxCharacters = 4 << 20;
    private const int MaxEvents = 400_000;
    private const int MaxDepth = 16;
    private readonly SortedSet<(int Line, string Problem)> _problems = [];

    private YamlSource(string name)
    {
        Name = name;
    }

    /// <summary>What the text is called in messages: a path or a built-in name.</summary>
    public string Name { get; }

    /// <summary>The table at the top; empty when the text has none (a problem says so).</summary>
    public YamlTable Root { get; private set; } = null!;

    /// <summary>Reads a file.</summary>
    /// <exception cref="UserErrorException">The file cannot be read or is too large.</exception>
    public static YamlSource OpenFile(string path, string code)
    {
        try
        {
            var info = new FileInfo(path);
            if (info.Exists && info.Length > MaxCharacters) throw TooLarge(code, path);
            return Parse(path, File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true)), code);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}",
                "Check the path and that the file is UTF-8 text.", e);
        }
    }

    /// <summary>Parses a text. Broken syntax is an error at once: nothing after it can be trusted.</summary>
    /// <exception cref="UserErrorException">The syntax is broken, or the text is too large, too deep or uses anchors.</exception>
    public static YamlSource Parse(string name, string text, string code)
    {
        if (text.Length > MaxCharacters) throw TooLarge(code, name);
        var source = new YamlSource(name);
        try
        {
            RefuseTraps(name, text, code);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            YamlNode? root = stream.Documents.Count > 0 ? stream.Documents[0].RootNode : null;
            if (root is not YamlMappingNode) source.Say(1, "the file is not a table of names and values");
            source.Root = new YamlTable(source, root as YamlMappingNode ?? [], "the file");
        }
        catch (YamlException e)
        {
            throw new UserErrorException(code, $"{name}, line {e.Start.Line}: {(e.InnerException ?? e).Message}",
                "Mend the YAML there.", e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException)
        {
            // The parser lets some broken texts out as failures of its own.
            throw new UserErrorException(code, $"{name} is not YAML: {e.Message}", "Mend its brackets, quotes and indentation.", e);
        }
        return source;
    }

    /// <summary>Keeps a problem for <see cref="Complain"/>; line 0 is about no line.</summary>
    public void Say(long line, string problem) => _problems.Add(((int)line, problem));

    /// <summary>Whether there is nothing to complain about.</summary>
    public bool IsSound => _problems.Count == 0;

    /// <summary>Throws one error that lists every problem kept so far, if there are any.</summary>
    /// <exception cref="UserErrorException">There is at least one problem.</exception>
    public void Complain(string code, string remedy)
    {
        if (IsSound) return;
        var text = new StringBuilder($"{Name} has {_problems.Count} {(_problems.Count == 1 ? "problem" : "problems")}:");
        foreach ((int line, string problem) in _problems)
            text.Append('\n').Append(line > 0 ? $"  line {line}: " : "  ").Append(problem).Append('.');
        throw new UserErrorException(code, text.Append('\n').ToString(), remedy);
    }

    private static void RefuseTraps(string name, string text, string code)
    {
        var parser = new Parser(new StringReader(text));
        int depth = 0, events = 0;
        while (parser.MoveNext())
        {
            ParsingEvent e = parser.Current!;
            depth += e.NestingIncrease;
            if (++events > MaxEvents) throw TooLarge(code, name);
            if (depth > MaxDepth + 2)
                throw new UserErrorException(code, $"{name}, line {e.Start.Line}: nested more than {MaxDepth} deep.", "Flatten it there.");
            if (e is AnchorAlias || e is NodeEvent { Anchor.IsEmpty: false })
                throw new UserErrorException(code, $"{name}, line {e.Start.Line}: anchors and aliases are not read.",
                    "Write the value out.");
        }
    }

    private static UserErrorException TooLarge(string code, string name) =>
        new(code, $"{name} is too large ({MaxCharacters >> 20} MB and {MaxEvents} values are the most).", "Split it.");
}
