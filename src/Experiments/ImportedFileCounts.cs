using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Experiments;

/// <summary>The files of an import by their content ids, and what was found in each so far.</summary>
internal sealed class ImportedFileCounts
{
    private readonly ImportedFile[] _files;

    public ImportedFileCounts(IEnumerable<string> files) => _files = [.. files.Select(f => new ImportedFile(f, IdOf(f), 0, 0, 0))];

    /// <summary>The content ids of the files.</summary>
    public IEnumerable<string> Ids => _files.Select(f => f.Id);

    /// <summary>Counts a document of a file.</summary>
    public void Good(int file, Document document) => _files[file] = _files[file] with
    {
        Documents = _files[file].Documents + 1,
        Characters = _files[file].Characters + document.Text.Length,
    };

    /// <summary>Counts a line of a file that gave none.</summary>
    public void Bad(int file) => _files[file] = _files[file] with { BadLines = _files[file].BadLines + 1 };

    /// <summary>What there is so far.</summary>
    public IReadOnlyList<ImportedFile> Result() => [.. _files];

    private static string IdOf(string path)
    {
        try
        {
            return ContentId.OfFile("file", path).ToString();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}",
                "Check that the file is there and whole.", e);
        }
    }
}
