using System.CommandLine;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm</c> with everything below it.</summary>
internal static class PsmCommand
{
    public static RootCommand Create()
    {
        var root = new RootCommand("psm: the persona selection model as a measuring instrument.");
        root.Add(DemoCommand.Create());
        root.Add(CorpusCommand.Create());
        root.Add(ModelCommand.Create());
        root.Add(PersonasCommand.Create());
        root.Add(AuditCommand.Create());
        root.Add(ForecastCommand.Create());
        root.Add(InoculateCommand.Create());
        root.Add(VectorsCommand.Create());
        root.Add(ReportCommand.Create());
        root.Add(DoctorCommand.Create());
        Verb.ShowExamples(root);
        return root;
    }
}
