using System.Text.RegularExpressions;
using PersonaSelection.Lab;

namespace PersonaSelection.Personas;

/// <summary>A place in a foreign file that was left out.</summary>
/// <param name="File">The file.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Problem">What is wrong there.</param>
public sealed record ImportProblem(string File, int Line, string Problem);

/// <summary>
/// What was made of foreign files: traits with contrasting instructions, roles, statements, free questions. Formats are told by their
/// content: persona_vectors and assistant-axis traits and roles, lists of descriptions, emergent-misalignment question YAML, Anthropic
/// persona statements, and psm's own personas and probes. See docs/formats.md, section "Foreign personas and probes".
/// </summary>
/// <param name="Traits">The traits.</param>
/// <param name="Personas">The personas, each with a prior of 1.</param>
/// <param name="Probes">Questions with listed answers.</param>
/// <param name="Questions">Questions without.</param>
/// <param name="Files">Number of files by format.</param>
/// <param name="Problems">What was left out.</param>
public sealed record PersonaImport(IReadOnlyList<Trait> Traits, IReadOnlyList<Persona> Personas, IReadOnlyList<Probe> Probes,
    IReadOnlyList<OpenQuestion> Questions, IReadOnlyDictionary<string, int> Files, IReadOnlyList<ImportProblem> Problems)
{
    private const string ErrorCode = "bad-import";
    private const int MostFiles = 20_000;
    private static readonly Regex Readable = new(@"\.(json|jsonl|ya?ml)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>Reads files, and folders with all that is in them.</summary>
    /// <param name="paths">Files and folders, or <see cref="PersonaLibrary.Name"/> for the built-in library.</param>
    /// <param name="strict">Whether any problem is an error.</param>
    /// <param name="progress">Told about files done.</param>
    /// <param name="cancellation">Stops between files.</param>
    /// <exception cref="UserErrorException"><c>bad-import</c>: nothing was found, or a problem when strict; <c>cannot-read</c>:
    /// no such file.</exception>
    public static PersonaImport Read(IEnumerable<string> paths, bool strict = false, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var found = new ImportCollection();
        var files = new List<string>();
        foreach (string path in paths)
        {
            if (path == PersonaLibrary.Name) found.Add(PersonaLibrary.Personas, PersonaLibrary.Probes);
            else files.AddRange(FilesOf(path));
        }
        if (files.Count > MostFiles)
            throw new UserErrorException(ErrorCode, $"These are more than {MostFiles} files.", "Import them in parts.");
        for (int f = 0; f < files.Count; f++)
        {
            cancellation.ThrowIfCancellationRequested();
            ReadFile(files[f], found);
            progress?.Report(new WorkProgress("import", f + 1, files.Count, "files"));
        }
        return found.Close() is var result && (strict ? result.Problems.Count > 0 : result.IsEmpty)
            ? throw new UserErrorException(ErrorCode, Summary(result, paths),
                "docs/formats.md, section \"Foreign personas and probes\", shows what is read.")
            : result;
    }

    /// <summary>Whether nothing was found.</summary>
    public bool IsEmpty => Personas.Count + Probes.Count + Questions.Count == 0;

    private static void ReadFile(string file, ImportCollection found)
    {
        found.File = file;
        try
        {
            string text = ImportText.ReadFile(file);
            ImportShapes.Read(NameOf(file), text, ImportText.Parse(text, found.Say), found);
        }
        catch (ImportException e)
        {
            found.Say(e.Line, e.Message);
        }
        catch (InvalidOperationException)
        {
            found.Say(1, "a name in it is half a character: one surrogate of a pair");
        }
        catch (UserErrorException e)
        {
            // A file of our own formats that is wrong; its message names the lines.
            found.Say(1, e.Problem.Trim());
        }
    }

    private static IEnumerable<string> FilesOf(string path)
    {
        try
        {
            if (File.Exists(path)) return [path];
            if (Directory.Exists(path))
            {
                // Enough files to see that they are too many.
                var options = new EnumerationOptions
                {
                    RecurseSubdirectories = true,
                    AttributesToSkip = FileAttributes.ReparsePoint,
                    MaxRecursionDepth = 16,
                };
                return [.. Directory.EnumerateFiles(path, "*", options).Where(f => Readable.IsMatch(f)).Take(MostFiles + 1)
                    .Order(StringComparer.Ordinal)];
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}", "Check the path and the rights on it.", e);
        }
        throw new UserErrorException("cannot-read", $"There is no file and no folder {path}.", "Check the path.");
    }

    private static string Summary(PersonaImport result, IEnumerable<string> paths)
    {
        const int Shown = 20;
        if (result.Problems.Count == 0) return $"There is no JSON, JSON lines or YAML file in {string.Join(", ", paths)}.";
        IEnumerable<string> lines = result.Problems.Take(Shown).Select(p => $"  {p.File}, line {p.Line}: {p.Problem}.");
        string more = result.Problems.Count > Shown ? $"\n  and {result.Problems.Count - Shown} more" : "";
        return $"{result.Problems.Count} {(result.Problems.Count == 1 ? "problem" : "problems")}:\n{string.Join('\n', lines)}{more}\n";
    }

    private static string NameOf(string file) => ImportCollection.KebabCase(Path.GetFileNameWithoutExtension(file));
}
